// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what one_cycle.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/one_cycle.hpp"
#include "brindle/train/step_schedule.hpp"

namespace brindle::detail {

BRINDLE_INLINE double one_cycle_rate(double rate, std::int64_t step, const OneCycleOptions& o) {
  const auto wave = [](double from, double to, double t) {
    return to + (from - to) / 2 * (1 + std::cos(3.14159265358979323846 * t));
  };
  const double last = static_cast<double>(o.steps) - 1;
  const double top = o.rising * static_cast<double>(o.steps) - 1;  // may lie between two steps, as PyTorch's
  const double at = std::min(static_cast<double>(step), last);
  if (at <= top) return rate * (top > 0 ? wave(o.start_factor, 1, at / top) : 1);
  return rate * (last > top ? wave(1, o.final_factor, (at - top) / (last - top)) : o.final_factor);
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE Callback one_cycle(const OneCycleOptions& options) {
  if (options.steps < 0 || !(options.rising >= 0 && options.rising <= 1))
    detail::raise<ValueError>("one_cycle: expected steps >= 0 and rising from 0 to 1, got " +
                              std::to_string(options.steps) + " and " + detail::number_text(options.rising));
  if (!(options.start_factor > 0 && options.start_factor <= 1) ||
      !(options.final_factor >= 0 && options.final_factor <= 1))
    detail::raise<ValueError>(
        "one_cycle: expected start_factor above 0 and at most 1, and final_factor from 0 to 1, got " +
        detail::number_text(options.start_factor) + " and " + detail::number_text(options.final_factor));
  return detail::step_schedule({.name = "one_cycle",
                                .settings = "steps " + std::to_string(options.steps) + ", rising " +
                                            detail::number_text(options.rising) + ", start_factor " +
                                            detail::number_text(options.start_factor) + ", final_factor " +
                                            detail::number_text(options.final_factor),
                                .length = options.steps,
                                .rate_of = [o = options](double rate, std::int64_t step, std::int64_t length) mutable {
                                  o.steps = length;
                                  return detail::one_cycle_rate(rate, step, o);
                                }});
}

}  // namespace brindle
