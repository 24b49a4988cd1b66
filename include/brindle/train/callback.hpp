// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "brindle/train/history.hpp"
#include "brindle/train/scheduled_rate.hpp"

namespace brindle {

/// Where a running fit() stands; what callbacks see and may steer. loss and accuracy are means over the samples of the
/// epoch so far, accuracies NaN where the loss has none; val_loss and val_accuracy are there at the end of an epoch
/// that has validation data, else NaN.
struct FitState {
  std::int64_t epoch = 0;                                          ///< 1 for the first
  std::int64_t epochs = 0;                                         ///< that fit() was asked for
  std::int64_t step = 0;                                           ///< of this epoch, 1 for the first
  std::int64_t steps = 0;                                          ///< in an epoch
  std::int64_t samples = 0;                                        ///< of this epoch, so far
  double loss = 0;                                                 ///< of training, weighted as it was trained
  double accuracy = 0;                                             ///< of training, 0..1
  double val_loss = std::numeric_limits<double>::quiet_NaN();      ///< of the validation data
  double val_accuracy = std::numeric_limits<double>::quiet_NaN();  ///< 0..1
  std::map<std::string, double> val_metrics = {};  ///< FitOptions::metrics by name; NaN before the first validation
  double seconds = 0;                              ///< of this epoch, so far
  double waited = 0;                 ///< of these, those in which training waited for its samples to be read
  const History* history = nullptr;  ///< of the epochs that are done

  /// May be changed, here or in the trainer's optimizer (by set_optimizer_state() as well); holds from the next step
  /// on, schedules go on from it in proportion.
  double learning_rate = 0;
  /// Set: fit() ends after this epoch. Set in a step, the epoch ends with that step, and is validated and counted.
  bool stop = false;
  /// Set: fit() ends at once, with a checkpoint if it has one. Set in a step, the epoch is neither validated nor
  /// counted; a run that goes on from the checkpoint brings it to its end.
  bool pause = false;
  bool resumed = false;      ///< fit() goes on from a checkpoint
  bool validation = true;    ///< fit() has validation data; known from the begin on
  bool has_accuracy = true;  ///< the loss compares classes; known from the begin on

  ScheduledRate schedules = {};  ///< for schedules, which do not set learning_rate by themselves

  bool has_validation() const { return !std::isnan(val_loss); }  ///< at the end of an epoch that has validation data
};

/// Functions that fit() calls; each may be left out.
///
///     .callbacks = {{.epoch = [](FitState& s) { if (s.val_accuracy > 0.9) s.stop = true; }}}
struct Callback {
  std::function<void(FitState&)> begin = {};  ///< before the first epoch
  std::function<void(FitState&)> step = {};   ///< after each training step
  std::function<void(FitState&)> epoch = {};  ///< after each epoch and its validation
  std::function<void(FitState&)> end = {};    ///< after the last epoch, and where fit() was stopped or paused
  /// An exception leaves fit() after `begin`, thrown by a step, the data, a checkpoint or a callback, perhaps after
  /// `end`: to put back what must not stay. What it throws itself is dropped; the exception that leaves is the first.
  std::function<void(FitState&)> failed = {};
  /// What the callback remembers from epoch to epoch, for checkpoints; restored after `begin`.
  std::function<void(RunState&)> state = {};
  /// In `step` it changes no weights, and reads none through views or pointers that it got elsewhere. Where all
  /// processes that train together are on one machine, and all callbacks with a `step` say so, the large weights are in
  /// other memory while an epoch's steps run, which all have in common.
  bool keeps_weights = false;
  /// Only writes or prints, and steers nothing: where several processes train together, the first one alone calls it.
  bool once = false;
};

}  // namespace brindle
