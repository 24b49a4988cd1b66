// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/train/callback.hpp"
#include "support/allocations.hpp"

namespace brindle::test {

/// Counts what a fit() allocates between one step and the next of the same epoch.
struct StepAllocations {
  std::int64_t in_steps = 0, steps = 0;

  /// For fit(); it must not outlive this. first_epoch: the first one that counts.
  Callback callback(std::int64_t first_epoch = 1) {
    return {.step = [this, first_epoch](FitState& s) {
      if (s.epoch >= first_epoch && s.step > 1) in_steps += allocations() - before_, ++steps;
      before_ = allocations();
    }};
  }

 private:
  std::int64_t before_ = 0;
};

}  // namespace brindle::test
