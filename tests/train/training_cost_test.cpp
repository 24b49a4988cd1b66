// SPDX-License-Identifier: MIT
#include "brindle/train/training_cost.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/tensors.hpp"
#include "support/thread_group.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

data::InMemory costly_samples(std::int64_t n) {
  Tensor<float> labels({n, 1});
  for (std::int64_t i = 0; i < n; ++i) labels[i] = static_cast<float>(i % 3);
  return data::InMemory(random_tensor<float>({n, 8, 8, 3}, 8), std::move(labels), {"a", "b", "c"});
}

Sequential<float> costly_network() {
  return Sequential<float>{Cpu(1),    {8, 8, 3},    Conv2D{8, 3, relu}, BatchNormalization{},
                           Flatten{}, Dropout{0.5}, Dense{16, relu},    Dense{3, softmax}};
}

std::vector<float> costly_weights(const Model<float>& model) {
  std::vector<float> all;
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) all.insert(all.end(), p.value.data(), p.value.data() + p.value.size());
  return all;
}

/// Samples that take their time to be read.
class Slow : public data::Source {
 public:
  Slow(std::int64_t n, int milliseconds, int first = 0)
      : all_(costly_samples(n)), milliseconds_(milliseconds), first_(first) {}
  std::int64_t size() const override { return all_.size(); }
  Shape sample_shape() const override { return all_.sample_shape(); }
  TensorView<const float> labels() const override { return all_.labels(); }
  using data::Source::read;
  void read(const Cpu& on, std::span<const data::Draw> draws, TensorView<float> x) const override {
    if (read_ == 0) std::this_thread::sleep_for(std::chrono::milliseconds(first_));
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds_ * static_cast<int>(draws.size())));
    read_ += static_cast<std::int64_t>(draws.size());
    all_.read(on, draws, x);
  }
  std::int64_t read_so_far() const { return read_; }

 private:
  data::InMemory all_;
  int milliseconds_, first_;  // for each sample, and before the first
  mutable std::atomic<std::int64_t> read_ = 0;
};

}  // namespace

TEST_CASE("what a step costs is measured with reading its samples, and an epoch by its steps", "[train][cost]") {
  Sequential<float> model = costly_network();
  const Slow slow(70, 2), validation(40, 1);
  const TrainingCost cost = training_cost(model, Adam{}, SparseCategoricalCrossentropy{}, slow,
                                          {.batch = 10, .seconds = 0.3, .validation = validation});
  CHECK(cost.steps == 7);
  CHECK(cost.measured >= 2);
  // Its 10 samples take 2 ms each. Some batches may have been read ahead during the first step, which is not counted.
  CHECK(cost.step_seconds > 0.002);
  CHECK(cost.validation_seconds >= 0.040);
  CHECK(validation.read_so_far() == 40);  // two batches of 10, twice
  CHECK(cost.epoch_seconds() == Approx(7 * cost.step_seconds + cost.validation_seconds));
  CHECK(training_cost(model, Adam{}, SparseCategoricalCrossentropy{}, slow, {.batch = 10, .seconds = 0.05})
            .validation_seconds == 0);
}

TEST_CASE("the first step, which takes memory and waits, is not counted", "[train][cost]") {
  Sequential<float> model = costly_network();
  const Slow slow(70, 0, 2000);
  const TrainingCost cost = training_cost(model, Adam{}, SparseCategoricalCrossentropy{}, slow,
                                          {.batch = 10, .seconds = 1000, .most_steps = 4});
  CHECK(cost.measured == 4);
  CHECK(cost.step_seconds < 0.4);  // 0.5 and more with it
}

TEST_CASE("a measured run takes as many steps as it may, and leaves the weights as they were", "[train][cost]") {
  const data::InMemory data = costly_samples(50);
  Sequential<float> model = costly_network();
  const std::vector<float> before = costly_weights(model);
  const TrainingCost cost = training_cost(model, Adam{}, SparseCategoricalCrossentropy{}, data,
                                          {.batch = 16, .seconds = 1000, .most_steps = 5});
  CHECK(cost.measured == 5);
  CHECK(cost.steps == 4);
  CHECK(costly_weights(model) == before);
}

TEST_CASE("the bytes of a training are those of its plans, its optimizer and what is kept", "[train][cost]") {
  Sequential<float> model = costly_network();
  const data::InMemory data = costly_samples(50);
  model.freeze_before("dense");
  Trainer trainer{model, Adam{}, SparseCategoricalCrossentropy{}};
  trainer.fit(data, {.batch = 16});
  const std::int64_t inference = Plan<float, Cpu>(model.device(), model.graph(), {.batch = 16}).bytes();
  const std::int64_t weights = model.parameter_count() * 4, learned = model.trainable_parameter_count() * 4;
  const std::int64_t batches = 3 * 16 * 8 * 8 * 3 * 4;
  CHECK(training_bytes(model, 16) == trainer.plan_bytes() + inference + 2 * learned + weights + batches);
  CHECK(training_bytes(model, 16, 0, 0) == trainer.plan_bytes() + inference + batches);
  CHECK(training_cost(model, Adam{}, SparseCategoricalCrossentropy{}, data, {.batch = 16, .seconds = 1e-9}).bytes ==
        training_bytes(model, 16));
  CHECK(training_bytes(model, 32) > training_bytes(model, 16));
  CHECK(prediction_bytes(model, 16) == inference + 16 * 8 * 8 * 3 * 4);
}

