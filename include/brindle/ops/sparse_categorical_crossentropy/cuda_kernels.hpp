// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/sparse_categorical_crossentropy/sparse_categorical_crossentropy.hpp"

namespace brindle::ops::kernel {

/// Loss and gradient of sample n, from logits or probabilities x (samples, k).
template <class T>
struct SparseCategoricalCrossentropySample {
  const T* x;
  const std::int32_t* classes;
  const T* weight;  ///< null: ones
  T* each;
  T* dx;  ///< null: not wanted
  std::int64_t samples, k;
  bool logits;
  T smoothing;  ///< of labels

  BRINDLE_HOST_DEVICE void operator()(std::int64_t n) const {
    const T factor = (weight ? weight[n] : T(1)) / static_cast<T>(samples);
    T* gradient = dx ? dx + n * k : nullptr;
    each[n] =
        logits ? reference::sparse_categorical_crossentropy_logits<T>(x + n * k, k, classes[n], smoothing, factor,
                                                                      gradient)
               : reference::sparse_categorical_crossentropy<T>(x + n * k, k, classes[n], smoothing, factor, gradient);
  }
};

/// classes[n] = labels[n] as a whole number.
template <class T>
struct ClassNumbers {
  const T* labels;
  std::int32_t* classes;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t n) const { classes[n] = static_cast<std::int32_t>(labels[n]); }
};

}  // namespace brindle::ops::kernel
