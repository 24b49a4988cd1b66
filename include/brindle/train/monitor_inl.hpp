// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what monitor.hpp declares.
#include <limits>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/monitor.hpp"

namespace brindle {

BRINDLE_INLINE std::string to_string(const Monitor& monitor) {
  if (!monitor.metric().empty()) return "val_" + monitor.metric();
  return std::string(monitor.of_validation() ? "val_" : "") + (monitor.of_accuracy() ? "accuracy" : "loss");
}

}  // namespace brindle

namespace brindle::detail {

BRINDLE_INLINE double worst(const Monitor& monitor) {
  const double infinity = std::numeric_limits<double>::infinity();
  return monitor.smaller_is_better() ? infinity : -infinity;
}

BRINDLE_INLINE bool improves(const Monitor& monitor, double value, double best, double min_delta) {
  return monitor.smaller_is_better() ? value < best - min_delta : value > best + min_delta;
}

[[noreturn]] inline void raise_not_measured(const Monitor& monitor, const std::string& who) {
  raise<ValueError>(who + ": watches " + to_string(monitor) +
                    ", but fit() has no validation data; give it .validation or watch Monitor::" +
                    (monitor.of_accuracy() ? "accuracy" : "loss"));
}

BRINDLE_INLINE void check_monitor(const FitState& state, const Monitor& monitor, const std::string& who) {
  if (!state.has_accuracy && monitor.of_accuracy())
    raise<ValueError>(who + ": watches " + to_string(monitor) +
                      ", but the loss compares no classes, so there is no accuracy; watch Monitor::" +
                      (monitor.of_validation() ? "val_loss" : "loss"));
  if (!state.validation && monitor.of_validation()) raise_not_measured(monitor, who);
  if (!monitor.metric().empty() && !state.val_metrics.count(monitor.metric()))
    raise<ValueError>(who + ": watches " + to_string(monitor) + ", which is not among the .metrics of fit()");
}

BRINDLE_INLINE double monitored(const FitState& state, const Monitor& monitor, const std::string& who) {
  if (!monitor.of_validation()) return monitor.of_accuracy() ? state.accuracy : state.loss;
  const bool measured = state.has_validation() || (state.history && !state.history->val_loss.empty());
  if (!measured) raise_not_measured(monitor, who);
  if (!monitor.metric().empty()) return state.val_metrics.at(monitor.metric());
  return monitor.of_accuracy() ? state.val_accuracy : state.val_loss;
}

}  // namespace brindle::detail
