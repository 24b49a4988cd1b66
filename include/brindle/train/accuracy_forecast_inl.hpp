// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what accuracy_forecast.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/train/accuracy_forecast.hpp"
#include "brindle/train/out_of_fold.hpp"

namespace brindle {

BRINDLE_INLINE AccuracyForecast accuracy_forecast(TensorView<const double> probabilities,
                                                  TensorView<const float> labels, std::int64_t validation) {
  std::int64_t right = 0, judged = 0;
  for (const LabelSuspect& s : label_suspects(probabilities, labels)) {
    ++judged;
    // Of equally probable classes the first is the answer.
    right += s.margin < 0 || (s.margin == 0 && s.label < s.predicted) ? 1 : 0;
  }
  return accuracy_forecast(right, judged, validation);
}

BRINDLE_INLINE AccuracyForecast accuracy_forecast(std::int64_t right, std::int64_t judged, std::int64_t validation) {
  const std::string who = "accuracy_forecast: ";
  if (validation < 1)
    detail::raise<ValueError>(who + "expected at least 1 validation sample, got " + std::to_string(validation));
  if (judged < 1) detail::raise<ValueError>(who + "there are no samples to judge by");
  if (right < 0 || right > judged)
    detail::raise<ValueError>(who + std::to_string(right) + " of " + std::to_string(judged) + " cannot be right");
  AccuracyForecast f{.accuracy = static_cast<double>(right) / static_cast<double>(judged), .judged = judged};
  constexpr double z = 1.959963984540054;
  const double n = 1 / (1 / static_cast<double>(judged) + 1 / static_cast<double>(validation));
  const double middle = (f.accuracy + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(f.accuracy * (1 - f.accuracy) / n + z * z / (4 * n * n));
  f.low = std::max(middle - half, 0.0);
  f.high = std::min(middle + half, 1.0);
  return f;
}

}  // namespace brindle
