// SPDX-License-Identifier: MIT
// Runs that end and go on: with the same bits, after a pause, and what they say of it.
#include "brindle/train/checkpoint.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/interrupt.hpp"
#include "brindle/train/trainer.hpp"
#include "support/checkpointed_run.hpp"
#include "support/file_content.hpp"
#include "support/killed.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

/// Columns of a log that do not depend on the clock.
std::string log_without_seconds(const std::filesystem::path& path) {
  std::istringstream in(content(path));
  std::string all;
  for (std::string line; std::getline(in, line);) {
    const std::size_t rate = line.rfind(','), seconds = line.rfind(',', rate - 1);
    all += line.substr(0, seconds) + line.substr(rate) + "\n";
  }
  return all;
}

}  // namespace

TEST_CASE("a run that ends after any step and goes on has the bits of one that did not", "[train][checkpoint]") {
  for (const std::int64_t steps_per_epoch : {0, 4})
    for (const double every : {0.0, every_step}) {
      const RunSettings settings{.epochs = 3, .steps_per_epoch = steps_per_epoch};
      const TemporaryFolder folder;
      CheckpointedRun whole(settings);
      const std::string expected = whole.outcome(whole.fit({}, {}, folder / "whole.csv"));
      const std::int64_t steps = whole.trainer().steps();
      for (std::int64_t first = 1; first < steps; ++first) {
        INFO("steps_per_epoch " << steps_per_epoch << ", every " << every << " s, ended after step " << first);
        const auto path = folder / "run.checkpoint", log = folder / "run.csv";
        std::filesystem::remove(path);
        std::filesystem::remove(previous_file(path));
        {
          CheckpointedRun run(settings);
          CHECK_THROWS_AS(run.fit(checkpoint(path, {.every_seconds = every}), {killed_after(first)}, log), Killed);
        }
        CheckpointedRun run(settings);
        const History h = run.fit(checkpoint(path, {.every_seconds = every, .resume = true}), {}, log);
        CHECK(h.epochs() == 3);
        CHECK(run.outcome(h) == expected);
        CHECK(log_without_seconds(log) == log_without_seconds(folder / "whole.csv"));
      }
    }
}

TEST_CASE("lines of a log that are later than the checkpoint are written once", "[train][checkpoint]") {
  const TemporaryFolder folder;
  CheckpointedRun whole({.epochs = 3});
  whole.fit({}, {}, folder / "whole.csv");
  Callback killed;  // after the log has its line, before the checkpoint is written
  killed.epoch = [](FitState& s) {
    if (s.epoch == 2) throw Killed();
  };
  CheckpointedRun first({.epochs = 3});
  CHECK_THROWS_AS(first.fit(checkpoint(folder / "c"), {killed}, folder / "log.csv"), Killed);
  CHECK(content(folder / "log.csv").find("\n2,") != std::string::npos);
  CheckpointedRun second({.epochs = 3});
  second.fit(checkpoint(folder / "c", {.resume = true}), {}, folder / "log.csv");
  CHECK(log_without_seconds(folder / "log.csv") == log_without_seconds(folder / "whole.csv"));
}

TEMPLATE_TEST_CASE("a run with any optimizer, a stepped rate and weighted classes goes on with the same bits",
                   "[train][checkpoint]", SGD, Adam, RMSprop) {
  const TemporaryFolder folder;
  const data::Pictures pictures = random_pictures(20, 8, 4);
  TestType optimizer;
  optimizer.learning_rate = 0.01;
  if constexpr (std::is_same_v<TestType, SGD>) optimizer.momentum = 0.9;
  const auto run = [&](std::int64_t epochs, std::shared_ptr<CheckpointStore> file) {
    Sequential<float> model{Cpu{1}, {8, 8, 3}, Flatten{}, Dense{4, relu}, Dense{1, sigmoid}};
    model.initialize(7);
    Trainer trainer{model, optimizer, BinaryCrossentropy{}};
    trainer.fit(pictures, {.batch = 6,
                           .epochs = epochs,
                           .class_weight = {{0, 0.5}, {1, 2.0}},
                           .callbacks = {step_decay({.every = 2, .factor = 0.5})},
                           .checkpoint = std::move(file)});
    return model.layers()[1]->parameters()[0].value.clone();
  };
  const Tensor<float> expected = run(5, {});
  run(3, checkpoint(folder / "c"));
  CHECK(same_bits(run(5, checkpoint(folder / "c", {.resume = true})), expected));
}

TEST_CASE("a run goes on with another number of threads and batches read ahead", "[train][checkpoint][threads]") {
  const TemporaryFolder folder;
  CheckpointedRun whole({.epochs = 2, .threads = 1});
  const std::string expected = whole.outcome(whole.fit({}));
  CheckpointedRun first({.epochs = 2, .threads = 3});
  CHECK_THROWS_AS(first.fit(checkpoint(folder / "c", {.every_seconds = every_step}), {killed_after(8)}), Killed);
  CheckpointedRun second({.epochs = 2, .threads = 2});
  CHECK(second.outcome(second.fit(checkpoint(folder / "c", {.resume = true}))) == expected);
}

