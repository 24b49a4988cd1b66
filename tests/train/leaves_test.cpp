// SPDX-License-Identifier: MIT
#include "brindle/train/leaves.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/data/one_hot.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/leaf_run.hpp"
#include "support/step_allocations.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

data::InMemory leaf_samples(std::int64_t n, int classes = 2) {
  std::vector<float> labels(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) labels[static_cast<std::size_t>(i)] = static_cast<float>(i * i % 7 % classes);
  return data::InMemory(random_tensor<float>({n, 6, 6, 3}, 7, 0, 1), labels);
}

/// The largest difference of two models' parameters.
double weight_distance(const Model<double>& a, const Model<double>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.layers().size(); ++i)
    for (std::size_t p = 0; p < std::as_const(*a.layers()[i]).parameters().size(); ++p) {
      const auto& x = std::as_const(*a.layers()[i]).parameters()[p].value;
      const auto& y = std::as_const(*b.layers()[i]).parameters()[p].value;
      for (std::int64_t k = 0; k < x.size(); ++k) most = std::max(most, std::abs(x[k] - y[k]));
    }
  return most;
}

/// Trains in double, where leaves change the last digits only, and compares with one leaf. A network without batch
/// normalization and dropout, so that a leaf knows nothing that the batch does not know.
template <class LossValue>
double distance_from_one_leaf(const data::Source& data, const LossValue& loss, std::int64_t outputs,
                              const FitOptions& fit, TrainerOptions options = {}, double l2 = 0) {
  const auto trained = [&](std::int64_t leaves) {
    Sequential<double> model{Cpu{2}, {6, 6, 3}, Conv2D{4, 3, relu}, Flatten{}, Dense{8, relu}, Dense{outputs}};
    if (outputs == 1)
      model.add(Activation{sigmoid});
    else
      model.add(Activation{softmax});
    model.initialize(5);
    if (l2 > 0) model.set_l2(l2);
    TrainerOptions o = options;
    o.leaves = leaves;
    Trainer trainer{model, SGD{.learning_rate = 0.1, .momentum = 0.9}, loss, o};
    const History h = trainer.fit(data, fit);
    return std::pair(std::move(model), h);
  };
  const auto [one, history] = trained(1);
  double most = 0;
  for (const std::int64_t leaves : {2, 4, 8}) {
    const auto [several, same] = trained(leaves);
    most = std::max({most, weight_distance(one, several), std::abs(history.loss.back() - same.loss.back()),
                     std::abs(history.accuracy.back() - same.accuracy.back())});
    CHECK(weight_distance(one, several) > 0);
  }
  return most;
}

}  // namespace

TEST_CASE("the sum over leaves is the gradient of the batch's mean loss", "[train][leaves]") {
  const data::InMemory two = leaf_samples(43), three = leaf_samples(43, 3);
  std::vector<float> weights(43);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 0.25f * static_cast<float>(i % 9);
  const data::OneHot rows(three, 3);
  constexpr double close = 1e-10;
  // Batches of 10, whose leaves are of unequal sizes, and a last one of 3, which is smaller than the leaves are many.
  CHECK(distance_from_one_leaf(two, BinaryCrossentropy{}, 1, {.batch = 10, .epochs = 4}) < close);
  CHECK(distance_from_one_leaf(two, BinaryCrossentropy{}, 1,
                               {.batch = 10, .epochs = 4, .class_weight = {{0, 0.3}}, .sample_weight = weights}) <
        close);
  CHECK(distance_from_one_leaf(three, SparseCategoricalCrossentropy{}, 3, {.batch = 10, .epochs = 4}) < close);
  CHECK(distance_from_one_leaf(rows, CategoricalCrossentropy{.label_smoothing = 0.1}, 3, {.batch = 10, .epochs = 4}) <
        close);
  CHECK(distance_from_one_leaf(two, BinaryCrossentropy{}, 1, {.batch = 10, .epochs = 4},
                               {.gradient_accumulation_steps = 3}) < close);
  CHECK(distance_from_one_leaf(two, BinaryCrossentropy{}, 1, {.batch = 10, .epochs = 4}, {.global_clipnorm = 0.1},
                               0.01) < close);
}

TEST_CASE("the moving averages of batch normalization follow the mean of what the leaves have seen",
          "[train][leaves]") {
  const Tensor<float> x = random_tensor<float>({10, 3}, 4, -1, 2);
  Tensor<float> labels({10, 1});
  labels[3] = labels[6] = 1;
  Sequential<float> model{Cpu{1}, {3}, BatchNormalization{.momentum = 0.5}, Dense{1, sigmoid}};
  model.initialize(1);
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}, {.leaves = 4}};
  trainer.train_on_batch(x.view(), labels.view());
  const auto& parameters = std::as_const(*model.layers()[0]).parameters();
  for (std::int64_t c = 0; c < 3; ++c) {
    double mean = 0, variance = 0;
    for (std::int64_t leaf = 0; leaf < 4; ++leaf) {
      const std::int64_t begin = 10 * leaf / 4, end = 10 * (leaf + 1) / 4;  // 2, 3, 2, 3
      double m = 0, v = 0;
      for (std::int64_t i = begin; i < end; ++i)
        m += static_cast<double>(x[3 * i + c]) / static_cast<double>(end - begin);
      for (std::int64_t i = begin; i < end; ++i)
        v += std::pow(static_cast<double>(x[3 * i + c]) - m, 2) / static_cast<double>(end - begin);
      mean += m * static_cast<double>(end - begin) / 10;
      variance += v * static_cast<double>(end - begin) / 10;
    }
    CHECK(static_cast<double>(parameters[2].value[c]) == Approx(0.5 * mean).margin(1e-6));
    CHECK(static_cast<double>(parameters[3].value[c]) == Approx(0.5 + 0.5 * variance));
  }
}

