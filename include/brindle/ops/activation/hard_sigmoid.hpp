// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops::kernel::activations {

/// relu6(x + 3) / 6.
struct HardSigmoid : Function {
  static constexpr double lowest = 0, highest = 1;

  template <class V>
  BRINDLE_HOST_DEVICE static V value(V x) {
    return clamp(x + V(3), V(0), V(6)) / V(6);
  }
  template <class V>
  BRINDLE_HOST_DEVICE static V gradient(V y, V g) {
    return choose(V(0) < y, choose(y < V(1), g / V(6), V(0)), V(0));
  }
};

}  // namespace brindle::ops::kernel::activations
