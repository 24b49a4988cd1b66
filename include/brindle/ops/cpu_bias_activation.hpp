// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/ops/activation/cpu.hpp"
#include "brindle/ops/activation_function.hpp"

namespace brindle::ops::kernel {

/// z = f(z + bias) in place, by the calling thread. f is not softmax.
///
///     z (rows, channels), bias (channels) or null
template <class T>
inline void bias_activation(T* z, std::int64_t rows, std::int64_t channels, const T* bias, ActivationFunction f) {
  if (bias)
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t c = 0; c < channels; ++c) z[row * channels + c] += bias[c];
  if (f != ActivationFunction::linear) activate_range(f, z, z, rows * channels);
}

}  // namespace brindle::ops::kernel
