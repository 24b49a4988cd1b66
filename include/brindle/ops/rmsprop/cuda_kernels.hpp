// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/cuda_step.hpp"
#include "brindle/core/host_device.hpp"
#include "brindle/ops/cuda_parameter_table.hpp"
#include "brindle/ops/rmsprop/rmsprop.hpp"

namespace brindle::ops::kernel {

/// Group i of the table's parameters; slots v, move with momentum, mean if centered.
template <class T>
struct RMSpropStep {
  ParameterTable<T> table;
  RMSpropOptions options;
  const detail::StepNumbers* step;  ///< of a recorded training step; null: the options' learning rate

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const T rate = static_cast<T>(step ? step->learning_rate : options.learning_rate);
    const T rho = static_cast<T>(options.rho), rest = static_cast<T>(1 - options.rho);
    const T momentum = static_cast<T>(options.momentum), epsilon = static_cast<T>(options.epsilon);
    const T decay = static_cast<T>(step ? step->decay : options.decay);
    table.each(i, [&](T factor, bool decays, T& w, T g, T& v, T& second, T& third) {
      T square = v = rho * v + rest * g * g;
      if (options.centered) {
        T& kept = options.momentum != 0 ? third : second;
        const T mean = kept = rho * kept + rest * g;
        square -= mean * mean;
        if (square < T(0)) square = T(0);  // by rounding only
      }
      T move = (rate * factor) * g / (options.keras2 ? std::sqrt(square) + epsilon : std::sqrt(square + epsilon));
      if (options.momentum != 0) move = second = momentum * second + move;
      if (decays && decay != T(0)) w -= w * (decay * factor);
      w -= move;
    });
  }
};

}  // namespace brindle::ops::kernel
