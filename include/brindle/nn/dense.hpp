// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// Every output is a weighted sum of every feature: y = activation(x kernel + bias).
///
///     x (N, ..., features)  ->  y (N, ..., units)
///     kernel (features, units), glorot_uniform;  bias (units), zeros
///
/// Keras: layers/core/dense.py.
struct Dense {
  std::int64_t units = 1;                                      ///< outputs, >= 1
  ActivationFunction activation = ActivationFunction::linear;  ///< after the bias
  bool use_bias = true;                                        ///< a number per unit is added
  std::string name = {};                                       ///< empty: dense, dense_1, ...
  std::int64_t features = 0;  ///< inputs, checked when the model is built; 0: whatever the layer before gives

  /// The same with a name: Dense{...}.named("head").
  Dense named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/dense_inl.hpp"
#endif
