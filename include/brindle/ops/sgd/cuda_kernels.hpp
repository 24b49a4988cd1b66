// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cuda_step.hpp"
#include "brindle/core/host_device.hpp"
#include "brindle/ops/cuda_parameter_table.hpp"
#include "brindle/ops/sgd/sgd.hpp"

namespace brindle::ops::kernel {

/// Group i of the table's parameters; slot v.
template <class T>
struct SGDStep {
  ParameterTable<T> table;
  SGDOptions options;
  const detail::StepNumbers* step;  ///< of a recorded training step; null: the options' learning rate

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const T rate = static_cast<T>(step ? step->learning_rate : options.learning_rate);
    const T momentum = static_cast<T>(options.momentum);
    const T decay = static_cast<T>(step ? step->decay : options.decay);
    table.each(i, [&](T factor, bool decays, T& w, T g, T& v, T&, T&) {
      T move = -(rate * factor) * g;
      if (options.momentum != 0) {
        const T velocity = v = momentum * v + move;
        move = options.nesterov ? momentum * velocity + move : velocity;
      }
      if (decays && decay != T(0)) w -= w * (decay * factor);
      w += move;
    });
  }
};

}  // namespace brindle::ops::kernel
