// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/train/callback.hpp"
#include "brindle/train/monitor.hpp"

// Schedules in one list of callbacks multiply: the rate of a step is the optimizer's rate times the factor of each
// schedule (step_decay, cosine_decay), times every reduction (reduce_on_plateau), whatever their order. The same holds
// for a callback of a program that sets FitState::learning_rate: the step behind it takes that rate, and schedules go
// on from it in proportion, multiplying it by how their factors change. So `s.learning_rate *= 0.5` halves the rest of
// the run; a callback that sets the rate of every step stands behind the schedules, or in the place of them.
//
// A second fit() with the same schedules goes on where they ended; a rate that was set in between is gone on from in
// proportion, too.
namespace brindle {

struct StepDecayOptions {
  std::int64_t every = 10;  ///< epochs, >= 1
  double factor = 0.5;      ///< above 0
};

/// Multiplies the optimizer's learning rate by a factor every few epochs.
///
///     .callbacks = {step_decay({.every = 10, .factor = 0.5})}
///
/// The callback counts epochs, and keeps the rate that it began with, over several calls of fit(). It multiplies with
/// other schedules. Throws ValueError for options out of range.
Callback step_decay(const StepDecayOptions& options = {});

struct CosineDecayOptions {
  std::int64_t decay_steps = 0;   ///< training steps; 0: all of the first fit(), less the warm-up
  double alpha = 0;               ///< share of the rate that is left at the end, 0 to 1
  std::int64_t warmup_steps = 0;  ///< in which the rate rises in a line from warmup_from to the optimizer's
  double warmup_from = 0;         ///< the rate of the first of them, >= 0
};

/// Lowers the optimizer's learning rate after each step along half a wave of a cosine.
///
///     .callbacks = {cosine_decay({.warmup_steps = 200})}
///
/// The callback counts steps, and keeps the rate that it began with, over several calls of fit(). It multiplies with
/// other schedules, the warm-up from warmup_from included. Throws ValueError for options out of range, and at the begin
/// of fit() if no step is left after the warm-up.
Callback cosine_decay(const CosineDecayOptions& options = {});

struct ReduceOnPlateauOptions {
  Monitor monitor = Monitor::val_loss;  ///< what has to improve
  double factor = 0.1;                  ///< above 0, below 1
  std::int64_t patience = 10;           ///< epochs without improvement, >= 0
  double min_delta = 1e-4;              ///< what is no larger is no improvement, >= 0
  std::int64_t cooldown = 0;            ///< epochs after a reduction that do not count, >= 0
  double min_rate = 0;                  ///< a reduction does not go below; other schedules may
};

/// Multiplies the learning rate by a factor when a figure has not become better for some epochs.
///
///     .callbacks = {reduce_on_plateau({.factor = 0.2, .patience = 5})}
///
/// Reductions last beside other schedules, which go on from the smaller rate. Meaning: Keras's ReduceLROnPlateau
/// (keras/src/callbacks/reduce_lr_on_plateau.py); each fit() begins anew. Throws ValueError for options out of range,
/// and at the begin of fit() if the figure will not be measured.
Callback reduce_on_plateau(const ReduceOnPlateauOptions& options = {});

}  // namespace brindle

namespace brindle::detail {

/// The learning rate after whole epochs: rate factor^floor(epochs / every).
///
/// Meaning: Keras's ExponentialDecay with staircase = True, counted in epochs.
double step_decay_rate(double rate, std::int64_t epochs, const StepDecayOptions& o);

/// The learning rate of a step, the first being 0: in the warm-up a line from warmup_from to rate; then
/// rate ((1 - alpha) (1 + cos(pi t)) / 2 + alpha), t the share of decay_steps that have passed.
///
/// Meaning: Keras's CosineDecay (keras/src/optimizers/schedules/learning_rate_schedule.py); our rate is its
/// warmup_target, and our warmup_from its initial_learning_rate, where there is a warm-up.
double cosine_decay_rate(double rate, std::int64_t step, const CosineDecayOptions& o);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/learning_rate_schedules_inl.hpp"
#endif
