// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops::kernel::activations {

/// 1 / (1 + exp(-x)).
struct Sigmoid : Function {
  static constexpr double lowest = 0, highest = 1;

  template <class V>
  BRINDLE_HOST_DEVICE static V value(V x) {
    using std::exp;
    return V(1) / (V(1) + exp(-x));
  }
  template <class V>
  BRINDLE_HOST_DEVICE static V gradient(V y, V g) {
    return g * y * (V(1) - y);
  }
};

}  // namespace brindle::ops::kernel::activations
