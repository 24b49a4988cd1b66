// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/train/callback.hpp"
#include "brindle/train/monitor.hpp"

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
Callback early_stopping(const EarlyStoppingOptions& options = {});

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/early_stopping_inl.hpp"
#endif
