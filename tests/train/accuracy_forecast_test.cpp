// SPDX-License-Identifier: MIT
#include "brindle/train/accuracy_forecast.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>

#include "brindle/core/error.hpp"
#include "brindle/core/random.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

/// n samples of two classes of which `wrong` are judged wrong.
struct Judged {
  Tensor<double> probabilities;
  Tensor<float> labels;
};
Judged judged(std::int64_t n, std::int64_t wrong) {
  Judged made{Tensor<double>({n, 2}), Tensor<float>({n, 1})};
  for (std::int64_t i = 0; i < n; ++i) {
    made.labels[i] = static_cast<float>(i % 2);
    const std::int64_t said = i < wrong ? 1 - i % 2 : i % 2;
    made.probabilities[i * 2 + said] = 0.8;
    made.probabilities[i * 2 + 1 - said] = 0.2;
  }
  return made;
}

}  // namespace

TEST_CASE("an accuracy is forecast by what was right, with Wilson's bounds of both counts", "[train][forecast]") {
  const Judged j = judged(300, 15);
  const AccuracyForecast f = accuracy_forecast(j.probabilities, j.labels, 100);
  CHECK(f.judged == 300);
  CHECK(f.accuracy == Approx(0.95));
  // Wilson's bounds solve |p - x| = z sqrt(x (1 - x) / n), here of n = 300 * 100 / 400 samples.
  for (const double bound : {f.low, f.high})
    CHECK(std::abs(0.95 - bound) == Approx(1.959964 * std::sqrt(bound * (1 - bound) / 75)).epsilon(1e-6));
  CHECK(f.low < 0.95);
  CHECK(f.high > 0.95);
  CHECK(accuracy_forecast(j.probabilities, j.labels, 10000).low > f.low);

  const Judged all = judged(40, 0);
  const AccuracyForecast sure = accuracy_forecast(all.probabilities, all.labels, 40);
  CHECK(sure.accuracy == 1);
  CHECK(sure.high == 1);
  CHECK(sure.low < 0.9);
}

TEST_CASE("of two thousand forecasts about 95 of 100 hold", "[train][forecast]") {
  // Both counts drawn of the same true accuracy: the bounds must hold the second.
  std::int64_t held = 0, drawn = 0;
  const Random random{.seed = 5, .what = stream_id("forecast")};
  const auto right = [&](std::int64_t n, double p) {
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < n; ++i) count += random.uniform(static_cast<std::uint64_t>(drawn++)) < p ? 1 : 0;
    return count;
  };
  const std::int64_t times = 2000;
  for (std::int64_t t = 0; t < times; ++t) {
    const std::int64_t first = right(200, 0.9);
    const Judged j = judged(200, 200 - first);
    const AccuracyForecast f = accuracy_forecast(j.probabilities, j.labels, 150);
    const double second = static_cast<double>(right(150, 0.9)) / 150;
    held += second >= f.low && second <= f.high ? 1 : 0;
  }
  CHECK(static_cast<double>(held) / static_cast<double>(times) == Approx(0.95).margin(0.02));
}

TEST_CASE("of equally probable classes the first is the answer", "[train][forecast]") {
  Judged j = judged(4, 0);  // labels 0, 1, 0, 1
  for (double& p : j.probabilities.span()) p = 0.5;
  j.labels[1] = 0;
  CHECK(accuracy_forecast(j.probabilities, j.labels, 2).accuracy == 0.75);
}

TEST_CASE("a forecast says what is missing", "[train][forecast]") {
  const Judged j = judged(4, 0);
  CHECK_THROWS_WITH(accuracy_forecast(j.probabilities, j.labels, 0), Contains("at least 1 validation sample, got 0"));
  CHECK_THROWS_WITH(accuracy_forecast(1, 0, 5), Contains("no samples to judge by"));
  CHECK_THROWS_WITH(accuracy_forecast(6, 5, 5), Contains("6 of 5 cannot be right"));
  CHECK_THROWS_AS(accuracy_forecast(j.probabilities, Tensor<float>({3, 1}), 5), ShapeError);
}
