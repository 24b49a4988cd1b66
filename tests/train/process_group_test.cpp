// SPDX-License-Identifier: MIT
#include "brindle/train/process_group.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/data/source_view.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/csv_logger.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_row.hpp"
#include "support/file_size_limit.hpp"
#include "support/from_all.hpp"
#include "support/killed.hpp"
#include "support/leaf_run.hpp"
#include "support/temporary_folder.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

/// The one outcome of all processes.
template <class Optimizer = Adam>
std::string trained_by(int processes, const LeafSettings& s, const Optimizer& optimizer = {}, int machine = 0) {
  std::vector<std::string> outcomes(static_cast<std::size_t>(processes));
  const auto errors = run_group(
      processes,
      [&](const Group& group) {
        outcomes[static_cast<std::size_t>(group->rank())] = LeafRun(s, group, optimizer).trained();
      },
      nullptr, machine);
  for (const auto& error : errors) CHECK(message_of(error) == "no error");
  CHECK(std::set<std::string>(outcomes.begin(), outcomes.end()).size() == 1);
  return outcomes[0];
}

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Notes which rows are read; those of `missing` are files that are not there.
class Watched final : public data::SourceView {
 public:
  /// by_reading: the samples are compared by what is read here, as those of a stream are.
  Watched(const data::Source& source, std::set<std::int64_t> missing, bool by_reading = false)
      : SourceView(source), missing_(std::move(missing)), by_reading_(by_reading) {}

  std::string fingerprint(const Cpu& on) const override {
    return by_reading_ ? Source::fingerprint(on) : SourceView::fingerprint(on);
  }

  void read(const Cpu& on, std::span<const data::Draw> draws, TensorView<float> x) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const data::Draw& draw : draws) {
      uses.insert(draw.use);
      if (missing_.count(draw.row)) detail::raise<FileError>("photo." + std::to_string(draw.row) + ".jpg: is missing");
    }
    SourceView::read(on, draws, x);
  }

  mutable std::multiset<std::uint64_t> uses;

 private:
  std::set<std::int64_t> missing_;
  bool by_reading_;
  mutable std::mutex mutex_;
};

}  // namespace

TEST_CASE("any number of processes and threads gives the same weights, history and evaluation", "[train][group]") {
  const std::string alone = LeafRun({}).trained();
  for (const int processes : {1, 2, 4})
    for (const int threads : {1, 2}) {
      INFO(processes << " processes of " << threads << " threads");
      CHECK(trained_by(processes, {.threads = threads}) == alone);
    }
  CHECK(LeafRun({.leaves = 2}).trained() != alone);
  CHECK(LeafRun({.leaves = 1}).trained() != alone);
}

TEMPLATE_TEST_CASE("any number of processes gives the same bits with every optimizer", "[train][group]", SGD, Adam,
                   AdamW, RMSprop) {
  TestType optimizer;
  optimizer.learning_rate = 0.01;
  if constexpr (std::is_same_v<TestType, SGD>) optimizer.momentum = 0.9;
  const LeafSettings fused{.epochs = 2}, stored{.epochs = 2, .trainer = {.stream_gradients = false}};
  const std::string alone = LeafRun(fused, nullptr, optimizer).trained();
  CHECK(LeafRun(stored, nullptr, optimizer).trained() == alone);
  for (const int processes : {2, 4})
    for (const LeafSettings& s : {fused, stored}) CHECK(trained_by(processes, s, optimizer) == alone);
}

TEST_CASE("processes that read each other's sums give the same bits, on one machine and on several", "[train][group]") {
  const LeafSettings whole{.leaves = 8, .batch = 8, .epochs = 2},
      clipped{.leaves = 8, .batch = 8, .epochs = 2, .trainer = {.global_clipnorm = 0.5}};
  for (const LeafSettings& s : {whole, clipped}) {
    const std::string alone = LeafRun(s).trained();
    for (const int processes : {2, 4, 8})
      for (int machine = 2; machine <= processes; machine *= 2) {
        INFO(processes << " processes, " << machine << " a machine");
        CHECK(trained_by(processes, s, Adam{}, machine) == alone);
      }
  }
}

