// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "brindle/report/chart.hpp"
#include "brindle/train/accuracy_forecast.hpp"
#include "brindle/train/learning_rate_range.hpp"

namespace brindle::report {

/// What a run will take and give, to be said before it starts.
struct RunForecast {
  double seconds = 0;                                       ///< from now to its end
  std::int64_t bytes = 0;                                   ///< of memory, the most at one time
  std::optional<AccuracyForecast> accuracy = std::nullopt;  ///< none: nothing tells

  /// "about 40 s, 300 MB, accuracy around 0.97 (0.95 to 0.98) expected". MB: 10^6 bytes.
  std::string text() const;
};

/// The losses of growing learning rates, by the logarithm of the rate, with the rate that was chosen.
///
/// Throws ValueError for a range without steps.
Chart learning_rate_chart(const LearningRateRange& range, const std::string& title = "Growing learning rates");

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/run_forecast_inl.hpp"
#endif