TEST_CASE("a finished run is given again as it ended, and more epochs go on from there", "[train][checkpoint]") {
  const TemporaryFolder folder;
  CheckpointedRun first({.epochs = 2});
  const std::string ended = first.outcome(first.fit(checkpoint(folder / "c")));
  CheckpointedRun again({.epochs = 2});
  CHECK(again.outcome(again.fit(checkpoint(folder / "c", {.resume = true}))) == ended);
  CheckpointedRun longer({.epochs = 4});
  const History h = longer.fit(checkpoint(folder / "c", {.resume = true}));
  CHECK(h.epochs() == 4);
  CHECK(longer.trainer().steps() == 2 * first.trainer().steps());
}

TEST_CASE("a pause keeps the step it came in, in a step and between epochs", "[train][checkpoint]") {
  CheckpointedRun whole({.epochs = 3});
  const std::string expected = whole.outcome(whole.fit({}));
  for (const std::int64_t step : {1, 3, 6, 7}) {
    const TemporaryFolder folder;
    CheckpointedRun first({.epochs = 3});
    Callback pause;
    std::int64_t ends = 0;
    pause.step = [&](FitState& s) { s.pause = first.trainer().steps() == step; };
    pause.end = [&](FitState& s) { ends += s.pause; };
    const History h = first.fit(checkpoint(folder / "c", {.every_seconds = 1000}), {pause});
    CHECK(first.trainer().steps() == step);
    CHECK(h.epochs() == static_cast<std::size_t>((step - 1) / 6));
    CHECK(ends == 1);
    CheckpointedRun second({.epochs = 3});
    CHECK(second.outcome(second.fit(checkpoint(folder / "c", {.resume = true}))) == expected);
  }
  CheckpointedRun without({.epochs = 3});
  Callback pause;
  pause.epoch = [](FitState& s) { s.pause = true; };
  CHECK(without.fit({}, {pause}).epochs() == 1);
}

TEST_CASE("Ctrl-C ends fit after its step, and is what it was when the interrupt goes", "[train][interrupt]") {
  CheckpointedRun run({.epochs = 3});
  {
    const Interrupt interrupt;
    CHECK_FALSE(interrupt.requested());
    Callback press;
    press.step = [&](FitState&) {
      if (run.trainer().steps() == 4) std::raise(SIGINT);
    };
    run.fit({}, {press, pause_on(interrupt)});
    CHECK(interrupt.requested());
    CHECK(run.trainer().steps() == 4);
  }
  const Interrupt next;
  CHECK_FALSE(next.requested());
}

TEST_CASE("a run that goes on with kernels of another instruction set says so in one line", "[train][checkpoint]") {
  const TemporaryFolder folder;
  const auto file = folder / "run.checkpoint";
  const auto kept = [](const std::string& isa) {
    return [isa](RunState& run) {
      run.same("seed", "1");
      run.computed_by("instruction set", isa);
    };
  };
  checkpoint(file)->save("epoch 1 of 2", kept("x86-64-v4"));
  const auto lines_of = [&](const std::string& isa) {
    std::vector<std::string> lines;
    const auto store =
        checkpoint(file, {.resume = true, .tell = [&](const std::string& line) { lines.push_back(line); }});
    REQUIRE(store->begin());
    store->restore(kept(isa));
    return lines;
  };
  CHECK(lines_of("x86-64-v4").size() == 1);
  const std::vector<std::string> lines = lines_of("x86-64-v3");
  REQUIRE(lines.size() == 2);
  CHECK(lines[1] ==
        "the instruction set was x86-64-v4 and is x86-64-v3 now: what follows differs in its last bits from a "
        "run that did not stop");
}

TEST_CASE("a checkpoint names the instruction set of its run", "[train][checkpoint]") {
  const TemporaryFolder folder;
  const auto file = folder / "run.checkpoint";
  Sequential<float> model{{2}, Dense{1, sigmoid}};
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  Tensor<float> x({4, 2}), labels({4, 1});
  labels[0] = 1;
  trainer.fit(data::InMemory(std::move(x), std::move(labels)), {.epochs = 1, .checkpoint = checkpoint(file)});
  CHECK_THAT(content(file), Contains("\"computed_by/instruction set\":\"" + ops::cpu_isa(model.device()) + "\""));
}

TEST_CASE("a run begins anew where there is no checkpoint, and says what it does", "[train][checkpoint]") {
  const TemporaryFolder folder;
  std::vector<std::string> lines;
  const auto tell = [&](const std::string& line) { lines.push_back(line); };
  CheckpointedRun run({.epochs = 1});
  run.fit(checkpoint(folder / "c", {.resume = true, .tell = tell}));
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Contains("begins anew"));
  CheckpointedRun again({.epochs = 1});
  again.fit(checkpoint(folder / "c", {.tell = tell}));
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[1], Contains("of an earlier run will be replaced"));
  CHECK_THROWS_AS(checkpoint(folder / "c", {.every_seconds = -1}), ValueError);
  CheckpointedRun nowhere({.epochs = 1});
  CHECK_THROWS_WITH(nowhere.fit(checkpoint(folder / "no" / "c")), Contains("there is no folder"));
}
