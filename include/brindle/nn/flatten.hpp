// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// Makes one row of features of each sample, in memory order: for pictures over (H, W, C).
///
///     x (N, H, W, C)  ->  y (N, H W C)
///
/// No element is copied. Keras: layers/reshaping/flatten.py.
struct Flatten {
  std::string name = {};  ///< empty: flatten, flatten_1, ...

  /// The same with a name: Flatten{...}.named("flatten").
  Flatten named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/flatten_inl.hpp"
#endif
