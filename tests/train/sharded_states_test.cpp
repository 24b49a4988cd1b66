// SPDX-License-Identifier: MIT
// Slots that are divided between processes: what comes between two steps, and small or strange networks.
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/sharded_slots.hpp"
#include "support/double_models.hpp"
#include "support/file_size_limit.hpp"
#include "support/from_all.hpp"
#include "support/leaf_run.hpp"
#include "support/temporary_folder.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

using AnyGroup = std::shared_ptr<ProcessGroup>;

/// Over the bits of what an optimizer remembers, with its names and shapes.
template <class T>
std::string text_of_state(const OptimizerState<T>& state) {
  Checksum sum;
  for (const auto& slot : state.slots) {
    sum.add(slot.layer + "/" + slot.parameter + std::to_string(slot.number) + to_string(slot.value.shape()));
    sum.add_numbers(slot.value.data(), static_cast<std::size_t>(slot.value.size()));
  }
  return sum.text() + " ";
}

template <class T>
std::string text_of_weights(const Model<T>& model) {
  Checksum sum;
  for (const auto& layer : model.layers())
    for (const auto& p : std::as_const(*layer).parameters())
      sum.add_numbers(p.value.data(), static_cast<std::size_t>(p.value.size()));
  return sum.text() + " ";
}

/// What leaves work().
template <class Work>
std::string message_of_work(const Work& work) {
  try {
    work();
  } catch (const std::exception& e) {
    std::string text = e.what();
    return text.substr(0, text.find(" [rank"));
  }
  return "no error";
}

/// work(group) gives the same text alone, and in so many processes.
template <class Work>
void check_same(const std::vector<int>& processes, const Work& work) {
  const std::string alone = work(nullptr);
  for (const int size : processes) {
    INFO(size << " processes");
    CHECK(from_all(size, work) == alone);
  }
}

/// A loop of train_on_batch() on a network whose parameters are smaller than a line of the cache, with predictions and
/// evaluations in between.
template <class T, class OptimizerValue>
std::string small_loop(const AnyGroup& group, const OptimizerValue& optimizer, TrainerOptions options) {
  Sequential<T> model{Cpu{1}, {3}, Dense{2, relu}, BatchNormalization{}, Dense{1}};
  model.initialize(1);
  model.layers()[0]->parameters()[0].l2 = 0.01;
  options.leaves = 8;
  options.group = group;
  Trainer trainer{model, optimizer, MeanSquaredError{}, options};
  Tensor<T> x({11, 3});
  Tensor<float> labels({11, 1}), pictures({11, 3});
  for (std::int64_t i = 0; i < x.size(); ++i) {
    pictures[i] = static_cast<float>(i * i % 13) / 7 - 1;
    x[i] = static_cast<T>(pictures[i]);
  }
  for (std::int64_t i = 0; i < 11; ++i) labels[i] = static_cast<float>(i % 5);
  const data::InMemory holdout(pictures.clone(), std::vector<float>(labels.data(), labels.data() + 11));
  Checksum figures;
  for (int step = 0; step < 5; ++step) {
    const StepResult r = trainer.train_on_batch(x.view(), labels.view());
    const Evaluation e = trainer.evaluate(holdout, {.batch = 4});
    const Tensor<T> y = trainer.predict(holdout, 3);
    const double numbers[] = {r.loss, e.loss, static_cast<double>(y[0]), static_cast<double>(y[10])};
    figures.add_numbers(numbers, 4);
    if (step == 2) trainer.finalize_variable_values();
  }
  return text_of_weights(model) + text_of_state(trainer.optimizer_state()) + figures.text();
}

template <class T>
void check_small_loops() {
  const auto check = [](const auto& optimizer, const TrainerOptions& options) {
    check_same({2, 8}, [&](const AnyGroup& group) { return small_loop<T>(group, optimizer, options); });
  };
  check(SGD{}, {});
  check(SGD{}, {.gradient_accumulation_steps = 2, .use_ema = true});
  check(Adam{.amsgrad = true}, {.clipvalue = 0.01, .use_ema = true, .ema_overwrite_frequency = 2});
  check(AdamW{.weight_decay = 0.1, .exclude_from_weight_decay = {"bias", "gamma", "beta"}}, {.global_clipnorm = 0.1});
  check(LayerRates{RMSprop{.momentum = 0.5}, {{"dense", 0.1}, {"dense_1", 0}}}, {.clipnorm = 0.1});
}

}  // namespace

TEST_CASE("more processes than lines of the cache give the same bits, in float and in double", "[train][group]") {
  check_small_loops<float>();
  check_small_loops<double>();
}

TEST_CASE("a network of which one layer learns has the same bits in any number of processes", "[train][group]") {
  for (const std::size_t only : {std::size_t{0}, std::size_t{1}, std::size_t{7}})
    check_same({2, 4}, [&](const AnyGroup& group) {
      LeafRun run({.epochs = 2, .trainer = {.global_clipnorm = 0.1, .use_ema = true}}, group);
      for (std::size_t i = 0; i < run.model().layers().size(); ++i) run.model().layers()[i]->trainable = i == only;
      return run.trained() + text_of_state(run.trainer().optimizer_state());
    });
}

