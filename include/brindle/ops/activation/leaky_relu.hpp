// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops::kernel::activations {

/// x, and x times a slope below 0: 0.2 of the activation by this name.
struct LeakyRelu : Function {
  template <class V>
  BRINDLE_HOST_DEVICE static V value(V x) {
    return choose(x < V(0), x * V(0.2), x);
  }
  template <class V>
  BRINDLE_HOST_DEVICE static V gradient(V y, V g) {
    return choose(V(0) < y, g, g * V(0.2));
  }
};

}  // namespace brindle::ops::kernel::activations
