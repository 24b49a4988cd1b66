// SPDX-License-Identifier: MIT
#include "brindle/report/run_forecast.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "brindle/core/error.hpp"

using namespace brindle;
using Catch::Matchers::Contains;
using report::RunForecast;

TEST_CASE("a forecast is one sentence with no more digits than it can keep", "[report][forecast]") {
  CHECK(RunForecast{.seconds = 41.3, .bytes = 304000000, .accuracy = accuracy_forecast(291, 300, 100)}.text() ==
        "about 41 s, 300 MB, accuracy around 0.97 (0.90 to 0.99) expected");
  CHECK(RunForecast{.seconds = 0.02, .bytes = 10}.text() == "about 1 s, 1 MB expected");
  CHECK(RunForecast{.seconds = 204, .bytes = 1240000000}.text() == "about 3 min 20 s, 1200 MB expected");
  CHECK(RunForecast{.seconds = 4000, .bytes = 56400000}.text() == "about 1 h 7 min, 56 MB expected");
  CHECK_THAT((RunForecast{.seconds = 1, .bytes = 1, .accuracy = accuracy_forecast(988, 1000, 1000)}.text()),
             Contains("accuracy around 0.988 (0.9"));
}

TEST_CASE("growing learning rates are drawn by their logarithm, with the chosen one marked", "[report][forecast]") {
  LearningRateRange range;
  for (int i = 0; i <= 8; ++i) {
    range.rates.push_back(std::pow(10, -5 + 0.5 * i));
    range.losses.push_back(i < 5 ? 3 - 0.5 * i : 0.5 + (i - 5));
    range.smoothed.push_back(range.losses.back() + 0.1);
  }
  range.rate = 1e-3;
  const report::Chart chart = report::learning_rate_chart(range);
  REQUIRE(chart.panels.size() == 1);
  CHECK(chart.panels[0].series[1].x.front() == Approx(-5));
  REQUIRE(chart.panels[0].marks.size() == 1);
  CHECK(chart.panels[0].marks[0].x == Approx(-3));
  CHECK(chart.panels[0].marks[0].y == Approx(range.smoothed[4]));
  CHECK_THAT(report::chart_svg(chart), Contains("chosen: 0.001"));
  range.rate = 0;  // the loss said nothing
  CHECK(report::learning_rate_chart(range).panels[0].marks.empty());
  CHECK_THROWS_WITH(report::learning_rate_chart({}), Contains("no steps"));
}
