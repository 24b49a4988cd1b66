// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what cosine_decay_restarts.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/cosine_decay_restarts.hpp"
#include "brindle/train/step_schedule.hpp"

namespace brindle::detail {

BRINDLE_INLINE double cosine_decay_restarts_rate(double rate, std::int64_t step, const CosineDecayRestartsOptions& o) {
  double begin = 0, length = static_cast<double>(o.first_decay_steps), height = 1;
  for (; static_cast<double>(step) >= begin + length; height *= o.m_mul) {
    begin += length;
    length *= o.t_mul;
  }
  const double t = (static_cast<double>(step) - begin) / length;
  return rate * ((1 - o.alpha) * 0.5 * height * (1 + std::cos(3.14159265358979323846 * t)) + o.alpha);
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE Callback cosine_decay_restarts(const CosineDecayRestartsOptions& options) {
  if (options.first_decay_steps < 1 || !(options.t_mul >= 1 && std::isfinite(options.t_mul)))
    detail::raise<ValueError>("cosine_decay_restarts: expected first_decay_steps >= 1 and t_mul >= 1, got " +
                              std::to_string(options.first_decay_steps) + " and " + detail::number_text(options.t_mul));
  if (!(options.m_mul > 0 && std::isfinite(options.m_mul)) || !(options.alpha >= 0 && options.alpha <= 1))
    detail::raise<ValueError>("cosine_decay_restarts: expected m_mul above 0 and alpha from 0 to 1, got " +
                              detail::number_text(options.m_mul) + " and " + detail::number_text(options.alpha));
  return detail::step_schedule({.name = "cosine_decay_restarts",
                                .settings = "first_decay_steps " + std::to_string(options.first_decay_steps) +
                                            ", t_mul " + detail::number_text(options.t_mul) + ", m_mul " +
                                            detail::number_text(options.m_mul) + ", alpha " +
                                            detail::number_text(options.alpha),
                                .length = options.first_decay_steps,
                                .rate_of = [o = options](double rate, std::int64_t step, std::int64_t) {
                                  return detail::cosine_decay_restarts_rate(rate, step, o);
                                }});
}

}  // namespace brindle
