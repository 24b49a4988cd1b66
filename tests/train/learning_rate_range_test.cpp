// SPDX-License-Identifier: MIT
#include "brindle/train/learning_rate_range.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

/// Noise with a larger number where the class stands.
data::InMemory ranged_samples(std::int64_t n, std::int64_t features, std::int64_t classes, bool told = true) {
  Tensor<float> labels({n, 1});
  for (std::int64_t i = 0; i < n; ++i) labels[i] = static_cast<float>(i % classes);
  Tensor<float> x = random_tensor<float>({n, features}, 8);
  if (told)
    for (std::int64_t i = 0; i < n; ++i) x[i * features + i % classes] += 2;
  return data::InMemory(std::move(x), std::move(labels), {});
}

Sequential<float> ranged_network(const Cpu& on = Cpu(1)) {
  return Sequential<float>{
      on, {8}, Dense{16, relu}, BatchNormalization{}, Dropout{0.2}, Dense{12, relu}, Dense{4, softmax}};
}

std::vector<float> ranged_weights(const Model<float>& model) {
  std::vector<float> all;
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) all.insert(all.end(), p.value.data(), p.value.data() + p.value.size());
  return all;
}

}  // namespace

TEST_CASE("the chosen rate is that at which the smoothed loss has fallen half the way", "[train][learning_rate]") {
  LearningRateRangeOptions o{.lowest = 1e-4, .highest = 1, .steps = 41, .smoothing = 0.5};
  LearningRateRange range;
  range.rates = detail::range_rates(o);
  CHECK(range.rates.front() == 1e-4);
  CHECK(range.rates[20] == Approx(1e-2));
  CHECK(range.rates.back() == Approx(1));
  std::vector<double> expected;
  double sum = 0, weight = 0;
  for (std::size_t i = 0; i < range.rates.size(); ++i) {
    const double from = std::log10(range.rates[i]) + 1.5;  // smallest at 10^-1.5
    range.losses.push_back(1 + 0.5 * from * from);
    // By the definition: a mean in which each loss counts half of the one behind it.
    sum = sum * 0.5 + range.losses.back();
    weight = weight * 0.5 + 1;
    expected.push_back(sum / weight);
    detail::add_smoothed(range, o);
    CHECK(range.smoothed.back() == Approx(expected.back()).epsilon(1e-12));
  }
  double least = expected[0];
  for (const double e : expected) least = std::min(least, e);
  const double begin = *std::min_element(expected.begin(), expected.begin() + 4);
  std::size_t half = 0;
  while (expected[half] > (begin + least) / 2) ++half;
  detail::choose_rate(range);
  CHECK(range.rate == range.rates[half]);
  CHECK_THAT(range.reason, Contains("half the way from 3.59 to 1.01"));

  for (double& loss : range.smoothed) loss = 1;
  detail::choose_rate(range);
  CHECK(range.rate == 0);
  CHECK_THAT(range.reason, Contains("did not fall at any rate from 0.0001 to 1"));
}

TEST_CASE("a rate is found with which a network learns, and growing rates end when the loss runs away",
          "[train][learning_rate]") {
  const data::InMemory data = ranged_samples(203, 8, 4);
  Sequential<float> model = ranged_network();
  const LearningRateRange range = learning_rate_range(model, SGD{}, SparseCategoricalCrossentropy{}, data,
                                                      {.lowest = 1e-5, .highest = 1e4, .batch = 16});
  INFO(range.reason);
  CHECK(range.rates.size() == range.losses.size());
  CHECK(range.smoothed.size() == range.losses.size());
  CHECK(range.losses.size() < 200);  // it ended early
  const auto steps = [&](double diverged) {
    const LearningRateRangeOptions o{.lowest = 1e-3, .highest = 10, .batch = 16, .diverged = diverged};
    return learning_rate_range(model, Adam{}, SparseCategoricalCrossentropy{}, data, o).losses.size();
  };
  CHECK(steps(1.5) < steps(4));
  CHECK(steps(1e9) == 200);
  CHECK(range.rate > 1e-3);
  CHECK(range.rate < 3);
  Trainer trainer{model, SGD{.learning_rate = range.rate}, SparseCategoricalCrossentropy{}};
  const History history = trainer.fit(data, {.batch = 16, .epochs = 12});
  CHECK(history.loss.back() < 0.6 * history.loss.front());
}

