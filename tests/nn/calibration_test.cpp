// SPDX-License-Identifier: MIT
#include "brindle/nn/calibration.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "support/golden.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

void check_figures(const Calibration& c, const Tensor<double>& expected) {
  CHECK(c.negative_log_likelihood == Approx(expected[0]).epsilon(1e-9));
  CHECK(c.expected_calibration_error == Approx(expected[1]).epsilon(1e-9));
  CHECK(c.brier_score == Approx(expected[2]).epsilon(1e-9));
}

}  // namespace

TEST_CASE("likelihood, calibration error and Brier score of logits are scikit-learn's", "[nn][calibration]") {
  const Golden golden("calibration.npz");
  for (const std::string& name : golden.cases()) {
    INFO(name);
    const CalibrationOptions options{.from_logits = true, .each_output = name == "each_of_four"};
    check_figures(calibration(golden.get<float>(name + ".logits"), golden.get<float>(name + ".labels"), options),
                  golden.get<double>(name + ".before"));
  }
}

TEST_CASE("probabilities have the figures of the logits that they come from", "[nn][calibration]") {
  const Golden golden("calibration.npz");
  for (const std::string& name : golden.cases()) {
    INFO(name);
    Tensor<float> y = golden.get<float>(name + ".logits");
    const std::int64_t n = y.shape()[0], k = y.shape()[1];
    const bool one_sigmoid = k == 1 || name == "each_of_four";
    for (std::int64_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::int64_t c = 0; c < k; ++c) sum += std::exp(static_cast<double>(y[i * k + c]));
      for (std::int64_t c = 0; c < k; ++c) {
        const double e = std::exp(static_cast<double>(y[i * k + c]));
        y[i * k + c] = static_cast<float>(one_sigmoid ? e / (1 + e) : e / sum);
      }
    }
    const Calibration c = calibration(y, golden.get<float>(name + ".labels"), {.each_output = name == "each_of_four"});
    const Tensor<double> expected = golden.get<double>(name + ".before");
    CHECK(c.negative_log_likelihood == Approx(expected[0]).epsilon(1e-5));
    CHECK(c.brier_score == Approx(expected[2]).epsilon(1e-5));
    CHECK(c.samples == n);
  }
}

TEST_CASE("bins hold what lies in them, their upper bound included", "[nn][calibration]") {
  // Confidences 0.75 (right), 0.75 (wrong), 1 (right) and 0.5 (class 0, right), in bins of a quarter.
  const auto p = tensor_of({4, 1}, {0.75f, 0.25f, 1.0f, 0.5f});
  const Calibration c = calibration(p, tensor_of({4, 1}, {1, 1, 1, 0}), {.bins = 4});
  REQUIRE(c.bins.size() == 4);
  CHECK(c.bins[0].count == 0);
  CHECK(c.bins[1].count == 1);
  CHECK(c.bins[1].confidence == Approx(0.5));
  CHECK(c.bins[1].accuracy == 1);
  CHECK(c.bins[2].count == 2);
  CHECK(c.bins[2].confidence == Approx(0.75));
  CHECK(c.bins[2].accuracy == Approx(0.5));
  CHECK(c.bins[3].count == 1);
  CHECK(c.expected_calibration_error == Approx((0.5 + 2 * 0.25 + 0) / 4).margin(1e-7));
  CHECK(c.brier_score == Approx((0.0625 + 0.5625 + 0 + 0.25) / 4));
}

TEST_CASE("a probability of zero for what was true has a finite likelihood", "[nn][calibration]") {
  const double smallest = -std::log(static_cast<double>(std::numeric_limits<float>::min()));
  CHECK(calibration(tensor_of({1, 3}, {0, 1, 0}), tensor_of({1, 1}, {0})).negative_log_likelihood ==
        Approx(smallest).epsilon(1e-6));
  CHECK(calibration(tensor_of({1, 1}, {1}), tensor_of({1, 1}, {0})).negative_log_likelihood ==
        Approx(25 * std::log(2.0)).epsilon(1e-6));
  CHECK(calibration(tensor_of({1, 1}, {400}), tensor_of({1, 1}, {0}), {.from_logits = true}).negative_log_likelihood ==
        Approx(400));
}

TEST_CASE("probabilities and labels without a meaning are refused", "[nn][calibration]") {
  const auto of = [](const Tensor<float>& p, const Tensor<float>& labels, const CalibrationOptions& o = {}) {
    return calibration(p, labels, o);
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(of(Tensor<float>({0, 3}), Tensor<float>({0, 1})), Contains("there are no samples"));
  CHECK_THROWS_WITH(of(tensor_of({2, 1}, {0.5f, nan}), tensor_of({2, 1}, {0, 1})),
                    Contains("sample 1") && Contains("nan"));
  CHECK_THROWS_WITH(of(tensor_of({1, 2}, {3, -2}), tensor_of({1, 1}, {0})), Contains(".from_logits = true"));
  CHECK_THROWS_WITH(of(tensor_of({1, 2}, {0.5f, 0.5f}), tensor_of({1, 1}, {2})), Contains("label 0 is 2"));
  CHECK_THROWS_WITH(of(tensor_of({1, 2}, {0.5f, 0.5f}), tensor_of({1, 1}, {0.5f})), Contains("label 0 is 0.5"));
  CHECK_THROWS_WITH(of(tensor_of({1, 2}, {0.5f, 0.5f}), tensor_of({1, 2}, {0, 1})),
                    Contains("(1, 1)") && Contains("(1, 2)") && Contains(".each_output"));
  CHECK_THROWS_WITH(of(tensor_of({1, 2}, {0.5f, 0.5f}), tensor_of({1, 1}, {0}), {.bins = 0}), Contains("bins is 0"));
  CHECK_THROWS_AS(of(Tensor<float>({4}), Tensor<float>({4, 1})), ShapeError);
}
