// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle::ops {

/// Shape of y = zero_padding2d(x).
///
///     x (N, H, W, C)  ->  y (N, top + H + bottom, left + W + right, C)
///
/// Throws ValueError for a negative border.
inline Shape4 zero_padding2d_shape(const Shape4& x, const Border& border) {
  if (!border.is_possible())
    detail::raise<ValueError>("zero_padding2d: expected a border of at least 0, got " + to_string(border));
  return {x.n, border.top + x.h + border.bottom, border.left + x.w + border.right, x.c};
}

namespace kernel {
template <class T, class Device>
struct zero_padding2d;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// x with rows and columns of zeros around it. x and y must not overlap.
template <class T, class Device>
void zero_padding2d(const Device& on, In<T, Device> x, Out<T, Device> y, const Border& border) {
  detail::expect_shape("zero_padding2d", "y", zero_padding2d_shape(x.shape, border), y.shape);
  kernel::zero_padding2d<T, Device>::forward(on, x, y, border);
}

/// What of dy stands where x was.
///
///     dy (N, top + H + bottom, left + W + right, C)  ->  dx (N, H, W, C), overwritten
template <class T, class Device>
void zero_padding2d_backward(const Device& on, In<T, Device> dy, Out<T, Device> dx, const Border& border) {
  detail::expect_shape("zero_padding2d_backward", "dy", zero_padding2d_shape(dx.shape, border), dy.shape);
  kernel::zero_padding2d<T, Device>::backward(on, dy, dx, border);
}

namespace reference {

template <class T>
void zero_padding2d(In<T, Cpu> x, Out<T, Cpu> y, const Border& border) {
  const Shape4 in = x.shape, out = y.shape;
  std::int64_t i = 0;
  for (std::int64_t n = 0; n < out.n; ++n)
    for (std::int64_t h = 0; h < out.h; ++h)
      for (std::int64_t w = 0; w < out.w; ++w)
        for (std::int64_t c = 0; c < out.c; ++c, ++i) {
          const std::int64_t row = h - border.top, column = w - border.left;
          const bool inside = row >= 0 && row < in.h && column >= 0 && column < in.w;
          y.data[i] = inside ? x.data[((n * in.h + row) * in.w + column) * in.c + c] : T(0);
        }
}

template <class T>
void zero_padding2d_backward(In<T, Cpu> dy, Out<T, Cpu> dx, const Border& border) {
  const Shape4 in = dx.shape, out = dy.shape;
  std::int64_t i = 0;
  for (std::int64_t n = 0; n < in.n; ++n)
    for (std::int64_t h = 0; h < in.h; ++h)
      for (std::int64_t w = 0; w < in.w; ++w)
        for (std::int64_t c = 0; c < in.c; ++c, ++i)
          dx.data[i] = dy.data[((n * out.h + h + border.top) * out.w + w + border.left) * out.c + c];
}

}  // namespace reference
}  // namespace brindle::ops
