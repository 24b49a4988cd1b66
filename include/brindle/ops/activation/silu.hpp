// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops::kernel::activations {

/// x sigmoid(x), also called swish.
struct Silu : Function {
  static constexpr bool from_input = true;
  static constexpr double lowest = -0.2784645427610738;  ///< at -1.2784645

  template <class V>
  BRINDLE_HOST_DEVICE static V value(V x) {
    using std::exp;
    // Further down it is 0 but for 1e-33; there exp(-x) would overflow, or in a packet not, and x times what is left
    // of the sigmoid be anything.
    const V z = choose(x < V(-80), V(-80), x);
    return z / (V(1) + exp(-z));
  }
  template <class V>
  BRINDLE_HOST_DEVICE static V gradient(V x, V g) {
    using std::exp;
    const V z = clamp(x, V(-80), V(80)), s = V(1) / (V(1) + exp(-z));
    return g * (s * (V(1) + z * (V(1) - s)));
  }
};

}  // namespace brindle::ops::kernel::activations
