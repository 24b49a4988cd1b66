// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle {

/// Rows and columns of zeros around pictures.
///
///     x (N, H, W, C)  ->  y (N, top + H + bottom, left + W + right, C)
///
///     ZeroPadding2D{1}, ZeroPadding2D{{1, 2}} (rows, columns), ZeroPadding2D{{{top, bottom}, {left, right}}}
///
/// Keras: layers/reshaping/zero_padding2d.py.
struct ZeroPadding2D {
  Border padding = 1;     ///< zeros on each side, >= 0
  std::string name = {};  ///< empty: zero_padding2d, zero_padding2d_1, ...

  /// The same with a name: ZeroPadding2D{...}.named("pad").
  ZeroPadding2D named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/zero_padding2d_inl.hpp"
#endif