TEST_CASE("fits of other batches, and groups of gradients that go on behind an epoch, are the same in all numbers",
          "[train][group]") {
  check_same({2, 4}, [](const AnyGroup& group) {
    int fits = 0;  // steps: 4, 5, 4; 3 of a group are left behind the first fit
    LeafRun run({.epochs = 1,
                 .trainer = {.clipnorm = 0.1, .gradient_accumulation_steps = 3, .use_ema = true},
                 .change = [&](FitOptions& o) { o.batch = fits++ == 1 ? 8 : 10; }},
                group);
    std::string text;
    for (int fit = 0; fit < 3; ++fit) {
      text += run.trained() + text_of_state(run.trainer().optimizer_state());
      for (auto& layer : run.model().layers()) layer->trainable = fit == 0 || layer->name != "dense";
    }
    return text;
  });
}

TEST_CASE("a group of gradients is gone on with by another number of processes", "[train][group][checkpoint]") {
  const TrainerOptions options{.global_clipnorm = 0.1, .gradient_accumulation_steps = 3, .use_ema = true};
  const std::string whole = LeafRun({.trainer = options}).trained();
  for (const auto& [before, after] : {std::pair{4, 2}, std::pair{1, 4}}) {
    const TemporaryFolder folder;
    const auto run = [&](int processes, bool pauses) {
      return from_all(processes, [&](const AnyGroup& group) {
        LeafSettings s{.trainer = options, .checkpoint = checkpoint(folder / "run", {.resume = true})};
        if (pauses)
          s.callbacks.push_back({.step = [](FitState& f) { f.pause = f.epoch == 2 && f.step == 1; }});
        else
          s.callbacks.push_back({.step = [](FitState&) {}});
        return LeafRun(s, group).trained();
      });
    };
    run(before, true);
    CHECK(run(after, false) == whole);
  }
}

TEST_CASE("training goes on with the same bits behind a checkpoint that is refused", "[train][group][checkpoint]") {
  const TemporaryFolder folder;
  LeafRun({.batch = 20, .epochs = 1, .checkpoint = checkpoint(folder / "other")}).fit();
  check_same({2, 4}, [&](const AnyGroup& group) {
    int fits = 0;
    LeafRun run({.epochs = 1,
                 .trainer = {.use_ema = true, .swap_ema_weights = true},
                 .change =
                     [&](FitOptions& o) {
                       if (fits++ == 1) o.checkpoint = checkpoint(folder / "other", {.resume = true});
                     }},
                group);
    run.fit();
    const std::string message = message_of_work([&] { run.fit(); });
    return message.substr(message.find("belongs")) + run.trained() + text_of_state(run.trainer().optimizer_state());
  });
}

