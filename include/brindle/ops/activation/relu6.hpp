// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops::kernel::activations {

/// min(max(x, 0), 6).
struct Relu6 : Function {
  static constexpr bool clamps = true;
  static constexpr double lowest = 0, highest = 6;

  template <class V>
  BRINDLE_HOST_DEVICE static V value(V x) {
    return clamp(x, V(0), V(6));
  }
  template <class V>
  BRINDLE_HOST_DEVICE static V gradient(V y, V g) {
    return choose(V(0) < y, choose(y < V(6), g, V(0)), V(0));
  }
};

}  // namespace brindle::ops::kernel::activations
