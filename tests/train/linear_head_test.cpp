// SPDX-License-Identifier: MIT
#include "brindle/train/linear_head.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/logistic_regression.hpp"
#include "support/double_models.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

struct Labelled {
  Tensor<float> x, labels;
};

Labelled labelled(std::int64_t n, std::int64_t features, std::int64_t classes) {
  Labelled made{random_tensor<float>({n, features}, 5), Tensor<float>({n, 1})};
  for (std::int64_t i = 0; i < n; ++i) {
    made.labels[i] = static_cast<float>(i * 7 % classes);
    for (std::int64_t f = 0; f < features; ++f) made.x[i * features + f] += f == i * 7 % classes ? 31.0f : 30.0f;
  }
  return made;
}

/// penalty |W|^2 / 2 + mean loss, of features less their mean over their length, by the definition.
double objective(const Labelled& of, const LinearHead& head, double penalty,
                 const std::vector<double>& class_weights = {}) {
  const std::int64_t n = of.x.shape()[0], features = of.x.shape()[1], classes = head.bias.size();
  double square = 0, loss = 0, size = 0;
  std::vector<double> mean(static_cast<std::size_t>(features));
  for (std::int64_t f = 0; f < features; ++f) {
    double& m = mean[static_cast<std::size_t>(f)];
    for (std::int64_t i = 0; i < n; ++i) m += static_cast<double>(of.x[i * features + f]) / static_cast<double>(n);
    for (std::int64_t i = 0; i < n; ++i)
      square += std::pow(static_cast<double>(of.x[i * features + f]) - m, 2) / static_cast<double>(n);
  }
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = 0, own = 0;
    for (std::int64_t c = 0; c < classes; ++c) {
      double score = static_cast<double>(head.bias[c]);
      for (std::int64_t f = 0; f < features; ++f)
        score += static_cast<double>(head.kernel[f * classes + c]) * static_cast<double>(of.x[i * features + f]);
      sum += std::exp(score);
      if (static_cast<float>(c) == of.labels[i]) own = score;
    }
    const double weight = class_weights.empty() ? 1 : class_weights[static_cast<std::size_t>(of.labels[i])];
    loss += weight * (std::log(sum) - own) / static_cast<double>(n);
  }
  for (const float w : head.kernel.span()) size += static_cast<double>(w) * static_cast<double>(w) * square;
  return loss + penalty * size / 2;
}

}  // namespace

TEST_CASE("no other linear head has a smaller loss with its penalty", "[train][linear_head]") {
  for (const std::int64_t classes : {2, 4}) {
    INFO(classes);
    const Labelled of = labelled(150, 6, classes);
    for (const double penalty : {1e-3, 1e-1}) {
      const LinearHead head = linear_head(Cpu(1), of.x, of.labels, {.penalty = penalty, .tolerance = 1e-9});
      const double least = objective(of, head, penalty);
      for (std::int64_t k = 0; k < head.kernel.size() + head.bias.size(); ++k)
        for (const float step : {-0.01f, 0.01f}) {
          LinearHead other{head.kernel.clone(), head.bias.clone(), 0};
          (k < head.kernel.size() ? other.kernel[k] : other.bias[k - head.kernel.size()]) += step;
          CHECK(objective(of, other, penalty) > least);
        }
    }
  }
}

TEST_CASE("of two classes the linear head is logistic regression", "[train][linear_head]") {
  const Labelled of = labelled(150, 6, 2);
  // Softmax has a row a class: w and -w, which together are penalised as 2 |w|^2, with a difference of scores of 2 w x.
  Labelled centred{of.x.clone(), of.labels.clone()};
  double square = 0;
  for (std::int64_t f = 0; f < 6; ++f) {
    double mean = 0;
    for (std::int64_t i = 0; i < 150; ++i) mean += static_cast<double>(of.x[i * 6 + f]) / 150;
    for (std::int64_t i = 0; i < 150; ++i) {
      centred.x[i * 6 + f] -= static_cast<float>(mean);
      square += std::pow(static_cast<double>(centred.x[i * 6 + f]), 2) / 150;
    }
  }
  for (float& v : centred.x.span()) v = static_cast<float>(static_cast<double>(v) / std::sqrt(square));
  const double penalty = 0.01;
  const LinearHead head = linear_head(Cpu(1), of.x, of.labels, {.penalty = penalty, .tolerance = 1e-9});
  const LinearClassifier plane = logistic_regression(centred.x, centred.labels, {.c = 2 / (penalty * 150)});
  for (std::int64_t f = 0; f < 6; ++f)
    CHECK(static_cast<double>(head.kernel[f * 2 + 1] - head.kernel[f * 2]) * std::sqrt(square) ==
          Approx(plane.weights[f]).epsilon(1e-3).margin(1e-4));
}

