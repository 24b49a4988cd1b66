// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "brindle/train/callback.hpp"

namespace brindle::detail {

/// A schedule of the learning rate that goes by training steps.
struct StepSchedule {
  std::string name;         ///< begins messages: "cosine_decay"
  std::string settings;     ///< for checkpoints: a run goes on with the same alone
  std::int64_t length = 0;  ///< training steps that it is made for; 0: all of the first fit(), less the warm-up
  std::int64_t warmup = 0;  ///< training steps in front of them

  /// The rate of a step, the first being 0, where the optimizer's own is `rate`.
  std::function<double(double rate, std::int64_t step, std::int64_t length)> rate_of = {};
};

/// The callback of a schedule, which multiplies with others (learning_rate_schedules.hpp). It counts steps, and keeps
/// the rate that it began with, over several calls of fit(). Throws ValueError at the begin of a fit() that has no step
/// behind the warm-up.
Callback step_schedule(const StepSchedule& schedule);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/step_schedule_inl.hpp"
#endif