TEST_CASE("measuring a training says what is wrong with its options", "[train][cost]") {
  Sequential<float> model = costly_network();
  const data::InMemory data = costly_samples(50);
  const auto with = [&](const TrainingCostOptions& o) {
    training_cost(model, Adam{}, SparseCategoricalCrossentropy{}, data, o);
  };
  CHECK_THROWS_WITH(with({.seconds = 0}), Contains("seconds above 0"));
  CHECK_THROWS_WITH(with({.most_steps = 1}), Contains("at least 2 steps, got 1"));
  CHECK_THROWS_WITH(with({.kept_weights = -1}), Contains("0 kept weights or more"));
  const Sequential<float> other{{9, 8, 3}, Flatten{}, Dense{3, softmax}};
  CHECK_THROWS_WITH(prediction_seconds(other, data), Contains("(9, 8, 3)") && Contains("(8, 8, 3)"));
  CHECK_THROWS_WITH(prediction_seconds(model, data, 0), Contains("a batch of at least 1, got 0"));
  CHECK_THROWS_WITH(prediction_bytes(model, 0), Contains("a batch of at least 1, got 0"));
  CHECK_THROWS_WITH(training_bytes(model, 0), Contains("a batch of at least 1, got 0"));
  CHECK_THROWS_WITH(training_bytes(model, 8, 2, 1, 2, 4), Contains("got 2 leaves and 4 processes"));
  CHECK_THROWS_WITH(training_bytes(model, 8, 2, 1, 3, 1), Contains("got 3 leaves"));
}

TEST_CASE("of several processes each takes its share of leaves and of what the optimizer remembers", "[train][cost]") {
  const data::InMemory data = costly_samples(64);
  for (const int processes : {1, 2, 4}) {
    std::vector<std::int64_t> plans(4), told(4), kept(4), steps(4);
    for (const auto& error : run_group(processes, [&](const std::shared_ptr<ThreadGroup>& group) {
           const auto rank = static_cast<std::size_t>(group->rank());
           Sequential<float> model = costly_network();
           const std::vector<float> before = costly_weights(model);
           const TrainingCost cost =
               training_cost(model, Adam{}, SparseCategoricalCrossentropy{}, data,
                             {.batch = 16, .seconds = 1e-9, .validation = data, .leaves = 4, .group = group});
           if (costly_weights(model) != before) detail::raise<Error>("the weights have changed");
           told[rank] = cost.bytes;
           steps[rank] = cost.measured;
           Trainer trainer{model, Adam{}, SparseCategoricalCrossentropy{}, {.leaves = 4, .group = group}};
           trainer.fit(data, {.batch = 16});
           plans[rank] = trainer.plan_bytes();
           for (std::size_t i = 0; i < model.layers().size(); ++i)
             for (std::size_t p = 0; p < std::as_const(*model.layers()[i]).parameters().size(); ++p)
               for (const Tensor<float>& slot : trainer.slots(i, p))
                 kept[rank] += static_cast<std::int64_t>(slot.bytes());
         }))
      if (error) std::rethrow_exception(error);
    Sequential<float> model = costly_network();
    std::int64_t all = 0;
    for (const float weight : costly_weights(model)) all += static_cast<std::int64_t>(sizeof weight);
    const std::int64_t inference = Plan<float, Cpu>(model.device(), model.graph(), {.batch = 16}).bytes();
    const std::int64_t batches = (2 * 4 / processes + 1) * 4 * 8 * 8 * 3 * 4;
    std::int64_t slots = 0, exact = 0;
    for (int rank = 0; rank < processes; ++rank) {
      const auto r = static_cast<std::size_t>(rank);
      INFO("rank " << rank << " of " << processes);
      CHECK(steps[r] == 2);
      CHECK(told[r] == training_bytes(model, 16, 2, 1, 4, processes));
      slots += kept[r];
      exact += plans[r] + inference + kept[r] + all + batches;
    }
    const std::int64_t sum = processes * training_bytes(model, 16, 2, 1, 4, processes);
    CHECK(std::abs(static_cast<double>(sum - exact)) < 0.02 * static_cast<double>(exact));
    CHECK(slots <= 2 * all);
  }
}
