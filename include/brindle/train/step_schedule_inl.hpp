// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what step_schedule.hpp declares.
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/scheduled_rate.hpp"
#include "brindle/train/step_schedule.hpp"

namespace brindle::detail {

BRINDLE_INLINE Callback step_schedule(const StepSchedule& schedule) {
  struct State {
    std::int64_t length = 0;
    ScheduleMemory memory;
    std::int64_t steps = 0;
  };
  const auto state = std::make_shared<State>();
  state->length = schedule.length;
  const auto formula = [state, schedule](double rate) { return schedule.rate_of(rate, state->steps, state->length); };
  Callback callback;
  callback.begin = [state, schedule, formula](FitState& s) {
    if (!state->memory.begun && state->length == 0) {
      if (s.epochs * s.steps <= schedule.warmup)
        raise<ValueError>(schedule.name + ": a warm-up of " + std::to_string(schedule.warmup) +
                          " steps leaves none of the " + std::to_string(s.epochs * s.steps) +
                          " of fit(); give fewer, or .decay_steps");
      state->length = s.epochs * s.steps - schedule.warmup;
    }
    state->memory.begin(s, formula);
  };
  callback.keeps_weights = true;
  callback.step = [state, formula](FitState& s) {
    ++state->steps;
    state->memory.advance(s, formula);
  };
  callback.state = [state, schedule](RunState& run) {
    run.same(schedule.name, schedule.settings);
    state->memory.visit(run, schedule.name);
    run.value(schedule.name + ".steps", state->steps);
    run.value(schedule.name + ".decay_steps", state->length);
  };
  return callback;
}

}  // namespace brindle::detail
