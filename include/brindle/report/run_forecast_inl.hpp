// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what run_forecast.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/report/chart.hpp"
#include "brindle/report/number_text.hpp"
#include "brindle/report/progress_line.hpp"
#include "brindle/report/run_forecast.hpp"
#include "brindle/train/learning_rate_range.hpp"

namespace brindle::report {

BRINDLE_INLINE std::string RunForecast::text() const {
  // Two digits: more would promise what no forecast keeps.
  const double unit = seconds < 100 ? 1 : seconds < 1000 ? 10 : 60;
  const auto megabytes = static_cast<double>(bytes) / 1e6;
  const double step = megabytes < 100 ? 1 : megabytes < 1000 ? 10 : 100;
  std::string all = "about " + progress::duration_text(std::max(1.0, std::round(seconds / unit) * unit)) + ", " +
                    fixed(std::max(1.0, std::round(megabytes / step) * step), 0) + " MB";
  if (accuracy) {
    const int digits = accuracy->judged < 1000 ? 2 : 3;
    all += ", accuracy around " + fixed(accuracy->accuracy, digits) + " (" + fixed(accuracy->low, digits) + " to " +
           fixed(accuracy->high, digits) + ")";
  }
  return all + " expected";
}

BRINDLE_INLINE Chart learning_rate_chart(const LearningRateRange& range, const std::string& title) {
  if (range.rates.empty()) detail::raise<ValueError>("learning_rate_chart: the range has no steps");
  Series each{.label = "each batch", .y = range.losses, .tint = Tint::second};
  Series smoothed{.label = "smoothed", .y = range.smoothed};
  for (const double rate : range.rates) {
    each.x.push_back(std::log10(rate));
    smoothed.x.push_back(std::log10(rate));
  }
  Panel panel{.x_label = "log10 of the learning rate", .y_label = "loss", .series = {each, smoothed}};
  if (range.rate > 0) {
    std::size_t at = 0;  // the step whose rate is nearest
    for (std::size_t i = 0; i < range.rates.size(); ++i)
      if (std::abs(std::log(range.rates[i] / range.rate)) < std::abs(std::log(range.rates[at] / range.rate))) at = i;
    panel.marks.push_back(
        {.x = std::log10(range.rate), .y = range.smoothed[at], .text = "chosen: " + shortest(range.rate)});
  }
  return {.title = title, .panels = {panel}, .width = 640};
}

}  // namespace brindle::report
