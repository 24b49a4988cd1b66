// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/categorical_crossentropy/categorical_crossentropy.hpp"

namespace brindle::ops::kernel {

/// Loss and gradient of sample n, from logits or probabilities x (samples, k).
template <class T>
struct CategoricalCrossentropySample {
  const T* x;
  const T* t;
  const T* weight;  ///< null: ones
  T* each;
  T* dx;  ///< null: not wanted
  std::int64_t samples, k;
  bool logits;
  CategoricalCrossentropyOptions options;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t n) const {
    const T factor = (weight ? weight[n] : T(1)) / static_cast<T>(samples);
    const std::int64_t row = n * k;
    T* gradient = dx ? dx + row : nullptr;
    each[n] = logits ? reference::categorical_crossentropy_logits<T>(x + row, t + row, k, factor, gradient, options)
                     : reference::categorical_crossentropy<T>(x + row, t + row, k, factor, gradient, options);
  }
};

}  // namespace brindle::ops::kernel
