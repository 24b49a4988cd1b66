// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
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
  Border zeros = {};                 ///< with valid: windows see so many zeros around, which count as numbers of x

  /// The stride that is meant, never 0.
  Size2 step() const { return {stride.h == 0 ? window.h : stride.h, stride.w == 0 ? window.w : stride.w}; }
};

namespace kernel {

/// Where the windows of a pool lie.
/// @{
inline WindowAxis pool2d_rows(std::int64_t height, const Pool2DOptions& o) {
  if (o.padding == Padding::same) return WindowAxis::of(height, o.window.h, o.step().h, Padding::same);
  return WindowAxis::of(height, o.window.h, o.step().h, o.zeros.top, o.zeros.bottom);
}
inline WindowAxis pool2d_columns(std::int64_t width, const Pool2DOptions& o) {
  if (o.padding == Padding::same) return WindowAxis::of(width, o.window.w, o.step().w, Padding::same);
  return WindowAxis::of(width, o.window.w, o.step().w, o.zeros.left, o.zeros.right);
}
/// @}

/// Shape of what pool `op` makes of x.
///
///     x (N, H, W, C)  ->  y (N, OH, OW, C), OH and OW by WindowAxis
///
/// Throws ShapeError if no window fits, ValueError if the window or the stride is not positive, or zeros are less than
/// none or come with padding `same`; `op` is named.
inline Shape4 pool2d_shape(const std::string& op, const Shape4& x, const Pool2DOptions& o) {
  const Size2 step = o.step();
  if (o.window.h < 1 || o.window.w < 1 || step.h < 1 || step.w < 1)
    brindle::detail::raise<ValueError>(op + ": expected a window and a stride of at least 1, got window " +
                                       to_string(o.window) + " and stride " + to_string(step));
  if (!o.zeros.is_possible() || (o.padding == Padding::same && !(o.zeros == Border{})))
    brindle::detail::raise<ValueError>(op + ": expected zeros of at least none on each side, with padding valid, got " +
                                       to_string(o.zeros));
  const WindowAxis rows = pool2d_rows(x.h, o), columns = pool2d_columns(x.w, o);
  if (rows.out < 1 || columns.out < 1)
    brindle::detail::raise<ShapeError>(op + ": a window of " + to_string(o.window) + " does not fit x " + to_string(x));
  return {x.n, rows.out, columns.out, x.c};
}

}  // namespace kernel
}  // namespace brindle::ops
