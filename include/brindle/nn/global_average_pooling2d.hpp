// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// Mean of each channel over the whole picture.
///
///     x (N, H, W, C)  ->  y (N, C)
///
/// Keras: layers/pooling/global_average_pooling2d.py.
struct GlobalAveragePooling2D {
  bool keepdims = false;  ///< y is a picture of one pixel, (N, 1, 1, C)
  std::string name = {};  ///< empty: global_average_pooling2d, global_average_pooling2d_1, ...

  /// The same with a name: GlobalAveragePooling2D{}.named("pool").
  GlobalAveragePooling2D named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/global_average_pooling2d_inl.hpp"
#endif
