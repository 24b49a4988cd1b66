// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops::kernel::activations {

/// log(1 + exp(x)).
struct Softplus : Function {
  static constexpr double lowest = 0;

  template <class V>
  BRINDLE_HOST_DEVICE static V value(V x) {
    using std::exp;
    using std::log1p;
    const V small = log1p(exp(choose(x < V(0), x, -x)));  // exp() of at most 0 does not overflow
    return choose(V(0) < x, x + small, small);
  }
  /// g sigmoid(x), which is 1 - exp(-y).
  template <class V>
  BRINDLE_HOST_DEVICE static V gradient(V y, V g) {
    using std::expm1;
    return -(g * expm1(-y));
  }
};

}  // namespace brindle::ops::kernel::activations
