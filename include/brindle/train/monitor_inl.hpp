#pragma once

// Definitions of what monitor.hpp declares.
#include <limits>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/monitor.hpp"

namespace brindle {

BRINDLE_INLINE std::string to_string(Monitor monitor) {
  switch (monitor) {
    case Monitor::loss:
      return "loss";
    case Monitor::accuracy:
      return "accuracy";
    case Monitor::val_loss:
      return "val_loss";
    case Monitor::val_accuracy:
      return "val_accuracy";
  }
  return "?";
}

}  // namespace brindle

namespace brindle::detail {

/// True for losses, false for accuracies.
BRINDLE_INLINE bool smaller_is_better(Monitor monitor) {
  return monitor == Monitor::loss || monitor == Monitor::val_loss;
}

BRINDLE_INLINE double worst(Monitor monitor) {
  const double infinity = std::numeric_limits<double>::infinity();
  return smaller_is_better(monitor) ? infinity : -infinity;
}

BRINDLE_INLINE bool improves(Monitor monitor, double value, double best, double min_delta) {
  return smaller_is_better(monitor) ? value < best - min_delta : value > best + min_delta;
}

[[noreturn]] inline void raise_not_measured(Monitor monitor, const std::string& who) {
  raise<ValueError>(who + ": watches " + to_string(monitor) +
                    ", but fit() has no validation data; give it .validation or watch Monitor::" +
                    (smaller_is_better(monitor) ? "loss" : "accuracy"));
}

BRINDLE_INLINE void check_monitor(const FitState& state, Monitor monitor, const std::string& who) {
  if (!state.has_accuracy && !smaller_is_better(monitor))
    raise<ValueError>(who + ": watches " + to_string(monitor) +
                      ", but the loss compares no classes, so there is no accuracy; watch Monitor::" +
                      (monitor == Monitor::accuracy ? "loss" : "val_loss"));
  if (!state.validation && (monitor == Monitor::val_loss || monitor == Monitor::val_accuracy))
    raise_not_measured(monitor, who);
}

BRINDLE_INLINE double monitored(const FitState& state, Monitor monitor, const std::string& who) {
  if (monitor == Monitor::loss) return state.loss;
  if (monitor == Monitor::accuracy) return state.accuracy;
  const bool measured = state.has_validation() || (state.history && !state.history->val_loss.empty());
  if (!measured) raise_not_measured(monitor, who);
  return monitor == Monitor::val_loss ? state.val_loss : state.val_accuracy;
}

}  // namespace brindle::detail
