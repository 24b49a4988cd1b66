#pragma once

#include <string>

#include "brindle/train/callback.hpp"

namespace brindle {

/// A figure of an epoch that callbacks watch. Of losses the smaller is the better, of accuracies the larger.
enum class Monitor { loss, accuracy, val_loss, val_accuracy };

/// What Keras calls it.
std::string to_string(Monitor monitor);

namespace detail {

/// Worse than any figure.
double worst(Monitor monitor);

/// Whether a figure beats the best one so far by more than min_delta. What is no number beats nothing.
bool improves(Monitor monitor, double value, double best, double min_delta = 0);

/// At the begin of fit(): throws ValueError if a callback watches what will not be measured.
void check_monitor(const FitState& state, Monitor monitor, const std::string& who);

/// The figure at the end of an epoch. Throws ValueError if it is one of the validation and fit() has no such data.
double monitored(const FitState& state, Monitor monitor, const std::string& who);

}  // namespace detail

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/monitor_inl.hpp"
#endif
