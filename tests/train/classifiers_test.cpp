// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "brindle/train/linear_svm.hpp"
#include "brindle/train/logistic_regression.hpp"
#include "brindle/train/nearest_neighbours.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

Tensor<float> tensor_with(const Shape& shape, const std::vector<double>& values) {
  Tensor<float> t(shape);
  for (std::int64_t i = 0; i < t.size(); ++i) t[i] = static_cast<float>(values[static_cast<std::size_t>(i)]);
  return t;
}

/// Two overlapping clouds in three dimensions.
struct ClassClouds {
  Tensor<float> x = random_tensor<float>({60, 3}, 5), labels{Shape{60, 1}};
  ClassClouds() {
    for (std::int64_t i = 0; i < 60; ++i) {
      labels[i] = static_cast<float>(i % 2);
      x[i * 3] += 0.8f * labels[i];
      x[i * 3 + 1] -= 0.5f * labels[i];
    }
  }
};

}  // namespace

TEST_CASE("a linear SVM of two points is what the formula says", "[train][classifiers]") {
  // w minimises w^2 / 2 + 2 c (1 - w)^2: w = 4 c / (1 + 4 c), and b = 0.
  const auto model = linear_svm(tensor_with({2, 1}, {-1, 1}), tensor_with({2}, {0, 1}), {.c = 0.5, .tolerance = 1e-12});
  CHECK(model.weights[0] == Approx(2.0 / 3).epsilon(1e-9));
  CHECK(model.bias[0] == Approx(0).margin(1e-9));
}

TEST_CASE("a linear SVM is at the minimum of its loss", "[train][classifiers]") {
  const ClassClouds clouds;
  const double c = 0.7;
  const auto model = linear_svm(clouds.x, clouds.labels, {.c = c, .tolerance = 1e-10});
  // The gradient at w and b: w - 2 c sum t max(0, 1 - t score) x.
  std::vector<double> gradient{model.weights[0], model.weights[1], model.weights[2], model.bias[0]};
  const Tensor<double> scores = model.scores(clouds.x);
  for (std::int64_t i = 0; i < 60; ++i) {
    const double t = clouds.labels[i] > 0 ? 1 : -1, hinge = std::max(0.0, 1 - t * scores[i]);
    for (std::int64_t k = 0; k < 3; ++k)
      gradient[static_cast<std::size_t>(k)] -= 2 * c * t * hinge * static_cast<double>(clouds.x[i * 3 + k]);
    gradient[3] -= 2 * c * t * hinge;
  }
  for (const double g : gradient) CHECK(g == Approx(0).margin(1e-7));
}

TEST_CASE("logistic regression of two points is what the formula says", "[train][classifiers]") {
  // w minimises w^2 / 2 + 2 c log(1 + exp(-w)): w = 2 c / (1 + exp(w)), and b = 0.
  const auto model = logistic_regression(tensor_with({2, 1}, {-1, 1}), tensor_with({2}, {0, 1}), {.tolerance = 1e-12});
  CHECK(model.weights[0] == Approx(2 / (1 + std::exp(model.weights[0]))).epsilon(1e-10));
  CHECK(model.bias[0] == Approx(0).margin(1e-10));
}

TEST_CASE("logistic regression is at the minimum of its loss", "[train][classifiers]") {
  const ClassClouds clouds;
  const double c = 2.5;
  const auto model = logistic_regression(clouds.x, clouds.labels, {.c = c, .tolerance = 1e-10});
  std::vector<double> gradient{model.weights[0], model.weights[1], model.weights[2], 0};
  const Tensor<double> scores = model.scores(clouds.x);
  for (std::int64_t i = 0; i < 60; ++i) {
    const double error = 1 / (1 + std::exp(-scores[i])) - static_cast<double>(clouds.labels[i]);
    for (std::int64_t k = 0; k < 3; ++k)
      gradient[static_cast<std::size_t>(k)] += c * error * static_cast<double>(clouds.x[i * 3 + k]);
    gradient[3] += c * error;
  }
  for (const double g : gradient) CHECK(g == Approx(0).margin(1e-8));
}

TEST_CASE("three classes are told apart by one plane each", "[train][classifiers]") {
  const auto x = tensor_with({6, 2}, {0, 0, 0.2, 0.1, 5, 0, 5.1, 0.3, 0, 5, 0.1, 5.2});
  const auto labels = tensor_with({6, 1}, {0, 0, 1, 1, 2, 2});
  for (const auto& model : {linear_svm(x, labels), logistic_regression(x, labels)}) {
    CHECK(model.classes() == 3);
    CHECK(model.predict(x) == std::vector<std::int64_t>{0, 0, 1, 1, 2, 2});
    CHECK(model.predict(tensor_with({1, 2}, {4, 1})) == std::vector<std::int64_t>{1});
    CHECK_THROWS_WITH(model.predict(tensor_with({1, 3}, {4, 1, 1})), Contains("2 features"));
  }
}

TEST_CASE("a plane says whether it is at its minimum", "[train][classifiers]") {
  const ClassClouds clouds;
  CHECK(linear_svm(clouds.x, clouds.labels).converged);
  CHECK_FALSE(linear_svm(clouds.x, clouds.labels, {.most_passes = 2}).converged);
  CHECK(logistic_regression(clouds.x, clouds.labels).converged);
  CHECK_FALSE(logistic_regression(clouds.x, clouds.labels, {.most_steps = 2}).converged);
  // One of three planes is enough for it.
  const auto x = tensor_with({6, 2}, {0, 5, 0, 6, 5, 0, 6, 0, -5, -5, -6, -5});
  CHECK_FALSE(logistic_regression(x, tensor_with({6}, {0, 0, 1, 1, 2, 2}), {.most_steps = 1}).converged);
}

