// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/train/callback.hpp"

namespace brindle {

/// How cosine_decay_restarts() goes.
struct CosineDecayRestartsOptions {
  std::int64_t first_decay_steps = 0;  ///< training steps of the first wave, >= 1
  double t_mul = 2;                    ///< how many times as long as the one before each wave is, >= 1
  double m_mul = 1;                    ///< share of the height of the one before that each wave has, above 0
  double alpha = 0;                    ///< share of the rate that is left at the end of a wave, 0 to 1
};

/// Lowers the optimizer's learning rate along half a wave of a cosine, again and again from the top.
///
///     .callbacks = {cosine_decay_restarts({.first_decay_steps = 500})}
///
/// The callback counts steps, and keeps the rate that it began with, over several calls of fit(). It multiplies with
/// other schedules (learning_rate_schedules.hpp). Throws ValueError for options out of range.
Callback cosine_decay_restarts(const CosineDecayRestartsOptions& options);

}  // namespace brindle

namespace brindle::detail {

/// The learning rate of a step, the first being 0.
///
/// Meaning: Keras's CosineDecayRestarts (keras/src/optimizers/schedules/learning_rate_schedule.py).
double cosine_decay_restarts_rate(double rate, std::int64_t step, const CosineDecayRestartsOptions& o);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/cosine_decay_restarts_inl.hpp"
#endif
