#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/monitor.hpp"
#include "brindle/train/run_state.hpp"

namespace brindle {

struct EarlyStoppingOptions {
  Monitor monitor = Monitor::val_loss;  ///< what has to improve
  std::int64_t patience = 0;            ///< epochs without improvement after which training ends, >= 0
  double min_delta = 0;                 ///< what is no larger is no improvement, >= 0
  std::int64_t start_from_epoch = 0;    ///< epochs at the beginning that do not count, >= 0
};

/// Ends training when a figure has not become better for some epochs.
///
///     .callbacks = {early_stopping({.monitor = Monitor::val_loss, .patience = 5})}
///
/// Each fit() begins anew; its first epoch never ends it. Meaning: Keras's EarlyStopping
/// (keras/src/callbacks/early_stopping.py), whose restore_best_weights is keep_best() here; a figure that is no number
/// is never the best here. Throws ValueError for options out of range, and at the begin of fit() if the figure will not
/// be measured.
inline Callback early_stopping(const EarlyStoppingOptions& options = {}) {
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
