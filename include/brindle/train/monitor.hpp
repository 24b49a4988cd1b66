#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/train/callback.hpp"

namespace brindle {

/// A figure of an epoch that callbacks watch. Of losses the smaller is the better, of accuracies the larger.
enum class Monitor { loss, accuracy, val_loss, val_accuracy };

/// What Keras calls it.
inline std::string to_string(Monitor monitor) {
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

namespace detail {

/// True for losses, false for accuracies.
inline bool smaller_is_better(Monitor monitor) { return monitor == Monitor::loss || monitor == Monitor::val_loss; }

/// Worse than any figure.
inline double worst(Monitor monitor) {
  const double infinity = std::numeric_limits<double>::infinity();
  return smaller_is_better(monitor) ? infinity : -infinity;
}

/// Whether a figure beats the best one so far by more than min_delta. What is no number beats nothing.
inline bool improves(Monitor monitor, double value, double best, double min_delta = 0) {
  return smaller_is_better(monitor) ? value < best - min_delta : value > best + min_delta;
}

[[noreturn]] inline void raise_not_measured(Monitor monitor, const std::string& who) {
  raise<ValueError>(who + ": watches " + to_string(monitor) +
                    ", but fit() has no validation data; give it .validation or watch Monitor::" +
                    (smaller_is_better(monitor) ? "loss" : "accuracy"));
}

/// At the begin of fit(): throws ValueError if a callback watches what will not be measured.
inline void check_monitor(const FitState& state, Monitor monitor, const std::string& who) {
  if (!state.validation && (monitor == Monitor::val_loss || monitor == Monitor::val_accuracy))
    raise_not_measured(monitor, who);
}

/// The figure at the end of an epoch. Throws ValueError if it is one of the validation and fit() has no such data.
inline double monitored(const FitState& state, Monitor monitor, const std::string& who) {
  if (monitor == Monitor::loss) return state.loss;
  if (monitor == Monitor::accuracy) return state.accuracy;
  const bool measured = state.has_validation() || (state.history && !state.history->val_loss.empty());
  if (!measured) raise_not_measured(monitor, who);
  return monitor == Monitor::val_loss ? state.val_loss : state.val_accuracy;
}

}  // namespace detail

}  // namespace brindle
