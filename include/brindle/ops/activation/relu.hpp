// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops::kernel::activations {

/// max(x, 0).
struct Relu : Function {
  static constexpr bool clamps = true;
  static constexpr double lowest = 0;

  template <class V>
  BRINDLE_HOST_DEVICE static V value(V x) {
    return choose(x < V(0), V(0), x);
  }
  template <class V>
  BRINDLE_HOST_DEVICE static V gradient(V y, V g) {
    return choose(V(0) < y, g, V(0));
  }
};

}  // namespace brindle::ops::kernel::activations
