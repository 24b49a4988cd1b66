// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {

/// How much an output that is off by e costs.
enum class RegressionError {
  squared,   ///< e^2
  absolute,  ///< |e|
  huber      ///< e^2 / 2 up to |e| = delta, from there on delta |e| - delta^2 / 2
};

/// What an error costs.
struct RegressionErrorOptions {
  RegressionError error = RegressionError::squared;  ///< which one
  double delta = 1;                                  ///< of huber, > 0
};

namespace kernel {
template <class T, class Device>
struct regression_error;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// The mean error of outputs that are numbers.
///
///     y, t (N, K), weight (N) or empty  ->  each (N), dy (N, K) or empty
///
/// each[n] = mean over K of the error of y - t, without the weight. dy is the gradient of sum of weight each / N, 0
/// where y = t. dy may be the memory of y. Source: keras/src/losses/losses.py, MeanSquaredError, MeanAbsoluteError,
/// Huber.
template <class T, class Device>
void regression_error(const Device& on, In<T, Device> y, In<T, Device> t, In<T, Device> weight, Out<T, Device> each,
                      Out<T, Device> dy, const RegressionErrorOptions& o = {}) {
  detail::expect_loss_shapes("regression_error", "y", y.shape, t.shape, each.shape,
                             weight.empty() ? nullptr : &weight.shape, dy.empty() ? nullptr : &dy.shape);
  kernel::regression_error<T, Device>::run(on, y, t, weight, each, dy, o);
}

namespace reference {

/// One row of regression_error. dy may be y or null; factor: weight / (N K).
template <class T>
BRINDLE_HOST_DEVICE T regression_error(const T* y, const T* t, std::int64_t k, T factor, T* dy,
                                       const RegressionErrorOptions& o) {
  const T delta = static_cast<T>(o.delta);
  T sum = 0;
  for (std::int64_t i = 0; i < k; ++i) {
    const T e = y[i] - t[i], size = std::abs(e);
    const T sign = e > T(0) ? T(1) : e < T(0) ? T(-1) : T(0);
    T loss = e * e, slope = T(2) * e;
    if (o.error == RegressionError::absolute) loss = size, slope = sign;
    if (o.error == RegressionError::huber) {
      const bool far = size > delta;
      loss = far ? delta * size - delta * delta / T(2) : e * e / T(2);
      slope = far ? delta * sign : e;
    }
    sum += loss;
    if (dy) dy[i] = factor * slope;
  }
  return sum / static_cast<T>(k);
}

}  // namespace reference
}  // namespace brindle::ops
