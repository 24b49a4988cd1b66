// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops::kernel::activations {

/// x.
struct Linear : Function {
  template <class V>
  BRINDLE_HOST_DEVICE static V value(V x) {
    return x;
  }
  template <class V>
  BRINDLE_HOST_DEVICE static V gradient(V, V g) {
    return g;
  }
};

}  // namespace brindle::ops::kernel::activations
