// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops::kernel::activations {

/// x P(x), P the normal distribution's probability of a number below x: erfc(-x / sqrt(2)) / 2.
struct Gelu : Function {
  static constexpr bool from_input = true;
  static constexpr double lowest = -0.16997120747990369;  ///< at -0.7517915

  template <class V>
  BRINDLE_HOST_DEVICE static V value(V x) {
    using std::erfc;
    const V z = choose(x < V(-40), V(-40), x);  // where P is 0, whatever it is multiplied by
    return z * (V(0.5) * erfc(z * V(-0.7071067811865476)));
  }
  /// P(x) + x p(x), p the density exp(-x^2 / 2) / sqrt(2 pi).
  template <class V>
  BRINDLE_HOST_DEVICE static V gradient(V x, V g) {
    using std::erfc;
    using std::exp;
    const V z = clamp(x, V(-40), V(40));
    const V below = V(0.5) * erfc(z * V(-0.7071067811865476));
    return g * (below + z * (exp(z * z * V(-0.5)) * V(0.3989422804014327)));
  }
};

}  // namespace brindle::ops::kernel::activations
