// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// y = x, and alpha (exp(x) - 1) below 0.
///
///     x (N, ...)  ->  y (N, ...)
///
/// The activation elu has alpha 1. Keras: layers/activations/elu.py.
struct ELU {
  double alpha = 1;       ///< >= 0
  std::string name = {};  ///< empty: elu, elu_1, ...

  /// The same with a name: ELU{...}.named("elu").
  ELU named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/elu_inl.hpp"
#endif
