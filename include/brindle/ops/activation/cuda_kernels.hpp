// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/activation/rectifier.hpp"

namespace brindle::ops::kernel {

/// Element i of y = f(x), of matrices with `stride` elements from row to row; x and y may be the same.
template <class T>
struct ActivationForward {
  const T* x;
  T* y;
  std::int64_t columns, stride;
  ActivationFunction f;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t at = columns == stride ? i : i / columns * stride + i % columns;
    y[at] = activations::value(f, x[at]);
  }
};

/// dx[i] = dy[i] f'(x[i]), from z as activation_backward() has it.
template <class T>
struct ActivationBackward {
  const T* z;
  const T* dy;
  T* dx;
  ActivationFunction f;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { dx[i] = activations::gradient(f, z[i], dy[i]); }
};

/// y[i] = function(x[i]), a functor with settings.
template <class T, class Function>
struct FunctionForward {
  const T* x;
  T* y;
  Function function;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { y[i] = function.value(x[i]); }
};

/// dx[i] = dy[i] function'(x[i]), from z as the functor's gradient() has it.
template <class T, class Function>
struct FunctionBackward {
  const T* z;
  const T* dy;
  T* dx;
  Function function;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { dx[i] = function.gradient(z[i], dy[i]); }
};

}  // namespace brindle::ops::kernel
