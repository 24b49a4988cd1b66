// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what early_stopping.hpp declares.
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/early_stopping.hpp"
#include "brindle/train/monitor.hpp"
#include "brindle/train/run_state.hpp"

namespace brindle {

BRINDLE_INLINE Callback early_stopping(const EarlyStoppingOptions& options) {
  if (options.patience < 0 || options.start_from_epoch < 0)
    detail::raise<ValueError>("early_stopping: patience and start_from_epoch must be at least 0, got " +
                              std::to_string(options.patience) + " and " + std::to_string(options.start_from_epoch));
  if (!(options.min_delta >= 0) || !std::isfinite(options.min_delta))
    detail::raise<ValueError>("early_stopping: min_delta must be at least 0, got " + std::to_string(options.min_delta));
  struct State {
    double best = 0;
    std::int64_t wait = 0;
  };
  const auto state = std::make_shared<State>();
  Callback callback;
  callback.begin = [state, options](FitState& s) {
    detail::check_monitor(s, options.monitor, "early_stopping");
    *state = {detail::worst(options.monitor), 0};
  };
  callback.epoch = [state, options](FitState& s) {
    const double value = detail::monitored(s, options.monitor, "early_stopping");
    if (s.epoch <= options.start_from_epoch) return;
    ++state->wait;
    if (detail::improves(options.monitor, value, state->best, options.min_delta)) {
      state->best = value;
      state->wait = 0;
    } else if (state->wait >= options.patience && s.epoch > 1) {
      s.stop = true;
    }
  };
  callback.state = [state, options](RunState& run) {
    run.same("early_stopping", to_string(options.monitor) + ", patience " + std::to_string(options.patience) +
                                   ", min_delta " + detail::number_text(options.min_delta) + ", start_from_epoch " +
                                   std::to_string(options.start_from_epoch));
    run.value("early_stopping.best", state->best);
    run.value("early_stopping.wait", state->wait);
  };
  return callback;
}

}  // namespace brindle
