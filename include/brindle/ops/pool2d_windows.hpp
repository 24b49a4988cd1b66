// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle::ops {

/// How a pool cuts a picture into windows.
struct Pool2DOptions {
  Size2 window{2};                   ///< rows and columns, >= 1
  Size2 stride{0};                   ///< step between windows; 0: the window's size
  Padding padding = Padding::valid;  ///< same: windows hang over the edge, where nothing counts

  /// The stride that is meant, never 0.
  Size2 step() const { return {stride.h == 0 ? window.h : stride.h, stride.w == 0 ? window.w : stride.w}; }
};

namespace kernel {

/// Shape of what pool `op` makes of x.
///
///     x (N, H, W, C)  ->  y (N, OH, OW, C), OH and OW by WindowAxis
///
/// Throws ShapeError if no window fits, ValueError if the window or the stride is not positive; `op` is named.
inline Shape4 pool2d_shape(const std::string& op, const Shape4& x, const Pool2DOptions& o) {
  const Size2 step = o.step();
  if (o.window.h < 1 || o.window.w < 1 || step.h < 1 || step.w < 1)
    brindle::detail::raise<ValueError>(op + ": expected a window and a stride of at least 1, got window " +
                                       to_string(o.window) + " and stride " + to_string(step));
  const WindowAxis rows = WindowAxis::of(x.h, o.window.h, step.h, o.padding);
  const WindowAxis columns = WindowAxis::of(x.w, o.window.w, step.w, o.padding);
  if (rows.out < 1 || columns.out < 1)
    brindle::detail::raise<ShapeError>(op + ": a window of " + to_string(o.window) + " does not fit x " + to_string(x));
  return {x.n, rows.out, columns.out, x.c};
}

}  // namespace kernel
}  // namespace brindle::ops
