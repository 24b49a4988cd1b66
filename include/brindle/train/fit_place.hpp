#pragma once

#include <chrono>
#include <cstdint>

#include "brindle/train/callback.hpp"
#include "brindle/train/history.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/training_step.hpp"

// What a fit() remembers between two steps, beside the model.
namespace brindle::detail {

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// What a callback does where an exception leaves fit().
inline void tell_failed(const Callback& c, FitState& state) {
  try {
    if (c.failed) c.failed(state);
  } catch (...) {  // the first exception is the one that leaves fit()
  }
}

/// Where it stands.
struct FitPlace {
  std::int64_t epochs = 0;    // done
  std::int64_t step = 0;      // of the running epoch, done
  std::int64_t samples = 0;   // of the running epoch
  std::int64_t position = 0;  // of the next sample in its pass over the data
  double seconds = 0;         // of the running epoch
  double waited = 0;          // of these

  void visit(RunState& run) {
    run.value("epochs", epochs);
    run.value("step", step);
    run.value("samples", samples);
    run.value("position", position);
    run.value("seconds", seconds);
    run.value("waited", waited);
  }

  /// Tells callbacks.
  void show(const StepTotals& totals, FitState& state) const {
    state.step = step;
    state.samples = samples;
    if (totals.samples > 0) {
      state.loss = totals.loss / static_cast<double>(totals.samples);
      state.accuracy = totals.correct / static_cast<double>(totals.samples);
    }
    state.seconds = seconds;
    state.waited = waited;
  }
};

inline void visit(RunState& run, StepTotals& totals) {
  run.value("sums.loss", totals.loss);
  run.value("sums.correct", totals.correct);
  run.value("sums.samples", totals.samples);
}

inline void visit(RunState& run, History& history) {
  run.values("history.loss", history.loss);
  run.values("history.accuracy", history.accuracy);
  run.values("history.val_loss", history.val_loss);
  run.values("history.val_accuracy", history.val_accuracy);
  run.values("history.seconds", history.seconds);
  run.values("history.waited", history.waited);
}

}  // namespace brindle::detail
