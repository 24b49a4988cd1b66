// SPDX-License-Identifier: MIT
#include "brindle/train/out_of_fold.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "brindle/core/error.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

// Clouds of points around a corner for each class.
struct Clouds {
  Tensor<float> x, labels;
};
Clouds clouds(std::int64_t n, std::int64_t classes, double spread) {
  Clouds all{random_tensor<float>({n, 6}, 5), Tensor<float>({n, 1})};
  for (std::int64_t i = 0; i < n; ++i) {
    all.labels[i] = static_cast<float>(i * 7 % classes);
    for (std::int64_t f = 0; f < 6; ++f)
      all.x[i * 6 + f] = static_cast<float>(spread) * all.x[i * 6 + f] + (f == i * 7 % classes ? 40.0f : 30.0f);
  }
  return all;
}

}  // namespace

TEST_CASE("folds have of each class as many samples as can be", "[train]") {
  Tensor<float> labels({53, 1});
  for (std::int64_t i = 0; i < 53; ++i) labels[i] = i % 10 == 0 ? 2.0f : static_cast<float>(i % 2);
  const auto folds = stratified_folds(labels, 5, 3);
  for (std::int64_t c = 0; c < 3; ++c) {
    std::vector<std::int64_t> counts(5);
    for (std::int64_t i = 0; i < 53; ++i)
      if (labels[i] == static_cast<float>(c)) ++counts[static_cast<std::size_t>(folds[static_cast<std::size_t>(i)])];
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    CHECK(*most - *least <= 1);
  }
  CHECK(folds == stratified_folds(labels, 5, 3));
  CHECK(folds != stratified_folds(labels, 5, 4));
  CHECK_THROWS_WITH(stratified_folds(labels, 1, 0), Catch::Contains("2 folds to the number of samples, 53"));
  CHECK_THROWS_WITH(stratified_folds(labels, 54, 0), Catch::Contains("got 54"));
  labels[9] = 0.5f;
  CHECK_THROWS_WITH(stratified_folds(labels, 5, 0), Catch::Contains("sample 9"));
}

TEST_CASE("classifiers that have not seen a sample find its class, and those whose label was changed", "[train]") {
  for (const std::int64_t classes : {2, 4}) {
    INFO(classes);
    Clouds all = clouds(200, classes, 2);
    std::set<std::int64_t> changed;
    for (const std::int64_t i : {3, 77, 150}) {
      changed.insert(i);
      all.labels[i] = static_cast<float>((static_cast<std::int64_t>(all.labels[i]) + 1) % classes);
    }
    const Tensor<double> p = out_of_fold_probabilities(Cpu(1), all.x, all.labels);
    REQUIRE(p.shape() == Shape{200, classes});
    for (std::int64_t i = 0; i < 200; ++i) {
      double sum = 0;
      for (std::int64_t c = 0; c < classes; ++c) sum += p[i * classes + c];
      CHECK(sum == Approx(1));
    }
    const auto suspects = label_suspects(p, all.labels);
    REQUIRE(suspects.size() == 200);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(changed.count(suspects[i].row) == 1);
      CHECK(suspects[i].margin > 0.3);
      CHECK(suspects[i].label == static_cast<std::int64_t>(all.labels[suspects[i].row]));
      CHECK(suspects[i].predicted == suspects[i].row * 7 % classes);
    }
    CHECK(suspects[3].margin < 0);
  }
}

TEST_CASE(
    "out-of-fold probabilities have the same bits for any number of threads, and do not depend on the features' "
    "scale",
    "[train]") {
  const Clouds all = clouds(90, 3, 20);
  const Tensor<double> one = out_of_fold_probabilities(Cpu(1), all.x, all.labels);
  for (const int threads : {2, 3}) CHECK(same_bits(one, out_of_fold_probabilities(Cpu(threads), all.x, all.labels)));
  Tensor<float> larger = all.x.clone();
  for (float& value : larger.span()) value *= 64;
  const Tensor<double> p = out_of_fold_probabilities(Cpu(1), larger, all.labels);
  for (std::int64_t i = 0; i < p.size(); ++i) CHECK(p[i] == Approx(one[i]).margin(1e-6));
}

TEST_CASE("a class of a single sample is no reason to stop", "[train]") {
  Clouds all = clouds(40, 2, 2);
  all.labels[5] = 2;
  const Tensor<double> p = out_of_fold_probabilities(Cpu(1), all.x, all.labels);
  for (const double value : p.span()) CHECK(std::isfinite(value));
  CHECK(p[5 * 3 + 2] < 1e-6);
}

TEST_CASE("probabilities and labels that do not fit are refused", "[train]") {
  const Clouds all = clouds(20, 2, 2);
  Tensor<float> broken = all.x.clone();
  broken[13] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(out_of_fold_probabilities(Cpu(1), broken, all.labels), DataError);
  CHECK_THROWS_WITH(out_of_fold_probabilities(Cpu(1), all.x, all.labels, {.penalty = 0}), Catch::Contains("penalty"));
  CHECK_THROWS_AS(label_suspects(Tensor<double>({3, 2}), Tensor<float>({4, 1})), ShapeError);
  Tensor<float> labels({3, 1});
  labels[1] = 2;
  CHECK_THROWS_WITH(label_suspects(Tensor<double>({3, 2}), labels), Catch::Contains("sample 1 has the label 2"));
}
