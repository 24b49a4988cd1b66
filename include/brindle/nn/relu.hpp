// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// The rectifier as a layer of its own: y = min(x, max_value) above the threshold, else negative_slope (x - threshold).
/// Conv2D and Dense take relu and relu6 too, which is faster.
///
///     x (N, ...)  ->  y (N, ...)
///
/// ReLU{} is the activation relu, ReLU{.max_value = 6} is relu6. Keras: layers/activations/relu.py.
struct ReLU {
  double max_value = std::numeric_limits<double>::infinity();  ///< of y, >= 0; infinity: no limit, Keras's None
  double negative_slope = 0;                                   ///< of y at and below the threshold, >= 0
  double threshold = 0;                                        ///< above it y is x; >= 0
  std::string name = {};                                       ///< empty: re_lu, re_lu_1, ...

  /// The same with a name: ReLU{...}.named("re_lu").
  ReLU named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/relu_inl.hpp"
#endif
