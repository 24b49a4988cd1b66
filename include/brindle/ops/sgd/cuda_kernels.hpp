#pragma once

#include <cstdint>

#include "brindle/core/cuda_step.hpp"
#include "brindle/core/host_device.hpp"
#include "brindle/ops/cuda_parameter_table.hpp"
#include "brindle/ops/sgd/sgd.hpp"

namespace brindle::ops::kernel {

/// Element i of the table's parameters; slot v.
template <class T>
struct SGDStep {
  ParameterTable<T> table;
  SGDOptions options;
  const StepNumbers* step;  ///< of a recorded training step; null: the options' learning rate

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const auto& p = table.find(i);
    const std::int64_t at = i - p.first;
    const T rate = static_cast<T>(step ? step->learning_rate : options.learning_rate);
    const T momentum = static_cast<T>(options.momentum);
    T move = -rate * p.g[at];
    if (options.momentum != 0) {
      const T velocity = p.slot[0][at] = momentum * p.slot[0][at] + move;
      move = options.nesterov ? momentum * velocity + move : velocity;
    }
    p.w[at] += move;
  }
};

}  // namespace brindle::ops::kernel
