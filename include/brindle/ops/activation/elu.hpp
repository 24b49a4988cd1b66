// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops::kernel::activations {

/// x, and alpha (exp(x) - 1) below 0.
struct Elu : Function {
  static constexpr double lowest = -1;  ///< of the activation by this name, which has alpha 1

  double alpha = 1;

  template <class V>
  BRINDLE_HOST_DEVICE V value(V x) const {
    using std::expm1;
    return choose(V(0) < x, x, V(alpha) * expm1(choose(V(0) < x, V(0), x)));
  }
  template <class V>
  BRINDLE_HOST_DEVICE V gradient(V y, V g) const {
    return choose(V(0) < y, g, g * (y + V(alpha)));
  }
};

}  // namespace brindle::ops::kernel::activations
