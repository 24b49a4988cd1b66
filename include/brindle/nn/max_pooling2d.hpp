// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle {

/// Largest value of each window of each channel.
///
///     x (N, H, W, C)  ->  y (N, OH, OW, C),  valid: OH = floor((H - PH) / stride) + 1,  same: ceil(H / stride)
///
/// Incomplete windows are dropped by `valid`; `same` adds minus infinity around the picture.
/// Keras: layers/pooling/max_pooling2d.py.
struct MaxPooling2D {
  Size2 pool_size = 2;               ///< rows and columns of a window, >= 1
  Size2 stride = 0;                  ///< step between windows; 0: the window, so that windows do not overlap
  Padding padding = Padding::valid;  ///< same: minus infinity around the picture
  std::string name = {};             ///< empty: max_pooling2d, max_pooling2d_1, ...

  /// The same with a name: MaxPooling2D{...}.named("pool").
  MaxPooling2D named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

using MaxPool2D = MaxPooling2D;  ///< Keras's short name of it

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/max_pooling2d_inl.hpp"
#endif
