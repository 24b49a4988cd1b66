// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// The same elements under other sizes, in memory order.
///
///     x (N, ...)  ->  y (N, target_shape), as many elements
///
/// No element is copied. Keras: layers/reshaping/reshape.py.
struct Reshape {
  /// Of one sample; one of them may be -1: what is left.
  std::vector<std::int64_t> target_shape = {-1};
  std::string name = {};  ///< empty: reshape, reshape_1, ...

  /// The same with a name: Reshape{...}.named("reshape").
  Reshape named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/reshape_inl.hpp"
#endif
