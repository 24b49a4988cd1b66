// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/train/callback.hpp"

namespace brindle {

/// How one_cycle() goes.
struct OneCycleOptions {
  std::int64_t steps = 0;      ///< training steps of the cycle; 0: all of the first fit()
  double rising = 0.3;         ///< share of them in which the rate rises, 0 to 1
  double start_factor = 0.04;  ///< share of the optimizer's rate that the first step has, above 0, at most 1
  double final_factor = 4e-6;  ///< share that the last step has, and all behind it, 0 to 1
};

/// Raises the learning rate to the optimizer's and lowers it to almost nothing, both along half a wave of a cosine: few
/// epochs at a high rate.
///
///     .callbacks = {one_cycle()}
///
/// The callback counts steps, and keeps the rate that it began with, over several calls of fit(). It multiplies with
/// other schedules (learning_rate_schedules.hpp). Throws ValueError for options out of range.
Callback one_cycle(const OneCycleOptions& options = {});

}  // namespace brindle

namespace brindle::detail {

/// The learning rate of a step, the first being 0.
///
/// Meaning: PyTorch's OneCycleLR of two phases (torch/optim/lr_scheduler.py); our rate is its max_lr, start_factor
/// 1 / div_factor, final_factor 1 / (div_factor final_div_factor), rising pct_start.
double one_cycle_rate(double rate, std::int64_t step, const OneCycleOptions& o);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/one_cycle_inl.hpp"
#endif
