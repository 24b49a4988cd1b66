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

#include "brindle/data/in_memory.hpp"
#include "brindle/data/source_view.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/csv_logger.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_row.hpp"
#include "support/file_size_limit.hpp"
#include "support/leaf_run.hpp"
#include "support/temporary_folder.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

using Group = std::shared_ptr<ThreadGroup>;

std::string message_of(const std::exception_ptr& error) {
  if (!error) return "no error";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  }
}

/// The one outcome of all processes.
template <class Optimizer = Adam>
std::string trained_by(int processes, const LeafSettings& s, const Optimizer& optimizer = {}) {
  std::vector<std::string> outcomes(static_cast<std::size_t>(processes));
  const auto errors = run_group(processes, [&](const Group& group) {
    outcomes[static_cast<std::size_t>(group->rank())] = LeafRun(s, group, optimizer).trained();
  });
  for (const auto& error : errors) CHECK(message_of(error) == "no error");
  CHECK(std::set<std::string>(outcomes.begin(), outcomes.end()).size() == 1);
  return outcomes[0];
}

/// The one message with which the trainings of all processes end; E: what is thrown.
template <class E, class Work>
std::string failed_by(int processes, const Work& work) {
  std::set<std::string> messages;
  for (const auto& error : run_group(processes, work)) {
    messages.insert(message_of(error));
    if (error) CHECK_THROWS_AS(std::rethrow_exception(error), E);
  }
  CHECK(messages.size() == 1);
  return *messages.begin();
}

/// Thrown in place of what ends a program.
struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

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

TEST_CASE("processes that are not of one run are told what differs before the first step", "[train][group]") {
  const auto message = [&](const auto& different) {
    int steps = 0;
    const std::string text = failed_by<ValueError>(2, [&](const Group& group) {
      LeafSettings s;
      s.callbacks = {{.step = [&](FitState&) { ++steps; }}};
      if (group->rank() == 1) different(s);
      LeafRun run(s, group);
      if (group->rank() == 1 && s.epochs == 77) run.model().layers()[0]->parameters()[0].value[0] += 1;
      run.fit();
    });
    CHECK(steps == 0);
    return text;
  };
  CHECK_THAT(message([](LeafSettings& s) { s.batch = 20; }),
             Contains("its batch is 20, that of rank 0 is 10") && Contains("[rank 1 of 2]"));
  CHECK_THAT(message([](LeafSettings& s) { s.samples = 42; }),
             Contains("number of samples is 42") && Contains("checksum of the labels"));
  CHECK_THAT(message([](LeafSettings& s) { s.leaves = 8; }), Contains("leaves is 8, that of rank 0 is 4"));
  CHECK_THAT(message([](LeafSettings& s) { s.epochs = 5; }), Contains("number of epochs is 5"));
  CHECK_THAT(message([](LeafSettings& s) { s.epochs = 77; }), Contains("checksum of the weights"));
  CHECK_THAT(message([](LeafSettings& s) { s.callbacks.clear(); }), Contains("its number of callbacks is 2"));
  CHECK_THAT(message([](LeafSettings& s) { s.change = [](FitOptions& o) { o.epochs = 0; }; }),
             Contains("epochs must be at least 1") && Contains("[rank 1 of 2]"));
}

TEST_CASE("loops of train_on_batch whose processes are not of one run are told what differs", "[train][group]") {
  struct Loop {
    LeafSettings settings = {};
    std::int64_t samples = 10;
    float added = 0;  // to a weight, before the first step
    Adam optimizer = {};
  };
  const auto message = [](const auto& different) {
    return failed_by<ValueError>(2, [&](const Group& group) {
      Loop loop;
      if (group->rank() == 1) different(loop);
      LeafRun run(loop.settings, group, loop.optimizer);
      run.model().layers()[0]->parameters()[0].value[0] += loop.added;
      const auto step = [&](std::int64_t n) {
        Tensor<float> x({n, 12, 12, 3}), labels({n, 1});
        labels[3] = 1;
        run.trainer().train_on_batch(x.view(), labels.view());
      };
      step(10);
      auto state = run.trainer().optimizer_state();
      if (group->rank() == 1) state.slots[0].value[0] += 1;
      run.trainer().set_optimizer_state(state);
      step(loop.samples);
    });
  };
  CHECK_THAT(message([](Loop& l) { l.added = 1; }),
             StartsWith("train_on_batch: a process is not of the same run: its checksum of the weights is") &&
                 EndsWith("[rank 1 of 2]"));
  CHECK_THAT(message([](Loop& l) { l.settings.leaves = 8; }), Contains("leaves is 8, that of rank 0 is 4"));
  CHECK_THAT(message([](Loop& l) { l.optimizer.learning_rate = 0.5; }), Contains("its learning rate is 0.5"));
  CHECK_THAT(message([](Loop& l) { l.settings.trainer.use_ema = true; }), Contains("its optimizer is"));
  CHECK_THAT(message([](Loop&) {}), Contains("its checksum of the optimizer's state is"));
}

