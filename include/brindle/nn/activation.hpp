// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// An activation as a layer of its own. Conv2D and Dense take one too, which is faster.
///
///     x (N, ..., C)  ->  y (N, ..., C);  softmax over C
///
/// Keras: layers/activations/activation.py.
struct Activation {
  ActivationFunction function = ActivationFunction::linear;  ///< of every element, or of every row for softmax
  std::string name = {};                                     ///< empty: activation, activation_1, ...

  /// The same with a name: Activation{...}.named("activation").
  Activation named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/activation_inl.hpp"
#endif
