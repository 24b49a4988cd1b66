// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

#include "brindle/train/callback.hpp"
#include "brindle/train/history.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/training_step.hpp"

// What a fit() remembers between two steps, beside the model.
namespace brindle::detail {

double seconds_since(std::chrono::steady_clock::time_point start);

/// Where it stands.
struct FitPlace {
  std::int64_t epochs = 0;    // done
  std::int64_t step = 0;      // of the running epoch, done
  std::int64_t samples = 0;   // of the running epoch
  std::int64_t position = 0;  // of the next sample in its pass over the data
  double seconds = 0;         // of the running epoch
  double waited = 0;          // of these

  void visit(RunState& run);

  /// Tells callbacks.
  void show(const StepTotals& totals, FitState& state) const;
};

void visit(RunState& run, StepTotals& totals);

void visit(RunState& run, History& history);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/fit_place_inl.hpp"
#endif
