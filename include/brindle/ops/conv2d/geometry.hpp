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

  /// Whether each pixel of y is made of the one of x that lies where it does.
  bool is_pointwise() const {
    return kh == 1 && kw == 1 && stride == Size2(1) && top == 0 && left == 0 && oh == h && ow == w;
  }

  /// With all pixels of the batch in one row, where that is so; else as it is.
  ConvGeometry one_row() const {
    if (!is_pointwise()) return *this;
    const std::int64_t pixels = n * h * w;
    return {1, 1, pixels, ci, 1, 1, 1, pixels, co, stride, 0, 0};
  }

  /// The convolution that gives dx (N, H, W, CI) from dz (N, OH, OW, CO) and the rotated, transposed filters; for a
  /// stride of 1.
  ConvGeometry backward() const { return {n, oh, ow, co, kh, kw, h, w, ci, Size2{1}, kh - 1 - top, kw - 1 - left}; }
};

/// The filters' taps that a convolution uses, of KH x KW: row first.h, first.h + step.h and so on, columns alike.
struct FilterTaps {
  std::int64_t kw = 0;  ///< columns of the whole filter
  Size2 first{0}, step{1};
};

/// Where the pixels of y (OH, OW) lie in a picture of h x w: pixel (r, c) at (first.h + r step.h, first.w + c step.w).
struct PixelGrid {
  std::int64_t h = 0, w = 0;
  Size2 first{0}, step{1};

  /// The number of the pixel in a batch of such pictures.
  std::int64_t at(std::int64_t n, std::int64_t r, std::int64_t c) const {
    return (n * h + first.h + r * step.h) * w + first.w + c * step.w;
  }
};

}  // namespace brindle::ops::kernel
