// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// y = x, and negative_slope x below 0.
///
///     x (N, ...)  ->  y (N, ...)
///
/// The activation leaky_relu has 0.2. Keras: layers/activations/leaky_relu.py.
struct LeakyReLU {
  double negative_slope = 0.3;  ///< >= 0; Keras 2's alpha
  std::string name = {};        ///< empty: leaky_re_lu, leaky_re_lu_1, ...

  /// The same with a name: LeakyReLU{...}.named("leaky_re_lu").
  LeakyReLU named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/leaky_relu_inl.hpp"
#endif