TEST_CASE("a last batch of fewer samples than leaves leaves some processes without one", "[train][group]") {
  // 5 batches of 8, then one of 1, 2 and 3 samples.
  for (const std::int64_t samples : {41, 42, 43}) {
    const LeafSettings s{.leaves = 8, .batch = 8, .epochs = 2, .samples = samples};
    const std::string alone = LeafRun(s).trained();
    for (const int processes : {2, 4, 8}) CHECK(trained_by(processes, s) == alone);
  }
}

TEST_CASE("each process reads the samples of its leaves only", "[train][group]") {
  std::vector<std::multiset<std::uint64_t>> uses(4);
  const auto errors = run_group(4, [&](const Group& group) {
    LeafRun run({.samples = 32}, group);
    const Watched watched(run.data(), {});
    run.trainer().fit(watched, {.batch = 8, .shuffle = false});
    uses[static_cast<std::size_t>(group->rank())] = watched.uses;
  });
  for (const auto& error : errors) CHECK(message_of(error) == "no error");
  for (std::uint64_t rank = 0; rank < 4; ++rank) {
    std::multiset<std::uint64_t> expected;
    for (std::uint64_t step = 0; step < 4; ++step) expected.insert({8 * step + 2 * rank, 8 * step + 2 * rank + 1});
    CHECK(uses[rank] == expected);
  }
}

TEST_CASE("a run goes on with another number of processes and ends with the same bits", "[train][group][checkpoint]") {
  const std::string whole = LeafRun({}).trained();
  int draw = 0;
  for (const int first : {1, 2, 4})
    for (const int second : {1, 2, 4}) {
      if (first == second) continue;
      const TemporaryFolder folder;
      const auto path = folder / "run.checkpoint";
      const std::int64_t steps = 1 + draw++ * 2;  // of 12
      INFO(first << " processes, killed after step " << steps << ", then " << second);
      const auto errors = run_group(first, [&](const Group& group) {
        Callback killed;
        killed.step = [&, done = std::int64_t{0}](FitState&) mutable {
          if (++done == steps && group->rank() == first - 1) throw Killed();
        };
        LeafRun({.checkpoint = checkpoint(path, {.every_seconds = 1e-9}), .callbacks = {killed}}, group).trained();
      });
      for (const auto& error : errors) CHECK_THAT(message_of(error), StartsWith("killed"));
      LeafSettings rest;
      rest.checkpoint = checkpoint(path, {.every_seconds = 1e-9, .resume = true});
      CHECK(trained_by(second, rest) == whole);
    }
}

TEST_CASE("a checkpoint is not for another number of leaves", "[train][group][checkpoint]") {
  const TemporaryFolder folder;
  LeafRun({.epochs = 1, .checkpoint = checkpoint(folder / "four")}).fit();
  LeafRun({.leaves = 1, .epochs = 1, .checkpoint = checkpoint(folder / "one")}).fit();
  const auto resumed = [&](std::int64_t leaves, const char* file) {
    LeafRun({.leaves = leaves, .checkpoint = checkpoint(folder / file, {.resume = true})}).fit();
  };
  CHECK_THROWS_WITH(resumed(2, "four"), Contains("leaves is 4, here it is 2"));
  CHECK_THROWS_WITH(resumed(1, "four"), Contains("leaves is 4, here there is none"));
  CHECK_THROWS_WITH(resumed(4, "one"), Contains("leaves") && Contains("here it is 4"));
  const std::string message = failed_by<ValueError>(2, [&](const Group& group) {
    LeafRun({.leaves = 2, .checkpoint = checkpoint(folder / "four", {.resume = true})}, group).fit();
  });
  CHECK_THAT(message, Contains("leaves is 4, here it is 2") && Contains("[rank 0 of 2]"));
}

