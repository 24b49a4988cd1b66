// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/regression_error/regression_error.hpp"

namespace brindle::ops::kernel {

/// Error and gradient of sample n, of outputs y (samples, k).
template <class T>
struct RegressionErrorSample {
  const T* y;
  const T* t;
  const T* weight;  ///< null: ones
  T* each;
  T* dy;  ///< null: not wanted
  std::int64_t samples, k;
  RegressionErrorOptions options;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t n) const {
    const T factor = (weight ? weight[n] : T(1)) / static_cast<T>(samples * k);
    each[n] = reference::regression_error<T>(y + n * k, t + n * k, k, factor, dy ? dy + n * k : nullptr, options);
  }
};

}  // namespace brindle::ops::kernel