TEST_CASE("a trial of rates leaves weights, moving averages and the run that follows as they were",
          "[train][learning_rate]") {
  const data::InMemory data = ranged_samples(90, 8, 4);
  const auto trained = [&](bool tried) {
    Sequential<float> model = ranged_network();
    model.freeze_before("dense_1");
    const std::vector<float> before = ranged_weights(model);
    if (tried) {
      learning_rate_range(model, Adam{}, SparseCategoricalCrossentropy{}, data,
                          {.steps = 20, .class_weight = {{1, 3}}});
      CHECK(ranged_weights(model) == before);
      model.set_trainable(true);  // BatchNormalization learns, too, and has averages
      learning_rate_range(model, Adam{}, SparseCategoricalCrossentropy{}, data, {.steps = 20});
      CHECK(ranged_weights(model) == before);
    }
    model.set_trainable(true);
    Trainer trainer{model, Adam{.learning_rate = 1e-2}, SparseCategoricalCrossentropy{}, {.seed = 4}};
    trainer.fit(data, {.batch = 16, .epochs = 2});
    return ranged_weights(model);
  };
  CHECK(trained(true) == trained(false));
}

TEST_CASE("a trial of rates gives the same losses again, for any number of threads", "[train][learning_rate]") {
  const data::InMemory data = ranged_samples(90, 8, 4);
  const auto tried = [&](int threads) {
    Sequential<float> model = ranged_network(Cpu(threads));
    return learning_rate_range(model, Adam{}, SparseCategoricalCrossentropy{}, data, {.seed = 3});
  };
  const LearningRateRange one = tried(1);
  CHECK(one.rate > 0);
  for (const int threads : {1, 2, 3}) CHECK(tried(threads).losses == one.losses);
}

TEST_CASE("a trial of rates counts classes by their weights", "[train][learning_rate]") {
  const data::InMemory data = ranged_samples(32, 8, 4);
  Sequential<float> model = ranged_network();
  const auto first = [&](std::map<std::int64_t, double> weights) {
    return learning_rate_range(model, SGD{}, SparseCategoricalCrossentropy{}, data,
                               {.steps = 10, .class_weight = std::move(weights)})
        .losses[0];
  };
  CHECK(first({{0, 2}, {1, 2}, {2, 2}, {3, 2}}) == Approx(2 * first({})));
}

TEST_CASE("a trial of rates says what is wrong with its options and its data", "[train][learning_rate]") {
  const data::InMemory data = ranged_samples(40, 8, 4);
  Sequential<float> model = ranged_network();
  const auto with = [&](const LearningRateRangeOptions& o) {
    learning_rate_range(model, Adam{}, SparseCategoricalCrossentropy{}, data, o);
  };
  CHECK_THROWS_WITH(with({.lowest = 0}), Contains("0 < lowest < highest"));
  CHECK_THROWS_WITH(with({.lowest = 1, .highest = 0.1}), Contains("0 < lowest < highest"));
  CHECK_THROWS_WITH(with({.steps = 9}), Contains("10 to 1000000 steps, got 9"));
  CHECK_THROWS_WITH(with({.smoothing = 1}), Contains("smoothing"));
  CHECK_THROWS_WITH(with({.diverged = 1}), Contains("diverged above 1"));
  CHECK_THROWS_WITH(with({.batch = 0}), Contains("batch"));

  // A network that is broken to begin with is no matter of rates.
  const std::vector<float> before = ranged_weights(model);
  model.layers()[0]->parameters()[0].value[0] = std::nanf("");
  CHECK_THROWS_AS(with({}), NumericsError);
  model.layers()[0]->parameters()[0].value[0] = before[0];
  CHECK(ranged_weights(model) == before);
}
