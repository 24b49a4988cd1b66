// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/cuda_step.hpp"
#include "brindle/core/host_device.hpp"
#include "brindle/ops/adam/adam.hpp"
#include "brindle/ops/cuda_parameter_table.hpp"

namespace brindle::ops::kernel {

/// Group i of the table's parameters; slots m, v, most with amsgrad.
template <class T>
struct AdamStep {
  ParameterTable<T> table;
  AdamOptions options;
  double rate;                      ///< corrected for means that started at 0
  const detail::StepNumbers* step;  ///< of a recorded training step; null: rate

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const T now = static_cast<T>(step ? step->learning_rate : rate), epsilon = static_cast<T>(options.epsilon);
    const T decay = static_cast<T>(step ? step->decay : options.decay);
    table.each(i, [&](T factor, bool decays, T& w, T g, T& m, T& v, T& most) {
      m += (g - m) * static_cast<T>(1 - options.beta_1);
      v += (g * g - v) * static_cast<T>(1 - options.beta_2);
      if (options.amsgrad && most < v) most = v;
      if (decays && decay != T(0)) w -= w * (decay * factor);
      w -= m * (now * factor) / (std::sqrt(options.amsgrad ? most : v) + epsilon);
    });
  }
};

}  // namespace brindle::ops::kernel