TEST_CASE("training goes on with the same bits behind a checkpoint that finds no room", "[train][group][checkpoint]") {
  const TemporaryFolder folder;
  const FileSizeLimit limit(20'000);
  check_same({2, 4}, [&](const AnyGroup& group) {
    int fits = 0;
    LeafRun run({.epochs = 1,
                 .change =
                     [&](FitOptions& o) {
                       if (fits++ == 1) o.checkpoint = checkpoint(folder / "run");
                     }},
                group);
    run.fit();
    const bool failed = message_of_work([&] { run.fit(); }) != "no error";
    return (failed ? "failed " : "") + run.trained() + text_of_state(run.trainer().optimizer_state());
  });
}

TEST_CASE("training goes on with the same bits behind an optimizer's state that is refused", "[train][group]") {
  check_same({2, 4}, [](const AnyGroup& group) {
    LeafRun run({.epochs = 1, .trainer = {.use_ema = true, .swap_ema_weights = true}}, group);
    run.fit();
    auto state = run.trainer().optimizer_state();
    state.slots.pop_back();
    const std::string message = message_of_work([&] { run.trainer().set_optimizer_state(state); });
    return message + run.trained() + text_of_state(run.trainer().optimizer_state());
  });
}

TEST_CASE("training goes on with the same bits behind a loss that is not finite", "[train][group]") {
  check_same({2, 4}, [](const AnyGroup& group) {
    LeafRun run({.epochs = 1, .trainer = {.gradient_accumulation_steps = 2, .use_ema = true}}, group);
    run.fit();
    Tensor<float> x({16, 12, 12, 3}), labels({16, 1});
    labels[3] = 1;
    x[13 * 12 * 12 * 3 + 5] = std::numeric_limits<float>::infinity();
    const std::string message = message_of_work([&] { run.trainer().train_on_batch(x.view(), labels.view()); });
    return message + run.trained() + text_of_state(run.trainer().optimizer_state());
  });
}

TEST_CASE("layers that are frozen or freed before an optimizer's state is set keep theirs", "[train][group]") {
  check_same({2, 4}, [](const AnyGroup& group) {
    LeafRun run({.epochs = 1}, group);
    run.fit();
    const auto trainable = [&](bool yes) {
      run.model().layers()[0]->trainable = run.model().layers()[5]->trainable = yes;
    };
    std::string text;
    const auto state = run.trainer().optimizer_state();
    for (const bool yes : {false, true}) {
      trainable(yes);
      text += text_of_state(run.trainer().optimizer_state());
      run.trainer().set_optimizer_state(state);
      text += text_of_state(run.trainer().optimizer_state()) + run.trained();
    }
    return text;
  });
}

TEST_CASE("what a callback sees and changes while averages are the weights is the same in all numbers",
          "[train][group]") {
  check_same({2, 4}, [](const AnyGroup& group) {
    std::string seen;
    LeafRun* inside = nullptr;
    const Callback halves{.epoch = [&](FitState& f) {
      seen += text_of_weights(inside->model()) + text_of_state(inside->trainer().optimizer_state());
      if (f.epoch == 2)
        for (float& w : inside->model().layers()[5]->parameters()[0].value.span()) w *= 0.5f;
      inside->model().layers()[0]->trainable = f.epoch != 1;
    }};
    LeafRun run({.trainer = {.use_ema = true, .ema_momentum = 0.9, .swap_ema_weights = true}, .callbacks = {halves}},
                group);
    inside = &run;
    return run.trained() + seen;
  });
}

TEST_CASE("an optimizer's state that a callback sets while averages are the weights is the same in all numbers",
          "[train][group]") {
  check_same({2, 4}, [](const AnyGroup& group) {
    LeafRun* inside = nullptr;
    const Callback sets{.epoch = [&](FitState& f) {
      auto state = inside->trainer().optimizer_state();
      for (auto& slot : state.slots)
        if (slot.number == 2)  // what the weights will be behind the epoch
          for (float& w : slot.value.span()) w = w * 0.5f + 0.01f;
      inside->trainer().set_optimizer_state(state);
      inside->model().layers()[0]->trainable = f.epoch != 1;
    }};
    LeafRun run({.trainer = {.use_ema = true, .ema_momentum = 0.9, .swap_ema_weights = true}, .callbacks = {sets}},
                group);
    inside = &run;
    return run.trained() + text_of_state(run.trainer().optimizer_state());
  });
}

TEST_CASE("a callback that freezes every layer ends all processes with one line", "[train][group]") {
  std::vector<std::string> messages(2);
  run_group(2, [&](const std::shared_ptr<ThreadGroup>& group) {
    LeafRun* inside = nullptr;
    const Callback freezes{.epoch = [&](FitState&) {
      for (auto& layer : inside->model().layers()) layer->trainable = false;
    }};
    LeafRun run({.callbacks = {freezes}}, group);
    inside = &run;
    const std::string message = message_of_work([&] { run.fit(); });
    messages[static_cast<std::size_t>(group->rank())] = message + (group->failed_together() ? " (all)" : "");
  });
  for (const std::string& message : messages)
    CHECK_THAT(message, StartsWith("fit, after a callback: every layer is frozen") && Contains("(all)"));
}

TEST_CASE("processes that are given other states of the optimizer behind a fit are told so", "[train][group]") {
  for (const auto& error : run_group(2, [](const AnyGroup& group) {
         LeafRun run({.epochs = 1}, group);
         run.fit();
         auto state = run.trainer().optimizer_state();
         if (group->rank() == 1) state.slots[0].value[0] += 1;
         run.trainer().set_optimizer_state(state);
         run.fit();
       })) {
    REQUIRE(error);
    CHECK_THROWS_WITH(std::rethrow_exception(error),
                      Contains("checksum of the optimizer's state") && Contains("[rank 1 of 2]"));
  }
}

TEST_CASE(
    "before the first step the optimizer's state is that of all layers that learn then, in any number of processes",
    "[train][group]") {
  check_same({2, 4}, [](const AnyGroup& group) {
    LeafRun run({.epochs = 1, .trainer = {.use_ema = true}}, group), later({.epochs = 1}, group);
    run.model().layers()[0]->parameters()[0].value[0] = 0.25f;  // its average begins here
    const auto state = run.trainer().optimizer_state();
    run.model().layers()[0]->trainable = later.model().layers()[0]->trainable = false;
    run.trainer().set_optimizer_state(state);
    later.fit();
    return text_of_state(state) + run.trained() + text_of_state(run.trainer().optimizer_state()) +
           text_of_state(later.trainer().optimizer_state());
  });
  Sequential<float> model{{3}, Dense{2, relu}, Dense{1, sigmoid}};
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}, {.use_ema = true}};
  model.initialize(7);  // behind the trainer
  model.layers()[0]->trainable = false;
  const std::string before = text_of_weights(model);
  trainer.finalize_variable_values();
  CHECK(text_of_weights(model) == before);
}
