// SPDX-License-Identifier: MIT
#include "brindle/train/class_weights.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/sample_weights.hpp"
#include "brindle/train/trainer.hpp"

using namespace brindle;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

data::InMemory rows(const std::vector<std::vector<float>>& labels, const std::vector<std::string>& names = {}) {
  const auto n = static_cast<std::int64_t>(labels.size()), k = static_cast<std::int64_t>(labels[0].size());
  Tensor<float> x({n, 2}), t({n, k});
  for (std::int64_t i = 0; i < n; ++i) {
    x[i * 2] = static_cast<float>(i);
    std::copy(labels[static_cast<std::size_t>(i)].begin(), labels[static_cast<std::size_t>(i)].end(), t.data() + i * k);
  }
  return data::InMemory(std::move(x), std::move(t), names);
}

/// A model that gives sigmoid(0) everywhere.
Sequential<float> zeros(std::int64_t outputs, ActivationFunction last = sigmoid) {
  Sequential<float> model{Cpu{1}, {2}, Dense{.units = outputs, .activation = last}};
  for (auto& p : model.layers()[0]->parameters()) std::fill_n(p.value.data(), p.value.size(), 0.0f);
  return model;
}

}  // namespace

TEST_CASE("the class of a one-hot row is where its one is, and class weights take it", "[train][class_weight]") {
  const auto loss = [](const std::map<std::int64_t, double>& weights) {
    auto model = zeros(3);
    Trainer trainer{model, SGD{.learning_rate = 0}, BinaryCrossentropy{}};
    return trainer.fit(rows({{0, 1, 0}, {0, 0, 1}}), {.batch = 2, .class_weight = weights}).loss[0];
  };
  CHECK(loss({}) == Approx(0.693147));
  CHECK(loss({{0, 1.0}, {1, 10.0}, {2, 100.0}}) == Approx(38.123).epsilon(1e-4));  // Keras 3.15.1
  CHECK(loss({{2, 3.0}}) == Approx(2 * 0.693147));
}

TEST_CASE("a mixed label counts as the class of which it has most", "[train][class_weight]") {
  const std::vector<data::Draw> draws{{4, 0}, {2, 0}};
  Tensor<float> labels({2, 2}), weight({2});
  const float mixed[] = {0.1f, 0.9f, 0.6f, 0.4f};
  std::copy_n(mixed, 4, labels.data());
  detail::weigh<float>({.class_weight = {{0, 9.0}, {1, 1.0}}}, draws, labels.view(), weight.view());
  CHECK(weight[0] == 1);
  CHECK(weight[1] == 9);
}

TEST_CASE("a weight for a class that is not there is refused before the first step", "[train][class_weight][errors]") {
  const auto refused = [](const data::Source& data, Sequential<float> model, const auto& loss,
                          const std::map<std::int64_t, double>& weights) {
    Trainer trainer{model, SGD{}, loss};
    std::string message = "accepted";
    try {
      trainer.fit(data, {.batch = 2, .class_weight = weights});
    } catch (const Error& e) {
      message = e.what();
      CHECK(trainer.steps() == 0);
    }
    return message;
  };
  const auto two = rows({{0}, {1}}), three = rows({{1, 0, 0}, {0, 1, 0}});
  const BinaryCrossentropy binary;
  CHECK_THAT(refused(two, zeros(1), binary, {{2, 1.0}}), StartsWith("fit: class_weight") && Contains("classes 0 to 1"));
  CHECK_THAT(refused(two, zeros(1), binary, {{-1, 1.0}}), Contains("class -1"));
  CHECK_THAT(refused(two, zeros(4, softmax), SparseCategoricalCrossentropy{}, {{4, 1.0}}), Contains("classes 0 to 3"));
  CHECK_THAT(refused(three, zeros(3), binary, {{3, 1.0}}), Contains("classes 0 to 2"));
  CHECK(refused(three, zeros(3), binary, {{2, 1.0}}) == "accepted");
  CHECK(refused(two, zeros(4, softmax), SparseCategoricalCrossentropy{}, {{3, 1.0}}) == "accepted");
  // Labels that are no classes.
  const auto says = [](const std::string& text) {
    INFO(text);
    return text.rfind("fit: class weights", 0) == 0 && text.find("sample 1 ") != std::string::npos &&
           text.find(".sample_weight") != std::string::npos;
  };
  CHECK(says(refused(rows({{0}, {.9f}}), zeros(1), binary, {{1, 2.0}})));
  CHECK(says(refused(rows({{1, 0, 0}, {1, 1, 0}}), zeros(3), binary, {{1, 2.0}})));
  CHECK(says(refused(rows({{1, 0, 0}, {0, 0, 0}}), zeros(3), binary, {{1, 2.0}})));
  CHECK(says(refused(rows({{1, 0, 0}, {.9f, .1f, 0}}), zeros(3), binary, {{1, 2.0}})));
  CHECK(refused(rows({{1, 0, 0}, {1, 1, 0}}), zeros(3), binary, {}) == "accepted");
}

TEST_CASE("samples of one class are refused for one-hot labels, too", "[train][errors]") {
  auto model = zeros(2);
  Trainer trainer{model, SGD{}, BinaryCrossentropy{}};
  CHECK_THROWS_WITH(trainer.fit(rows({{0, 1}, {0, 1}}, {"cat", "dog"}), {}), Contains("of one class (dog)"));
  CHECK_THROWS_WITH(trainer.fit(rows({{1, 1}, {1, 1}}), {}), Contains("their labels are the same"));
  CHECK_NOTHROW(trainer.fit(rows({{0, 1}, {1, 0}}), {}));
}

TEST_CASE("balanced class weights are scikit-learn's", "[train][class_weight]") {
  // compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 1, 2, 2]) of scikit-learn 1.9.1
  const std::map<std::int64_t, double> expected{{0, 2.0 / 3}, {1, 2.0}, {2, 1.0}};
  CHECK(balanced_class_weights(rows({{0}, {0}, {0}, {1}, {2}, {2}})) == expected);
  CHECK(balanced_class_weights(rows({{1, 0, 0}, {1, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, 1}})) == expected);
  auto model = zeros(1);
  const auto data = rows({{0}, {0}, {0}, {1}});
  Trainer trainer{model, SGD{.learning_rate = 0}, BinaryCrossentropy{}};
  CHECK(trainer.fit(data, {.batch = 4, .class_weight = balanced_class_weights(data)}).loss[0] == Approx(0.693147));
}

TEST_CASE("balanced class weights name a class without samples, and labels that are no classes",
          "[train][class_weight][errors]") {
  CHECK_THROWS_WITH(balanced_class_weights(rows({{0}, {0}, {2}}, {"cat", "dog", "fox"})),
                    StartsWith("balanced_class_weights") && Contains("no sample of class dog"));
  CHECK_THROWS_WITH(balanced_class_weights(rows({{0}, {1}}, {"cat", "dog", "fox"})), Contains("class fox"));
  CHECK_THROWS_WITH(balanced_class_weights(rows({{0}, {0}})), Contains("class 1"));
  CHECK_THROWS_WITH(balanced_class_weights(rows({{0, 0, 1}, {1, 0, 0}})), Contains("class 1"));
  CHECK_THROWS_WITH(balanced_class_weights(rows({{0}, {.5f}})), Contains("sample 1 has 0.5"));
  CHECK_THROWS_WITH(balanced_class_weights(rows({{0, 1}, {1, 1}})), Contains("sample 1"));
}