TEST_CASE("a file that one process misses, or all, is named once", "[train][group]") {
  const auto message = [](std::vector<std::set<std::int64_t>> missing, bool by_reading) {
    return failed_by<FileError>(2, [&](const Group& group) {
      LeafRun run({.samples = 32}, group);
      const Watched watched(run.data(), missing[static_cast<std::size_t>(group->rank())], by_reading);
      run.trainer().fit(watched, {.batch = 8, .shuffle = false, .prefetch = 0});
    });
  };
  // Row 13 is of the second batch, in a leaf of rank 1.
  CHECK(message({{}, {13}}, false) == "photo.13.jpg: is missing [rank 1 of 2]");
  CHECK(message({{13}, {13}}, false) == "photo.13.jpg: is missing [rank 1 of 2]");
  // The comparison at the beginning looks at samples in all processes.
  CHECK(message({{}, {13}}, true) == "photo.13.jpg: is missing [rank 1 of 2]");
  CHECK(message({{13}, {13}}, true) == "photo.13.jpg: is missing");
}

TEST_CASE("what callbacks of one process ask for or throw holds for all", "[train][group]") {
  const auto ended_after = [](const auto& ask) {
    std::vector<std::int64_t> steps(4);
    const auto errors = run_group(4, [&](const Group& group) {
      LeafSettings s;
      Callback asking;
      asking.step = [&](FitState& state) {
        if (group->rank() == 2 && state.epoch == 1 && state.step == 3) ask(state);
      };
      s.callbacks = {asking};
      LeafRun run(s, group);
      run.fit();
      steps[static_cast<std::size_t>(group->rank())] = run.trainer().steps();
    });
    for (const auto& error : errors) CHECK(message_of(error) == "no error");
    CHECK(std::set<std::int64_t>(steps.begin(), steps.end()).size() == 1);
    return steps[0];
  };
  CHECK(ended_after([](FitState& s) { s.pause = true; }) == 3);
  CHECK(ended_after([](FitState& s) { s.stop = true; }) == 3);
  const std::string message = failed_by<DataError>(4, [&](const Group& group) {
    LeafSettings s;
    s.callbacks = {{.epoch = [&](FitState&) {
      if (group->rank() == 3) detail::raise<DataError>("enough");
    }}};
    LeafRun(s, group).fit();
  });
  CHECK(message == "enough [rank 3 of 4]");
}

TEST_CASE("a loss that is not finite ends all processes with its sample, and no weight is changed", "[train][group]") {
  std::vector<std::string> weights(2);
  const std::string message = failed_by<NumericsError>(2, [&](const Group& group) {
    LeafRun run({}, group);
    Tensor<float> x({16, 12, 12, 3}), labels({16, 1});
    labels[3] = 1;
    x[13 * 12 * 12 * 3 + 5] = std::numeric_limits<float>::infinity();
    run.trainer().train_on_batch(x.view(), labels.view());
  });
  CHECK_THAT(message, Contains("sample 13") && Contains("No weight was changed") && Contains("[rank 1 of 2]"));
}

