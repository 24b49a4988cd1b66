// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include "brindle/nn/metric.hpp"
#include "brindle/train/callback.hpp"

namespace brindle {

/// A figure of an epoch that callbacks watch. Of losses the smaller is the better, of accuracies the larger, of a
/// metric what it says.
///
///     keep_best(model, {.monitor = Monitor::val_accuracy})
///     keep_best(model, {.monitor = Monitor::val_metric(metrics::auc())})
class Monitor {
 public:
  static const Monitor loss;          ///< of training
  static const Monitor accuracy;      ///< of training
  static const Monitor val_loss;      ///< of the validation data
  static const Monitor val_accuracy;  ///< of the validation data

  /// A metric of the validation data, one of FitOptions::metrics: found by its name.
  static Monitor val_metric(const Metric& metric) { return {Kind::val_metric, metric.name, !metric.larger_is_better}; }

  bool of_validation() const { return kind_ != Kind::loss && kind_ != Kind::accuracy; }  ///< not of training
  bool smaller_is_better() const { return smaller_is_better_; }                          ///< else the larger
  /// Whether it is an accuracy, which not every loss has.
  bool of_accuracy() const { return kind_ == Kind::accuracy || kind_ == Kind::val_accuracy; }
  /// The metric's name; empty for the four others.
  const std::string& metric() const { return metric_; }

  friend bool operator==(const Monitor&, const Monitor&) = default;  ///< the same figure

 private:
  enum class Kind { loss, accuracy, val_loss, val_accuracy, val_metric };
  Monitor(Kind kind, std::string metric, bool smaller_is_better)
      : kind_(kind), metric_(std::move(metric)), smaller_is_better_(smaller_is_better) {}
  Kind kind_;
  std::string metric_;
  bool smaller_is_better_;
};

inline const Monitor Monitor::loss{Kind::loss, "", true};
inline const Monitor Monitor::accuracy{Kind::accuracy, "", false};
inline const Monitor Monitor::val_loss{Kind::val_loss, "", true};
inline const Monitor Monitor::val_accuracy{Kind::val_accuracy, "", false};

/// What Keras calls it: "val_loss", "val_auc".
std::string to_string(const Monitor& monitor);

namespace detail {

/// Worse than any figure.
double worst(const Monitor& monitor);

/// Whether a figure beats the best one so far by more than min_delta. What is no number beats nothing.
bool improves(const Monitor& monitor, double value, double best, double min_delta = 0);

/// At the begin of fit(): throws ValueError if a callback watches what will not be measured.
void check_monitor(const FitState& state, const Monitor& monitor, const std::string& who);

/// The figure at the end of an epoch. Throws ValueError if it is one of the validation and fit() has no such data.
double monitored(const FitState& state, const Monitor& monitor, const std::string& who);

}  // namespace detail

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/monitor_inl.hpp"
#endif
