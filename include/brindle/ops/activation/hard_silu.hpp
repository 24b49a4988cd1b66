// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops::kernel::activations {

/// x relu6(x + 3) / 6, also called hard swish.
struct HardSilu : Function {
  static constexpr bool from_input = true;
  static constexpr double lowest = -0.375;  ///< at -1.5

  template <class V>
  BRINDLE_HOST_DEVICE static V value(V x) {
    const V z = choose(x < V(-3), V(-3), x);  // where the other factor is 0, whatever it is multiplied by
    return z * (clamp(z + V(3), V(0), V(6)) / V(6));
  }
  template <class V>
  BRINDLE_HOST_DEVICE static V gradient(V x, V g) {
    const V slope = x / V(3) + V(0.5);
    return choose(V(-3) < x, choose(x < V(3), g * slope, g), V(0));
  }
};

}  // namespace brindle::ops::kernel::activations