TEST_CASE("dropout draws for each leaf of a step, the same whatever the batch is", "[train][leaves]") {
  Sequential<float> model{Cpu{1}, {64}, Dropout{0.5}};
  const Tensor<float> x = random_tensor<float>({1, 64}, 4, 1, 2);
  Plan<float, Cpu> plan(Cpu{1}, model.graph(), {.batch = 1, .training = true, .seed = 9});
  const auto dropped = [&](std::uint32_t step, std::uint32_t leaf) {
    const TensorView<float> y = plan.forward(x.view(), step, leaf);
    std::string text;
    for (std::int64_t i = 0; i < 64; ++i) text += y.data[i] > 0 ? '1' : '0';
    return text;
  };
  std::set<std::string> all;
  for (std::uint32_t step = 0; step < 8; ++step)
    for (std::uint32_t leaf = 0; leaf < 8; ++leaf) all.insert(dropped(step, leaf));
  CHECK(all.size() == 64);
  CHECK(dropped(3, 5) == dropped(3, 5));
  CHECK(dropped(3, 0) == [&] {
    plan.forward(x.view(), 3);
    return dropped(3, 0);
  }());
}

TEST_CASE("a batch of the caller's is cut into leaves as one of fit is", "[train][leaves]") {
  const data::InMemory data = leaf_samples(20);
  const auto trained = [&](bool by_fit) {
    Sequential<float> model{Cpu{1}, {6, 6, 3}, Conv2D{4, 3, relu}, Flatten{}, Dropout{0.3}, Dense{1, sigmoid}};
    model.initialize(2);
    Trainer trainer{model, Adam{}, BinaryCrossentropy{}, {.leaves = 4}};
    if (by_fit) {
      trainer.fit(data, {.batch = 9, .shuffle = false});
    } else {
      for (std::int64_t begin = 0; begin < 20; begin += 9) {
        Tensor<float> x({std::min<std::int64_t>(9, 20 - begin), 6, 6, 3});
        std::vector<data::Draw> draws;
        for (std::int64_t i = begin; i < std::min<std::int64_t>(begin + 9, 20); ++i)
          draws.push_back({i, static_cast<std::uint64_t>(i)});
        data.read(Cpu{1}, draws, x.view());
        trainer.train_on_batch(x.view(), data.labels().slice(begin, begin + x.shape()[0]));
      }
    }
    return model.layers()[0]->parameters()[0].value.clone();
  };
  CHECK(same_bits(trained(true), trained(false)));
}

TEST_CASE("a training step in leaves allocates nothing after the first", "[train][leaves]") {
  const data::InMemory data = leaf_samples(60);
  for (TrainerOptions options :
       {TrainerOptions{}, TrainerOptions{.clipvalue = 0.01}, TrainerOptions{.global_clipnorm = 0.1},
        TrainerOptions{.gradient_accumulation_steps = 3, .use_ema = true},
        TrainerOptions{.clipnorm = 0.1, .gradient_accumulation_steps = 3, .use_ema = true}})
    for (const bool streamed : {true, false}) {
      options.stream_gradients = streamed;
      options.leaves = 4;
      Sequential<float> model{Cpu{2},    {6, 6, 3},        Conv2D{4, 3, relu}, MaxPool2D{2},
                              Flatten{}, Dense{300, relu}, Dropout{0.3},       Dense{1, sigmoid}};
      model.set_l2(0.01);
      Trainer trainer{model, Adam{.amsgrad = true}, BinaryCrossentropy{}, options};
      StepAllocations counted;
      trainer.fit(data, {.batch = 9, .epochs = 2, .callbacks = {counted.callback()}});
      CHECK(counted.steps >= 6);
      CHECK(counted.in_steps == 0);
    }
}

TEST_CASE("leaves that cannot be are refused in one line", "[train][leaves]") {
  Sequential<float> model{Cpu{1}, {6, 6, 3}, Flatten{}, Dense{1, sigmoid}};
  const auto make = [&](std::int64_t leaves) {
    return Trainer{model, SGD{}, BinaryCrossentropy{}, TrainerOptions{.leaves = leaves}};
  };
  for (const std::int64_t leaves : {-1, 0, 3, 6, 131072})
    CHECK_THROWS_WITH(make(leaves),
                      Contains("leaves must be a power of two from 1 to 65536, got " + std::to_string(leaves)));
  auto trainer = make(8);
  CHECK_THROWS_WITH(trainer.fit(leaf_samples(20), {.batch = 6}),
                    Contains("a batch of 6 samples cannot be cut into 8 leaves"));
  CHECK_THROWS_WITH(trainer.fit(leaf_samples(5), {.batch = 32}), Contains("a batch of 5 samples"));
}
