// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// Each channel with mean 0 and variance 1, then scaled and shifted:
///
///     y = (x - mean) / sqrt(variance + epsilon) gamma + beta
///
///     x (N, ..., C)  ->  y (N, ..., C)
///     gamma (C), ones;  beta (C), zeros;  moving_mean (C), zeros;  moving_variance (C), ones
///
/// In training mean and variance are those of the batch, over samples and positions, and the moving ones follow them
/// behind each step: moving = momentum moving + (1 - momentum) batch. When predicting, and where the layer is frozen or
/// in a base that runs for inference, they are the moving ones, which then stay as they are.
///
/// Keras: layers/normalization/batch_normalization.py, axis -1; S. Ioffe, C. Szegedy, ICML 2015.
struct BatchNormalization {
  double momentum = 0.99;  ///< what the moving averages keep of themselves, 0 to 1 (PyTorch's is 1 minus this)
  double epsilon = 1e-3;   ///< added to the variance, > 0
  bool center = true;      ///< beta is added
  bool scale = true;       ///< gamma multiplies
  std::string name = {};   ///< empty: batch_normalization, batch_normalization_1, ...

  /// The same with a name: BatchNormalization{}.named("bn").
  BatchNormalization named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Model
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/batch_normalization_inl.hpp"
#endif
