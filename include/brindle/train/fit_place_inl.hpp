// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what fit_place.hpp declares.
#include <chrono>

#include "brindle/core/inline.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/fit_place.hpp"
#include "brindle/train/history.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/training_step.hpp"

namespace brindle::detail {

BRINDLE_INLINE double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

BRINDLE_INLINE void FitPlace::visit(RunState& run) {
  run.value("epochs", epochs);
  run.value("step", step);
  run.value("samples", samples);
  run.value("position", position);
  run.value("seconds", seconds);
  run.value("waited", waited);
}

BRINDLE_INLINE void FitPlace::show(const StepTotals& totals, FitState& state) const {
  state.step = step;
  state.samples = samples;
  if (totals.samples > 0) {
    state.loss = totals.loss / static_cast<double>(totals.samples);
    state.accuracy = totals.correct / static_cast<double>(totals.samples);
  }
  state.seconds = seconds;
  state.waited = waited;
}

BRINDLE_INLINE void visit(RunState& run, StepTotals& totals) {
  run.value("sums.loss", totals.loss);
  run.value("sums.correct", totals.correct);
  run.value("sums.samples", totals.samples);
}

BRINDLE_INLINE void visit(RunState& run, History& history) {
  run.values("history.loss", history.loss);
  run.values("history.accuracy", history.accuracy);
  run.values("history.val_loss", history.val_loss);
  run.values("history.val_accuracy", history.val_accuracy);
  for (auto& [name, values] : history.val_metrics) run.values("history.val_" + name, values);
  run.values("history.seconds", history.seconds);
  run.values("history.waited", history.waited);
}

}  // namespace brindle::detail
