// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// Row r of dx = y (dy - sum of dy y), rows of k elements.
template <class T>
struct SoftmaxBackward {
  const T* y;
  const T* dy;
  T* dx;
  std::int64_t k;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t r) const {
    T sum = 0;
    for (std::int64_t i = r * k; i < (r + 1) * k; ++i) sum += dy[i] * y[i];
    for (std::int64_t i = r * k; i < (r + 1) * k; ++i) dx[i] = y[i] * (dy[i] - sum);
  }
};

}  // namespace brindle::ops::kernel
