// SPDX-License-Identifier: MIT
#include "brindle/train/sharded_slots.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/train/checkpoint.hpp"
#include "support/from_all.hpp"
#include "support/leaf_run.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

/// Elements that a process keeps for its optimizer.
std::int64_t slot_elements(LeafRun& run) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < run.model().layers().size(); ++i)
    for (std::size_t p = 0; p < std::as_const(*run.model().layers()[i]).parameters().size(); ++p)
      for (const Tensor<float>& slot : run.trainer().slots(i, p)) count += slot.size();
  return count;
}

/// A training whose first layer is frozen behind epoch 1, and free again behind epoch 2.
class FreezingRun {
 public:
  template <class OptimizerValue = Adam>
  explicit FreezingRun(LeafSettings s, const std::shared_ptr<ProcessGroup>& group = nullptr,
                       const OptimizerValue& optimizer = {})
      : run_(with_callback(std::move(s)), group, optimizer) {}

  LeafRun& run() { return run_; }
  std::string trained() { return run_.trained(); }

 private:
  LeafSettings with_callback(LeafSettings s) {
    Callback c;
    c.epoch = [this](FitState& f) { run_.model().layers()[0]->trainable = f.epoch != 1; };
    s.callbacks.push_back(c);
    return s;
  }

  LeafRun run_;
};

}  // namespace

TEST_CASE("each process keeps the slots of what it steps, and together they have all", "[train][group]") {
  LeafRun alone({.epochs = 1});
  alone.fit();
  const std::int64_t all = slot_elements(alone);
  for (const int processes : {2, 4}) {
    std::vector<std::int64_t> before(static_cast<std::size_t>(processes)), after = before;
    for (const auto& error : run_group(processes, [&](const Group& group) {
           const auto rank = static_cast<std::size_t>(group->rank());
           LeafRun run({.epochs = 1}, group);
           before[rank] = slot_elements(run);
           run.fit();
           after[rank] = slot_elements(run);
         }))
      CHECK(!error);
    std::int64_t sum = 0;
    for (std::size_t rank = 0; rank < after.size(); ++rank) {
      CHECK(before[rank] == 0);
      CHECK(after[rank] <= all / processes + 16 * 8);
      sum += after[rank];
    }
    CHECK(sum == all);
  }
}

TEST_CASE("a large parameter is cut into parts that have elements, wherever the one in front of it ends",
          "[train][group]") {
  const std::int64_t piece = (1 << 20) / sizeof(float);
  for (std::int64_t below = -17; below <= 33; ++below) {
    const std::int64_t units = piece - below;  // of the kernel that comes first, that of the last layer
    const Sequential<float> model{Cpu{1}, {3}, Dense{units}, Dense{.use_bias = false}};
    const Plan<float, Cpu> plan(model.device(), model.graph(), {.batch = 1, .backward = true});
    detail::LeafGradients<float, Cpu> sums;
    sums.prepare(model, plan, {.count = 2, .own = 2});
    sums.take_memory(model, detail::Team());
    std::map<std::pair<std::size_t, std::size_t>, std::int64_t> next;
    for (const auto& parts : sums.pieces()) {
      CHECK(!parts.empty());
      for (const detail::SummedPart& part : parts) {
        CHECK(part.elements.size() > 0);
        CHECK(part.elements.size() <= piece);
        CHECK(part.elements.begin == next[{part.layer, part.which}]);
        next[{part.layer, part.which}] = part.elements.end;
      }
    }
    CHECK(next[{0, 0}] == 3 * units);
    CHECK(next[{0, 1}] == units);
    CHECK(next[{1, 0}] == units);
  }
}

TEST_CASE("a norm has each gradient once, wherever a parameter in front of a large one ends", "[train][group]") {
  // How far one step goes whose gradients are clipped by their norm.
  const auto moved = [](std::int64_t leaves, const std::shared_ptr<ProcessGroup>& group) {
    // A kernel of 262,136 floats: what fills its last line ends the piece of 262,144 that is exchanged at a time.
    Sequential<float> model{Cpu{1}, {16}, Dense{32767, relu}, Dense{.units = 8, .use_bias = false}};
    model.initialize(3);
    std::vector<Tensor<float>> before;
    const auto each = [&](const auto& work) {
      for (const auto& layer : model.layers())
        for (const auto& parameter : std::as_const(*layer).parameters()) work(parameter.value);
    };
    each([&](const Tensor<float>& value) { before.push_back(value.clone()); });
    const TrainerOptions options{.global_clipnorm = 0.5, .leaves = leaves, .group = group};
    Trainer trainer{model, SGD{.learning_rate = 1}, MeanSquaredError{}, options};
    const Tensor<float> x = random_tensor<float>({8, 16}, 4, -1, 1), labels = random_tensor<float>({8, 8}, 5, -9, 9);
    trainer.train_on_batch(x.view(), labels.view());
    double sum = 0;
    std::size_t k = 0;
    each([&](const Tensor<float>& value) {
      for (std::int64_t i = 0; i < value.size(); ++i) sum += std::pow(double(value[i]) - double(before[k][i]), 2);
      ++k;
    });
    return std::sqrt(sum);
  };
  CHECK(moved(1, nullptr) == Approx(0.5).epsilon(1e-3));
  CHECK(moved(4, nullptr) == Approx(0.5).epsilon(1e-3));
  std::vector<double> by_two(2);
  for (const auto& error :
       run_group(2, [&](const Group& group) { by_two[static_cast<std::size_t>(group->rank())] = moved(4, group); }))
    CHECK(message_of(error) == "no error");
  for (const double by : by_two) CHECK(by == Approx(0.5).epsilon(1e-3));
}

