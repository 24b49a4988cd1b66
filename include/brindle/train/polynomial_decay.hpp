// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/train/callback.hpp"

namespace brindle {

/// How polynomial_decay() goes.
struct PolynomialDecayOptions {
  std::int64_t decay_steps = 0;  ///< training steps; 0: all of the first fit()
  double end_rate = 1e-4;        ///< the rate at the end and behind it, >= 0
  double power = 1;              ///< 1: along a line; above 0
  /// Where the decay ends, the rate goes up again: to that of a decay over twice the steps, which it then follows, then
  /// over three times, and so on; false: it stays at end_rate.
  bool cycle = false;
};

/// Lowers the optimizer's learning rate after each step along a polynomial, to end_rate.
///
///     .callbacks = {polynomial_decay({.end_rate = 0})}
///
/// The callback counts steps, and keeps the rate that it began with, over several calls of fit(). It multiplies with
/// other schedules (learning_rate_schedules.hpp), end_rate included. Throws ValueError for options out of range.
Callback polynomial_decay(const PolynomialDecayOptions& options = {});

}  // namespace brindle

namespace brindle::detail {

/// The learning rate of a step, the first being 0: (rate - end_rate) (1 - step / decay_steps)^power + end_rate.
///
/// Meaning: Keras's PolynomialDecay (keras/src/optimizers/schedules/learning_rate_schedule.py).
double polynomial_decay_rate(double rate, std::int64_t step, const PolynomialDecayOptions& o);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/polynomial_decay_inl.hpp"
#endif