TEST_CASE("a log and a checkpoint are written by one process, and a full disk ends all", "[train][group]") {
  const TemporaryFolder folder;
  const auto errors = run_group(2, [&](const Group& group) {
    LeafSettings s;
    s.callbacks = {csv_logger(folder / "log.csv")};
    LeafRun(s, group).fit();
  });
  for (const auto& error : errors) CHECK(message_of(error) == "no error");
  const std::string log = content(folder / "log.csv");
  CHECK(std::count(log.begin(), log.end(), '\n') == 4);

  LeafRun({.epochs = 1, .checkpoint = checkpoint(folder / "run.checkpoint")}).fit();
  const std::string before = content(folder / "run.checkpoint");
  std::string message;
  {
    const FileSizeLimit limit(20'000);
    message = failed_by<FileError>(2, [&](const Group& group) {
      LeafRun({.checkpoint = checkpoint(folder / "run.checkpoint", {.resume = true})}, group).fit();
    });
  }
  CHECK_THAT(message, Contains("run.checkpoint") && Contains("[rank 0 of 2]"));
  CHECK(content(folder / "run.checkpoint") == before);
  LeafSettings rest;
  rest.checkpoint = checkpoint(folder / "run.checkpoint", {.resume = true});
  CHECK(trained_by(4, rest) == LeafRun({}).trained());
}

TEST_CASE("numbers too small for a normal float are zero in sums over processes, as in those over leaves",
          "[train][group]") {
  // Gradients whose sums are too small: the second layer's weights are 1e-20, so that the first one's gradients are.
  const auto trained = [](const std::shared_ptr<ProcessGroup>& group) {
    Sequential<float> model{Cpu{1}, {4}, Dense{4}, Dense{1}};
    model.initialize(1);
    for (auto& w : model.layers()[1]->parameters()[0].value.span()) w *= 1e-20f;
    for (auto& w : model.layers()[0]->parameters()[0].value.span()) w = 0;
    Trainer trainer{model, SGD{.learning_rate = 1}, MeanSquaredError{}, {.leaves = 4, .group = group}};
    Tensor<float> x({8, 4}), labels({8, 1});
    for (std::int64_t i = 0; i < x.size(); ++i)
      x[i] = 1e-18f * static_cast<float>(1 + i % 5) * (i / 4 % 2 ? 1.0f : -0.999f);
    for (float& label : labels.span()) label = 1;
    trainer.train_on_batch(x.view(), labels.view());
    Checksum sum;
    const auto weights = std::as_const(*model.layers()[0]).parameters()[0].value.span();
    sum.add_numbers(weights.data(), weights.size());
    return sum.text();
  };
  const std::string alone = trained(nullptr);
  for (const int size : {2, 4}) {
    std::vector<std::string> found(static_cast<std::size_t>(size));
    run_group(size, [&](const Group& group) { found[static_cast<std::size_t>(group->rank())] = trained(group); });
    for (const std::string& each : found) CHECK(each == alone);
  }
  for (const auto& error : run_group(2, [](const Group& group) {
         detail::Team team(group);
         std::vector<float> numbers{group->rank() == 0 ? 2e-38f : -1.9e-38f};
         detail::TeamRow<float, Cpu> row;
         row.prepare(Cpu{1}, numbers, {1}, team);
         row.sum();
         row.finish(team);
         row.gather();
         row.finish(team);
         if (numbers[0] != 0) detail::raise<Error>("the sum is not zero");
       }))
    CHECK(message_of(error) == "no error");
}

TEST_CASE("sums over processes follow the tree, and each process sends twice what it does not own", "[train][group]") {
  for (const int size : {1, 2, 4, 8})
    for (const std::size_t count : std::vector<std::size_t>{0, 1, 15, 16, 17, 1000}) {
      const auto value = [](int rank, std::size_t i) {
        return static_cast<float>(Random{1, 2, static_cast<std::uint32_t>(rank)}.uniform(i)) *
               (rank % 2 == 0 ? 1e6f : -1e-3f);
      };
      std::vector<std::vector<float>> sums(static_cast<std::size_t>(size));
      std::size_t bytes = 0;
      const auto errors = run_group(
          size,
          [&](const Group& group) {
            detail::Team team(group);
            std::vector<float> numbers(count);
            for (std::size_t i = 0; i < count; ++i) numbers[i] = value(group->rank(), i);
            detail::TeamRow<float, Cpu> row;
            row.prepare(Cpu{1}, numbers, {count / 3, count / 2, count}, team);
            for (const bool gathers : {false, true}) {
              if (gathers)
                row.gather();
              else
                row.sum();
              for (std::size_t ready = 0; ready < count; ready += 50) row.advance(team, ready);
              row.finish(team);
            }
            sums[static_cast<std::size_t>(group->rank())] = numbers;
          },
          &bytes);
      for (const auto& error : errors) REQUIRE(message_of(error) == "no error");
      const std::function<float(int, int, std::size_t)> tree = [&](int first, int n, std::size_t i) {
        return n == 1 ? value(first, i) : tree(first, n / 2, i) + tree(first + n / 2, n / 2, i);
      };
      for (const auto& sum : sums)
        for (std::size_t i = 0; i < count; ++i) REQUIRE(sum[i] == tree(0, size, i));
      if (count == 1000) CHECK(bytes <= 4 * 2 * static_cast<std::size_t>(size - 1) * (count + 3 * 64));
    }
}