TEST_CASE("any number of processes gives the same bits with clipping, groups of batches, averages and penalties",
          "[train][group]") {
  for (const TrainerOptions& options :
       {TrainerOptions{.global_clipnorm = 0.1}, TrainerOptions{.clipvalue = 0.01, .gradient_accumulation_steps = 2},
        TrainerOptions{.clipnorm = 0.05, .gradient_accumulation_steps = 2, .use_ema = true, .ema_momentum = 0.8},
        TrainerOptions{.global_clipnorm = 0.1, .use_ema = true, .ema_overwrite_frequency = 3, .swap_ema_weights = true},
        TrainerOptions{.gradient_accumulation_steps = 3, .use_ema = true, .swap_ema_weights = true}}) {
    const auto trained = [&](const std::shared_ptr<ProcessGroup>& group) {
      FreezingRun run({.trainer = options}, group, Adam{.learning_rate = 0.01, .amsgrad = true});
      run.run().model().set_l2(0.01);
      return run.trained();
    };
    const std::string alone = trained(nullptr);
    for (const int processes : {2, 4}) CHECK(from_all(processes, trained) == alone);
  }
}

TEST_CASE("what the optimizer remembers is of all processes, and any number goes on from it", "[train][group]") {
  const auto bytes_of = [](const OptimizerState<float>& state) {
    std::string text;
    for (const auto& slot : state.slots)
      text += slot.layer + "/" + slot.parameter + std::to_string(slot.number) + to_string(slot.value.shape()) +
              std::string(reinterpret_cast<const char*>(slot.value.data()), slot.value.bytes());
    return text;
  };
  const auto two_fits = [&](const std::shared_ptr<ProcessGroup>& group) {
    LeafRun first({.epochs = 1}, group);
    first.fit();
    const auto between = first.trainer().optimizer_state();
    LeafRun second({.epochs = 2}, group);
    for (std::size_t i = 0; i < first.model().layers().size(); ++i) {
      auto& to = second.model().layers()[i]->parameters();
      for (std::size_t p = 0; p < to.size(); ++p)
        to[p].value = std::as_const(*first.model().layers()[i]).parameters()[p].value.clone();
    }
    second.trainer().set_optimizer_state(between);  // before a plan
    second.fit();
    second.trainer().set_optimizer_state(between);  // and behind it
    return bytes_of(between) + bytes_of(second.trainer().optimizer_state()) + second.trained();
  };
  const std::string alone = two_fits(nullptr);
  for (const int processes : {2, 4}) CHECK(from_all(processes, two_fits) == alone);
}

TEST_CASE("a run with averages goes on with another number of processes", "[train][group][checkpoint]") {
  const TrainerOptions options{.use_ema = true, .ema_momentum = 0.9, .swap_ema_weights = true};
  const std::string whole = FreezingRun({.trainer = options}).trained();
  for (const auto& [before, after] : {std::pair{4, 1}, std::pair{1, 2}, std::pair{2, 4}}) {
    const TemporaryFolder folder;
    const auto run = [&](int processes, bool pauses) {
      return from_all(processes, [&](const Group& group) {
        LeafSettings s{.trainer = options, .checkpoint = checkpoint(folder / "run", {.resume = true})};
        if (pauses) s.callbacks.push_back({.epoch = [](FitState& f) { f.pause = f.epoch == 2; }});
        return FreezingRun(s, group).trained();
      });
    };
    run(before, true);
    CHECK(run(after, false) == whole);
  }
}

TEST_CASE("a callback that freezes layers in one process only is told of", "[train][group]") {
  for (const auto& error : run_group(2, [](const Group& group) {
         if (group->rank() == 1)
           FreezingRun({}, group).trained();
         else
           LeafRun({.callbacks = {Callback{}}}, group).trained();
       })) {
    REQUIRE(error);
    CHECK_THROWS_WITH(
        std::rethrow_exception(error),
        StartsWith("fit: other layers are frozen or penalized than in rank 0") && Contains("[rank 1 of 2]"));
  }
}

namespace {

struct ManySlots {
  template <class T, class Device>
  struct Made final : Optimizer<T, Device> {
    std::string type() const override { return "ManySlots"; }
    Config config() const override { return {}; }
    int slots() const override { return 9; }
    double learning_rate() const override { return 1; }
    void set_learning_rate(double) override {}
    void update(const Device&, std::int64_t, TensorView<T, Device>, TensorView<const T, Device>,
                std::span<const TensorView<T, Device>>) const override {}
  };
  template <class T, class Device>
  std::unique_ptr<Optimizer<T, Device>> make() const {
    return std::make_unique<Made<T, Device>>();
  }
};

}  // namespace

TEST_CASE("an optimizer with more slots than a step has room for is refused", "[train]") {
  Sequential<float> model{{3}, Dense{1, sigmoid}};
  CHECK_THROWS_WITH((Trainer{model, ManySlots{}, BinaryCrossentropy{}}),
                    StartsWith("Trainer: expected an optimizer that keeps 0 to 3 slots for a parameter, got ManySlots "
                               "with 9"));
}
