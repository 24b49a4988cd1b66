// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/nn/model.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/monitor.hpp"

namespace brindle {

struct KeepBestOptions {
  Monitor monitor = Monitor::val_loss;  ///< the figure by which an epoch is the best
};

/// Copies the weights whenever a figure is better than ever, and puts the best ones back when fit() ends, also where it
/// ends with an exception. An epoch whose figure only equals the best does not replace it.
///
///     .callbacks = {keep_best(model, {.monitor = Monitor::val_accuracy})}
///
/// Costs the memory of the weights once more. What the optimizer remembers stays that of the last step. The model must
/// outlive the callback. Throws ValueError at the begin of fit() if the figure will not be measured. Meaning:
/// restore_best_weights of Keras's EarlyStopping.
template <class T, class Device>
Callback keep_best(Model<T, Device>& model, const KeepBestOptions& options = {});

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/keep_best_inl.hpp"
#endif
