// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// Each pixel's channels, or each row of features, with mean 0 and variance 1, then scaled and shifted:
///
///     y = (x - mean) / sqrt(variance + epsilon) gamma + beta, mean and variance over the last axis
///
///     x (N, ..., C)  ->  y (N, ..., C);  gamma (C), ones;  beta (C), zeros
///
/// Training and predicting are the same. Keras: layers/normalization/layer_normalization.py, axis -1.
struct LayerNormalization {
  double epsilon = 1e-3;  ///< added to the variance, > 0
  bool center = true;     ///< beta is added
  bool scale = true;      ///< gamma multiplies
  std::string name = {};  ///< empty: layer_normalization, layer_normalization_1, ...

  /// The same with a name: LayerNormalization{}.named("norm").
  LayerNormalization named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/layer_normalization_inl.hpp"
#endif
