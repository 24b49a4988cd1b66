// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel::activations {

/// What every functor of an activation has, and says again where it differs:
///
///     value(x)        f(x)
///     gradient(z, g)  g f'(x); z is the output f(x), or x where from_input says so
///
/// Both are templates: V is a number (the reference, the GPU) or Lanes<T>, a SIMD packet of them (the Cpu's kernels).
/// Constants are V(0.5), conditions choose(a < b, V, V), and functions of <cmath> are called as `using std::exp`
/// allows.
struct Function {
  static constexpr bool from_input = false;  ///< f' is computed from x, as f(x) does not tell it
  static constexpr bool clamps = false;      ///< f(x) is x, but at least `lowest` and at most `highest`
  /// Between which f(x) lies.
  /// @{
  static constexpr double lowest = -std::numeric_limits<double>::infinity();
  static constexpr double highest = std::numeric_limits<double>::infinity();
  /// @}
};

/// a where the condition holds, else b.
template <class V>
BRINDLE_HOST_DEVICE inline V choose(bool condition, V a, V b) {
  return condition ? a : b;
}

/// x, but at least `low` and at most `high`; NaN stays NaN.
template <class V>
BRINDLE_HOST_DEVICE inline V clamp(V x, V low, V high) {
  const V above = choose(x < low, low, x);
  return choose(high < above, high, above);
}

}  // namespace brindle::ops::kernel::activations
