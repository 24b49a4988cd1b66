// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what learning_rate_schedules.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/learning_rate_schedules.hpp"
#include "brindle/train/monitor.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/scheduled_rate.hpp"
#include "brindle/train/step_schedule.hpp"

namespace brindle::detail {

BRINDLE_INLINE double step_decay_rate(double rate, std::int64_t epochs, const StepDecayOptions& o) {
  return rate * std::pow(o.factor, static_cast<double>(epochs / o.every));
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE Callback step_decay(const StepDecayOptions& options) {
  if (options.every < 1 || !(options.factor > 0) || !std::isfinite(options.factor))
    detail::raise<ValueError>("step_decay: expected every >= 1 and factor > 0, got " + std::to_string(options.every) +
                              " and " + std::to_string(options.factor));
  struct State {
    detail::ScheduleMemory memory;
    std::int64_t epochs = 0;
  };
  const auto state = std::make_shared<State>();
  const auto formula = [state, options](double rate) { return detail::step_decay_rate(rate, state->epochs, options); };
  Callback callback;
  callback.begin = [state, formula](FitState& s) { state->memory.begin(s, formula); };
  callback.epoch = [state, formula](FitState& s) {
    ++state->epochs;
    state->memory.advance(s, formula);
  };
  callback.state = [state, options](RunState& run) {
    run.same("step_decay",
             "every " + std::to_string(options.every) + ", factor " + detail::number_text(options.factor));
    state->memory.visit(run, "step_decay");
    run.value("step_decay.epochs", state->epochs);
  };
  return callback;
}

}  // namespace brindle

namespace brindle::detail {

BRINDLE_INLINE double cosine_decay_rate(double rate, std::int64_t step, const CosineDecayOptions& o) {
  if (step < o.warmup_steps)
    return o.warmup_from + (rate - o.warmup_from) * static_cast<double>(step) / static_cast<double>(o.warmup_steps);
  const double t =
      static_cast<double>(std::min(step - o.warmup_steps, o.decay_steps)) / static_cast<double>(o.decay_steps);
  return rate * ((1 - o.alpha) * 0.5 * (1 + std::cos(3.14159265358979323846 * t)) + o.alpha);
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE Callback cosine_decay(const CosineDecayOptions& options) {
  if (options.decay_steps < 0 || options.warmup_steps < 0)
    detail::raise<ValueError>("cosine_decay: decay_steps and warmup_steps must be at least 0, got " +
                              std::to_string(options.decay_steps) + " and " + std::to_string(options.warmup_steps));
  if (!(options.alpha >= 0 && options.alpha <= 1) || !(options.warmup_from >= 0))
    detail::raise<ValueError>("cosine_decay: expected alpha from 0 to 1 and warmup_from >= 0, got " +
                              std::to_string(options.alpha) + " and " + std::to_string(options.warmup_from));
  return detail::step_schedule({.name = "cosine_decay",
                                .settings = "decay_steps " + std::to_string(options.decay_steps) + ", alpha " +
                                            detail::number_text(options.alpha) + ", warmup_steps " +
                                            std::to_string(options.warmup_steps) + ", warmup_from " +
                                            detail::number_text(options.warmup_from),
                                .length = options.decay_steps,
                                .warmup = options.warmup_steps,
                                .rate_of = [o = options](double rate, std::int64_t step, std::int64_t length) mutable {
                                  o.decay_steps = length;
                                  return detail::cosine_decay_rate(rate, step, o);
                                }});
}

BRINDLE_INLINE Callback reduce_on_plateau(const ReduceOnPlateauOptions& options) {
  if (!(options.factor > 0 && options.factor < 1))
    detail::raise<ValueError>("reduce_on_plateau: factor must be above 0 and below 1, got " +
                              std::to_string(options.factor));
  if (options.patience < 0 || options.cooldown < 0 || !(options.min_delta >= 0) || !(options.min_rate >= 0))
    detail::raise<ValueError>("reduce_on_plateau: patience, cooldown, min_delta and min_rate must be at least 0, got " +
                              std::to_string(options.patience) + ", " + std::to_string(options.cooldown) + ", " +
                              std::to_string(options.min_delta) + " and " + std::to_string(options.min_rate));
  struct State {
    double best = 0;
    std::int64_t wait = 0;
    std::int64_t cooling = 0;
  };
  const auto state = std::make_shared<State>();
  Callback callback;
  callback.begin = [state, options](FitState& s) {
    detail::check_monitor(s, options.monitor, "reduce_on_plateau");
    *state = {detail::worst(options.monitor), 0, 0};
  };
  callback.epoch = [state, options](FitState& s) {
    const double value = detail::monitored(s, options.monitor, "reduce_on_plateau");
    if (state->cooling > 0) {
      --state->cooling;
      state->wait = 0;
    }
    if (detail::improves(options.monitor, value, state->best, options.min_delta)) {
      state->best = value;
      state->wait = 0;
    } else if (state->cooling == 0 && ++state->wait >= options.patience && s.learning_rate > options.min_rate) {
      s.learning_rate = std::max(s.learning_rate * options.factor, options.min_rate);
      state->cooling = options.cooldown;
      state->wait = 0;
    }
  };
  callback.state = [state, options](RunState& run) {
    run.same("reduce_on_plateau", to_string(options.monitor) + ", factor " + detail::number_text(options.factor) +
                                      ", patience " + std::to_string(options.patience) + ", min_delta " +
                                      detail::number_text(options.min_delta) + ", cooldown " +
                                      std::to_string(options.cooldown) + ", min_rate " +
                                      detail::number_text(options.min_rate));
    run.value("reduce_on_plateau.best", state->best);
    run.value("reduce_on_plateau.wait", state->wait);
    run.value("reduce_on_plateau.cooling", state->cooling);
  };
  return callback;
}

}  // namespace brindle
