// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle {

/// Mean of each window of each channel.
///
///     x (N, H, W, C)  ->  y (N, OH, OW, C),  valid: OH = floor((H - PH) / stride) + 1,  same: ceil(H / stride)
///
/// Incomplete windows are dropped by `valid`; with `same` a window that hangs over the edge is the mean of what it has
/// of the picture: the zeros around it do not count. Keras: layers/pooling/average_pooling2d.py.
struct AveragePooling2D {
  Size2 pool_size = 2;               ///< rows and columns of a window, >= 1
  Size2 stride = 0;                  ///< step between windows; 0: the window, so that windows do not overlap
  Padding padding = Padding::valid;  ///< same: windows may hang over the edge
  std::string name = {};             ///< empty: average_pooling2d, average_pooling2d_1, ...

  /// The same with a name: AveragePooling2D{...}.named("pool").
  AveragePooling2D named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/average_pooling2d_inl.hpp"
#endif
