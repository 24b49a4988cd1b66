// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops::kernel::activations {

/// The hyperbolic tangent.
struct Tanh : Function {
  static constexpr double lowest = -1, highest = 1;

  template <class V>
  BRINDLE_HOST_DEVICE static V value(V x) {
    using std::tanh;
    return tanh(x);
  }
  template <class V>
  BRINDLE_HOST_DEVICE static V gradient(V y, V g) {
    return g * ((V(1) - y) * (V(1) + y));
  }
};

}  // namespace brindle::ops::kernel::activations
