#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/cuda_step.hpp"
#include "brindle/core/host_device.hpp"
#include "brindle/ops/adam/adam.hpp"
#include "brindle/ops/cuda_parameter_table.hpp"

namespace brindle::ops::kernel {

/// Element i of the table's parameters; slots m, v.
template <class T>
struct AdamStep {
  ParameterTable<T> table;
  AdamOptions options;
  double rate;              ///< corrected for means that started at 0
  const StepNumbers* step;  ///< of a recorded training step; null: rate

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const auto& p = table.find(i);
    const std::int64_t at = i - p.first;
    const T now = static_cast<T>(step ? step->learning_rate : rate), epsilon = static_cast<T>(options.epsilon);
    const T g = p.g[at];
    const T m = p.slot[0][at] += (g - p.slot[0][at]) * static_cast<T>(1 - options.beta_1);
    const T v = p.slot[1][at] += (g * g - p.slot[1][at]) * static_cast<T>(1 - options.beta_2);
    p.w[at] -= m * now / (std::sqrt(v) + epsilon);
  }
};

}  // namespace brindle::ops::kernel
