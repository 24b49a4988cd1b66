// SPDX-License-Identifier: MIT
#include "brindle/nn/layer_rates.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/train/learning_rate_schedules.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

data::InMemory samples() {
  Tensor<float> x = random_tensor<float>({24, 5}, 3), labels({24, 1});
  for (std::int64_t i = 0; i < 24; ++i) labels[i] = static_cast<float>(i % 3);
  return data::InMemory(std::move(x), std::move(labels));
}

/// By how much each layer's kernel changed in one step.
template <class OptimizerValue>
std::vector<Tensor<double>> changes(const OptimizerValue& optimizer, std::int64_t epochs = 1) {
  Sequential<float> model{
      {5}, Dense{6, relu}.named("first"), Dense{6, relu}.named("second"), Dense{3, softmax}.named("second_last")};
  std::vector<Tensor<double>> before;
  for (const auto& layer : model.layers()) before.push_back(converted<double>(layer->parameters()[0].value));
  Trainer trainer{model, optimizer, SparseCategoricalCrossentropy{}};
  trainer.fit(samples(), {.batch = 24, .epochs = epochs, .shuffle = false});
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Tensor<double> after = converted<double>(model.layers()[i]->parameters()[0].value);
    for (std::int64_t k = 0; k < after.size(); ++k) before[i][k] = after[k] - before[i][k];
  }
  return before;
}

template <class OptimizerValue>
void check_factors(const OptimizerValue& optimizer) {
  const auto plain = changes(optimizer);
  const auto by_layer = changes(LayerRates{optimizer, {{"second_l", 0.5}, {"sec", 0.25}}});
  const double factors[] = {1, 0.25, 0.5};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::int64_t k = 0; k < plain[i].size(); ++k)
      CHECK(by_layer[i][k] == Approx(factors[i] * plain[i][k]).epsilon(1e-4).margin(2e-7));
}

}  // namespace

TEST_CASE("a layer's steps are as large as its rate, by the longest name that its own begins with",
          "[nn][layer_rates]") {
  check_factors(SGD{.learning_rate = 0.1});
  check_factors(Adam{.learning_rate = 0.01});
  check_factors(RMSprop{.learning_rate = 0.01});
  check_factors(AdamW{.learning_rate = 0.01, .weight_decay = 0.5});
}

TEST_CASE("a layer with a rate of 0 keeps its bits, and schedules change all rates", "[nn][layer_rates]") {
  const auto still = changes(LayerRates{Adam{}, {{"first", 0}}}, 3);
  for (std::int64_t k = 0; k < still[0].size(); ++k) REQUIRE(still[0][k] == 0);
  const auto optimizer = LayerRates{SGD{.learning_rate = 0.4}, {{"first", 0.5}}}.make<float, Cpu>();
  optimizer->set_learning_rate(0.1);
  Tensor<float> w({1}), v({1}), g({1});
  g[0] = 1;
  optimizer->update_named(Cpu(1), 1, {"first", "kernel"}, w.view(), g.view(), {});
  optimizer->update_named(Cpu(1), 1, {"last", "kernel"}, v.view(), g.view(), {});
  CHECK(w[0] == Approx(-0.05));
  CHECK(v[0] == Approx(-0.1));
  CHECK(optimizer->learning_rate() == 0.1);
}

TEST_CASE("rates fall from the last layer to the first", "[nn][layer_rates]") {
  Sequential<float> model{{8, 8, 3},    Conv2D{4, 3, relu}.named("a"), BatchNormalization{}.named("b"), Flatten{},
                          Dropout{0.5}, Dense{2, softmax}.named("c")};
  const std::vector<LayerRate> rates = decayed_rates(model, 0.5);
  CHECK(rates == std::vector<LayerRate>{{"c", 1}, {"b", 0.5}, {"a", 0.25}});
  CHECK_THROWS_WITH(decayed_rates(model, 0), Contains("decayed_rates: expected a factor above 0, at most 1, got 0"));
}

TEST_CASE("rates that mean nothing are refused", "[nn][layer_rates]") {
  Sequential<float> model{{5}, Dense{3, softmax}.named("head")};
  const auto refuses = [&](const std::vector<LayerRate>& rates, const std::string& words) {
    CHECK_THROWS_WITH((Trainer{model, LayerRates{SGD{}, rates}, SparseCategoricalCrossentropy{}}), Contains(words));
  };
  refuses({{"haed", 0.1}},
          "Trainer: LayerRates has a rate for \"haed\", and no layer with parameters has a name that "
          "begins so; the first one is \"head\"");
  refuses({{"head", -1}}, "LayerRates: the rate of \"head\" must be a factor of at least 0, got -1");
  refuses({{"", 1}}, "LayerRates: a rate has no name");
  refuses({{"head", 1}, {"head", 2}}, "LayerRates: two rates for \"head\"");
}
