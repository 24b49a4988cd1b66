// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// softmax as a layer of its own, over the last axis. Conv2D and Dense take it too.
///
///     x (N, ..., C)  ->  y (N, ..., C);  each row of C numbers has the sum 1
///
/// Keras: layers/activations/softmax.py, whose axis is here always -1.
struct Softmax {
  std::string name = {};  ///< empty: softmax, softmax_1, ...

  /// The same with a name: Softmax{...}.named("softmax").
  Softmax named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/softmax_inl.hpp"
#endif
