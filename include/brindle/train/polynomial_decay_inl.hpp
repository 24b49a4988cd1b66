// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what polynomial_decay.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/polynomial_decay.hpp"
#include "brindle/train/step_schedule.hpp"

namespace brindle::detail {

BRINDLE_INLINE double polynomial_decay_rate(double rate, std::int64_t step, const PolynomialDecayOptions& o) {
  std::int64_t length = o.decay_steps;
  if (o.cycle) length *= std::max<std::int64_t>((step + length - 1) / length, 1);
  const double t = static_cast<double>(std::min(step, length)) / static_cast<double>(length);
  return (rate - o.end_rate) * std::pow(1 - t, o.power) + o.end_rate;
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE Callback polynomial_decay(const PolynomialDecayOptions& options) {
  if (options.decay_steps < 0 || !(options.end_rate >= 0) || !(options.power > 0))
    detail::raise<ValueError>("polynomial_decay: expected decay_steps >= 0, end_rate >= 0 and power > 0, got " +
                              std::to_string(options.decay_steps) + ", " + detail::number_text(options.end_rate) +
                              " and " + detail::number_text(options.power));
  return detail::step_schedule({.name = "polynomial_decay",
                                .settings = "decay_steps " + std::to_string(options.decay_steps) + ", end_rate " +
                                            detail::number_text(options.end_rate) + ", power " +
                                            detail::number_text(options.power) + (options.cycle ? ", cycle" : ""),
                                .length = options.decay_steps,
                                .rate_of = [o = options](double rate, std::int64_t step, std::int64_t length) mutable {
                                  o.decay_steps = length;
                                  return detail::polynomial_decay_rate(rate, step, o);
                                }});
}

}  // namespace brindle