TEST_CASE("processes that are given batches of other sizes are told so, and no weight is changed", "[train][group]") {
  std::vector<std::string> before(2), behind(2);
  const std::string message = failed_by<ValueError>(2, [&](const Group& group) {
    const auto rank = static_cast<std::size_t>(group->rank());
    LeafRun run({}, group);
    const auto weights = [&] {
      Checksum sum;
      for (const auto& layer : run.model().layers())
        for (const auto& p : std::as_const(*layer).parameters())
          sum.add_numbers(p.value.data(), static_cast<std::size_t>(p.value.size()));
      return sum.text();
    };
    const std::int64_t n = rank == 1 ? 12 : 10;
    Tensor<float> x({n, 12, 12, 3}), labels({n, 1});
    labels[3] = 1;
    before[rank] = weights();
    try {
      run.trainer().train_on_batch(x.view(), labels.view());
    } catch (...) {
      behind[rank] = weights();
      throw;
    }
  });
  CHECK_THAT(message, Contains("here one of 10 samples") && Contains("[rank 0 of 2]") &&
                          Contains("here one of 12 samples") && Contains("[rank 1 of 2]"));
  CHECK(behind == before);
}

TEST_CASE("processes with other networks are told so in any call", "[train][group]") {
  for (const bool fits : {true, false}) {
    const std::string message = failed_by<ValueError>(2, [&](const Group& group) {
      Sequential<float> model{Cpu{1}, {3}, Dense{group->rank() == 1 ? 5 : 4}, Dense{1}};
      Trainer trainer{model, SGD{}, MeanSquaredError{}, {.leaves = 2, .group = group}};
      const Tensor<float> x({4, 3}), labels({4, 1});
      const std::vector<float> numbers{0, 1, 2, 3};
      if (fits)
        trainer.fit(data::InMemory(x.clone(), numbers), {.batch = 4});
      else
        trainer.train_on_batch(x.view(), labels.view());
    });
    CHECK_THAT(message, Contains("a process is not of the same run: its layer 1 is Dense \"dense\" (units 5") &&
                            EndsWith("[rank 1 of 2]"));
  }
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

TEST_CASE("a callback may do without some functions in some processes", "[train][group]") {
  // As one that shows each step where there is a terminal. What it asks for in one process holds for all.
  std::vector<std::int64_t> steps(2);
  const auto errors = run_group(2, [&](const Group& group) {
    Callback c{.begin = [](FitState&) {}};
    if (group->rank() == 1) c = {.step = [](FitState& s) { s.pause = s.step == 3; }, .end = [](FitState&) {}};
    LeafRun run({.callbacks = {c}}, group);
    run.fit();
    steps[static_cast<std::size_t>(group->rank())] = run.trainer().steps();
  });
  for (const auto& error : errors) CHECK(message_of(error) == "no error");
  CHECK(steps == std::vector<std::int64_t>{3, 3});
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

TEST_CASE("three processes, or more than leaves, are refused", "[train][group]") {
  CHECK_THAT(message_of(run_group(3, [](const Group& group) { LeafRun({}, group); })[0]),
             Contains("power of two, got 3; start 2 or 4"));
  CHECK_THAT(message_of(run_group(4, [](const Group& group) { LeafRun({.leaves = 2}, group); })[3]),
             Contains("4 processes need as many leaves or more, got leaves 2"));
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
         detail::TeamRow<float> row;
         row.prepare(numbers, {1}, team);
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
            detail::TeamRow<float> row;
            row.prepare(numbers, {count / 3, count / 2, count}, team);
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
