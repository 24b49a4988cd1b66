#pragma once

#include <cstdint>

#include "brindle/core/error.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/relu/cpu.hpp"
#include "brindle/ops/sigmoid/cpu.hpp"
#include "brindle/ops/softmax/cpu.hpp"

namespace brindle::ops::kernel {

/// z = f(z + bias) in place, by the calling thread. f: linear, relu or sigmoid.
///
///     z (rows, channels), bias (channels) or null
template <class T>
inline void bias_activation(T* z, std::int64_t rows, std::int64_t channels, const T* bias, ActivationFunction f) {
  if (bias && f == ActivationFunction::relu) {
    for (T* end = z + rows * channels; z != end; z += channels)
      for (std::int64_t c = 0; c < channels; ++c) {
        const T sum = z[c] + bias[c];
        z[c] = sum < T(0) ? T(0) : sum;
      }
    return;
  }
  if (bias)
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t c = 0; c < channels; ++c) z[row * channels + c] += bias[c];
  if (f == ActivationFunction::relu) relu_range(z, z, rows * channels);
  if (f == ActivationFunction::sigmoid) sigmoid_range(z, z, rows * channels);
  BRINDLE_ASSERT(f != ActivationFunction::softmax, "softmax needs the whole row");
}

}  // namespace brindle::ops::kernel
