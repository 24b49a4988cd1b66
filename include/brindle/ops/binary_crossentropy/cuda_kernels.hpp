// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/binary_crossentropy/binary_crossentropy.hpp"

namespace brindle::ops::kernel {

/// Loss and gradient of sample n, from logits or probabilities x (samples, k).
template <class T>
struct BinaryCrossentropySample {
  const T* x;
  const T* t;
  const T* weight;  ///< null: ones
  T* each;
  T* dx;  ///< null: not wanted
  std::int64_t samples, k;
  bool logits;
  BinaryCrossentropyOptions options;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t n) const {
    const T factor = (weight ? weight[n] : T(1)) / static_cast<T>(samples * k);
    T sum = 0;
    for (std::int64_t i = n * k; i < (n + 1) * k; ++i) {
      const LossElement<T> at =
          logits ? LossElement<T>::logit(x[i], t[i], options) : LossElement<T>::probability(x[i], t[i], options);
      sum += at.loss;
      if (dx) dx[i] = factor * at.derivative;
    }
    each[n] = sum / static_cast<T>(k);
  }
};

}  // namespace brindle::ops::kernel
