// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace brindle::detail {

/// What changes from one replay of a recorded training step to the next. It lies in the GPU's memory, where the kernels
/// of the recording read it; without a recording they take the numbers that they are launched with.
struct StepNumbers {
  double learning_rate = 0;  ///< Optimizer::step_rate of the step
  std::uint32_t step = 0;    ///< Random::step of the step
  double decay = 0;          ///< Optimizer::step_decay of the step
};

}  // namespace brindle::detail