TEST_CASE("a linear head weighs classes as it is told, and has the same bits for any number of threads",
          "[train][linear_head]") {
  const Labelled of = labelled(600, 6, 3);
  const LinearHeadOptions weighted{.class_weight = {{1, 5}}};
  const LinearHead head = linear_head(Cpu(1), of.x, of.labels, weighted);
  const LinearHead plain = linear_head(Cpu(1), of.x, of.labels);
  const std::vector<double> weights = {1, 5, 1};
  CHECK(objective(of, head, 1e-3, weights) < objective(of, plain, 1e-3, weights) - 1e-4);
  CHECK(objective(of, plain, 1e-3) < objective(of, head, 1e-3) - 1e-4);
  for (const int threads : {2, 3}) {
    const LinearHead again = linear_head(Cpu(threads), of.x, of.labels, weighted);
    CHECK(same_bits(again.kernel, head.kernel));
    CHECK(same_bits(again.bias, head.bias));
  }
}

TEST_CASE("a linear head becomes the last layer of a model", "[train][linear_head]") {
  const Labelled of = labelled(200, 6, 3);
  Sequential<float> model{{6}, Dropout{0.2}, Dense{3, softmax}};
  CHECK(set_linear_head(model, linear_head(Cpu(1), of.x, of.labels)) == "dense");
  const Tensor<float> y = model.predict(of.x);
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < 200; ++i) {
    const float* row = y.data() + i * 3;
    right += std::max_element(row, row + 3) - row == static_cast<std::int64_t>(of.labels[i]);
  }
  CHECK(right > 120);

  Sequential<double> doubles{{6}, Dense{3, softmax}};
  set_linear_head(doubles, linear_head(Cpu(1), of.x, of.labels));
  CHECK(doubles.layers()[0]->parameters()[1].value[2] ==
        static_cast<double>(model.layers()[1]->parameters()[1].value[2]));

  Sequential<float> other{{6}, Dense{4, softmax}}, unbiased{{6}, Dense{.units = 3, .use_bias = false}};
  const LinearHead head = linear_head(Cpu(1), of.x, of.labels);
  CHECK_THROWS_WITH(set_linear_head(other, head), Contains("dense/kernel is (6, 4), the head has (6, 3)"));
  CHECK_THROWS_WITH(set_linear_head(unbiased, head), Contains("dense has no bias"));
}

TEST_CASE("a linear head says how many steps it took, and what it will take is told before", "[train][linear_head]") {
  const Labelled of = labelled(200, 6, 3);
  CHECK(linear_head(Cpu(1), of.x, of.labels, {.most_steps = 3}).steps == 3);
  const std::int64_t steps = linear_head(Cpu(1), of.x, of.labels).steps;
  CHECK(steps > 3);
  CHECK(steps < 300);
  CHECK(linear_head_seconds(Cpu(1), of.x, of.labels) > 0);
  CHECK(linear_head_seconds(Cpu(1), of.x, of.labels) < 5);
}

TEST_CASE("a linear head says what is wrong with its options and its data", "[train][linear_head]") {
  const Labelled of = labelled(20, 6, 2);
  const auto with = [&](const LinearHeadOptions& o) { linear_head(Cpu(1), of.x, of.labels, o); };
  CHECK_THROWS_WITH(with({.penalty = 0}), Contains("a penalty above 0"));
  CHECK_THROWS_WITH(with({.class_weight = {{1, -1}}}), Contains("weight of class 1"));
  CHECK_THROWS_WITH(with({.class_weight = {{2, 1}}}), Contains("class 2") && Contains("classes 0 to 1"));
  CHECK_THROWS_WITH(with({.tolerance = 0}), Contains("linear_head") && Contains("tolerance"));
  CHECK_THROWS_AS(linear_head(Cpu(1), of.x, Tensor<float>({19, 1})), ShapeError);
  CHECK_THROWS_AS(linear_head(Cpu(1), of.x, Tensor<float>({20, 1})), DataError);  // one class
}
