// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/function.hpp"

namespace brindle::ops {

/// What Keras's ReLU and LeakyReLU are made of.
struct RectifierOptions {
  double max_value = std::numeric_limits<double>::infinity();  ///< of y
  double negative_slope = 0;                                   ///< of y at and below the threshold
  double threshold = 0;                                        ///< above it y is x

  friend bool operator==(const RectifierOptions&, const RectifierOptions&) = default;  ///< the same function
};

namespace kernel::activations {

/// min(x, max_value) above the threshold, else negative_slope (x - threshold).
struct Rectifier : Function {
  static constexpr bool from_input = true;

  double max_value, negative_slope, threshold;
  double slope_at_threshold;  ///< by which Keras has g multiplied where x is the threshold

  explicit Rectifier(const RectifierOptions& o)
      : max_value(o.max_value),
        negative_slope(o.negative_slope),
        threshold(o.threshold),
        slope_at_threshold(o.threshold == 0 && o.max_value == std::numeric_limits<double>::infinity() ? o.negative_slope
                                                                                                      : 0) {}

  template <class V>
  BRINDLE_HOST_DEVICE V value(V x) const {
    const V above = choose(V(max_value) < x, V(max_value), x);
    // Without a slope 0 whatever x is, also where it is infinite.
    const V below = negative_slope == 0 ? choose(x <= V(threshold), V(0), x) : V(negative_slope) * (x - V(threshold));
    return choose(V(threshold) < x, above, below);
  }
  template <class V>
  BRINDLE_HOST_DEVICE V gradient(V x, V g) const {
    const V above = choose(x < V(max_value), g, V(0));
    const V slope = choose(x < V(threshold), V(negative_slope), V(slope_at_threshold));
    const V below = negative_slope == 0 ? V(0) : g * slope;
    return choose(V(threshold) < x, above, below);
  }
};

}  // namespace kernel::activations
}  // namespace brindle::ops