TEST_CASE("the nearest neighbours vote, and ties go to the nearer and the earlier", "[train][classifiers]") {
  const auto x = tensor_with({5, 1}, {0, 1, 2, 3, 10});
  const auto labels = tensor_with({5}, {0, 0, 1, 1, 1});
  const Cpu on(2);
  const NearestNeighbours one(x, labels, 1), two(x, labels, 2), three(x, labels, 3);
  CHECK(three.nearest(on, tensor_with({1, 1}, {1.2}))[0] == std::vector<std::int64_t>{1, 2, 0});
  CHECK(one.predict(on, tensor_with({3, 1}, {1.4, 1.6, 1.5})) == std::vector<std::int64_t>{0, 1, 0});
  CHECK(two.predict(on, tensor_with({2, 1}, {1.4, 1.6})) == std::vector<std::int64_t>{0, 1});
  CHECK(three.predict(on, tensor_with({2, 1}, {0.9, 20})) == std::vector<std::int64_t>{0, 1});
  CHECK_THROWS_WITH(NearestNeighbours(x, labels, 6), Contains("number of samples, 5") && Contains("got 6"));
}

TEST_CASE("classifiers say what is wrong with their samples", "[train][classifiers]") {
  const auto x = tensor_with({3, 2}, {0, 1, 2, 3, 4, 5});
  CHECK_THROWS_WITH(linear_svm(x, tensor_with({2}, {0, 1})), Contains("3 samples") && Contains("(2)"));
  CHECK_THROWS_WITH(linear_svm(x, tensor_with({3}, {0, 1, 0.5})), Contains("sample 2") && Contains("0.5"));
  CHECK_THROWS_WITH(logistic_regression(x, tensor_with({3}, {0, 0, 0})), Contains("no sample of class 1"));
  CHECK_THROWS_WITH(linear_svm(x, tensor_with({3}, {0, 1, 1}), {.c = 0}), Contains("above 0"));
  CHECK_THROWS_WITH(logistic_regression(x, tensor_with({3}, {0, 1, 1}), {.c = 0}), Contains("above 0"));
  CHECK_THROWS_WITH(linear_svm(tensor_with({3}, {0, 1, 2}), tensor_with({3}, {0, 1, 1})),
                    Contains("expected samples (N, features), got (3)"));
  CHECK_THROWS_WITH(linear_svm(tensor_with({3, 1}, {0, 1, std::nan("")}), tensor_with({3}, {0, 1, 1})),
                    Contains("sample 2 is not finite"));
  CHECK_THROWS_WITH(
      NearestNeighbours(x, tensor_with({3}, {0, 1, 1}), 1).nearest(Cpu{1}, tensor_with({1, 3}, {0, 1, 2})),
      Contains("expected samples of 2 features, got (1, 3)"));
}

TEST_CASE("classifiers take no features, labels or settings that are no numbers", "[train][classifiers][errors]") {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto x = tensor_with({2, 1}, {-1, 1}), labels = tensor_with({2}, {0, 1});
  for (const double bad : {std::nan(""), infinity, -infinity}) {
    const auto bad_x = tensor_with({2, 1}, {-1, bad}), bad_labels = tensor_with({2}, {0, bad});
    CHECK_THROWS_WITH(linear_svm(bad_x, labels), Contains("linear_svm: sample 1 is not finite"));
    CHECK_THROWS_WITH(logistic_regression(bad_x, labels), Contains("logistic_regression: sample 1 is not finite"));
    CHECK_THROWS_WITH(NearestNeighbours(bad_x, labels, 1), Contains("NearestNeighbours: sample 1 is not finite"));
    CHECK_THROWS_WITH(linear_svm(x, bad_labels), Contains("the label of sample 1"));
    CHECK_THROWS_WITH(logistic_regression(x, bad_labels), Contains("the label of sample 1"));
    CHECK_THROWS_WITH(NearestNeighbours(x, bad_labels, 1), Contains("the label of sample 1"));
    CHECK_THROWS_WITH(linear_svm(x, labels).predict(bad_x), Contains("sample 1 is not finite"));
    CHECK_THROWS_WITH(logistic_regression(x, labels).scores(bad_x), Contains("sample 1 is not finite"));
    CHECK_THROWS_WITH(NearestNeighbours(x, labels, 1).predict(Cpu{1}, bad_x), Contains("sample 1 is not finite"));
    CHECK_THROWS_AS(linear_svm(x, labels, {.c = bad}), ValueError);
    CHECK_THROWS_AS(linear_svm(x, labels, {.tolerance = bad}), ValueError);
    CHECK_THROWS_AS(logistic_regression(x, labels, {.c = bad}), ValueError);
    CHECK_THROWS_AS(logistic_regression(x, labels, {.tolerance = bad}), ValueError);
  }
  CHECK_THROWS_WITH(linear_svm(x, labels, {.most_passes = 0}), Contains("most_passes must be at least 1"));
  CHECK_THROWS_WITH(logistic_regression(x, labels, {.most_steps = 0}), Contains("most_steps must be at least 1"));
}
