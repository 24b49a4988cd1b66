// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/shape.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle::ops::kernel {

/// The sizes of one convolution y (N, OH, OW, CO) = x (N, H, W, CI) * w (KH, KW, CI, CO), before any pooling:
///
///     y(n, r, c, :) = sum over i, j of x(n, r stride.h + i - top, c stride.w + j - left, :) w(i, j, :, :)
struct ConvGeometry {
  std::int64_t n = 0, h = 0, w = 0, ci = 0;
  std::int64_t kh = 0, kw = 0;
  std::int64_t oh = 0, ow = 0, co = 0;
  Size2 stride;
  std::int64_t top = 0, left = 0;  ///< rows and columns of zeros around x

  static ConvGeometry of(const Shape4& x, const Shape4& filters, const Size2& stride, const Conv2DPadding& padding) {
    const WindowAxis rows = WindowAxis::rows(x.h, filters.n, stride.h, padding);
    const WindowAxis columns = WindowAxis::columns(x.w, filters.h, stride.w, padding);
    return {x.n,      x.h,         x.w,       x.c,    filters.n,   filters.h,
            rows.out, columns.out, filters.c, stride, rows.before, columns.before};
  }

  /// The convolution that gives dx (N, H, W, CI) from dz (N, OH, OW, CO) and the rotated, transposed filters; for a
  /// stride of 1.
  ConvGeometry backward() const { return {n, oh, ow, co, kh, kw, h, w, ci, Size2{1}, kh - 1 - top, kw - 1 - left}; }
};

}  // namespace brindle::ops::kernel
