// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/functions.hpp"

namespace brindle::ops::kernel {

/// y[i] = f(a[i] + b[i]).
template <class T>
struct AddForward {
  const T* a;
  const T* b;
  T* y;
  ActivationFunction f = ActivationFunction::linear;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { y[i] = activations::value(f, a[i] + b[i]); }
};

}  // namespace brindle::ops::kernel
