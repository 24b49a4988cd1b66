// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/padding.hpp"
#include "brindle/ops/pool2d_windows.hpp"

namespace brindle::ops {

/// How a maximum pool cuts a picture into windows; beyond the edge stand the zeros of the options, and then minus
/// infinity.
using MaxPool2DOptions = Pool2DOptions;

/// Shape of y = maxpool2d(x).
///
///     x (N, H, W, C)  ->  y (N, OH, OW, C), OH and OW by WindowAxis
///
/// Throws ShapeError if no window fits, ValueError if the window or the stride is not positive.
inline Shape4 maxpool2d_shape(const Shape4& x, const MaxPool2DOptions& o) {
  return kernel::pool2d_shape("maxpool2d", x, o);
}

namespace kernel {
template <class T, class Device>
struct maxpool2d;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one

/// Positions in a window are kept in a byte. Throws ValueError for a window of more than 256 elements.
inline void expect_codes(const Size2& window) {
  if (window.h > 256 || window.w > 256 || window.h * window.w > 256)
    detail::raise<ValueError>("maxpool2d: training needs a window of at most 256 elements, got " + to_string(window));
}

/// Throws ValueError for zeros around x on a GPU.
template <class Device>
void expect_zeros(const char* op, const MaxPool2DOptions& o) {
  if (!std::is_same_v<Device, Cpu> && !(o.zeros == Border{}))
    detail::raise<ValueError>(std::string(op) + ": on a GPU expected no zeros around x, got " + to_string(o.zeros) +
                              ": put them there by ops::zero_padding2d");
}
}  // namespace kernel

/// Largest value of each window, and where it was.
///
///     x (N, H, W, C)  ->  y, code (N, OH, OW, C)
///
/// code is the row-major position of the largest value in its window (the first one of equals), for the backward pass;
/// empty in inference. A NaN in a window gives NaN. x and y must not overlap. Throws ValueError if code is wanted and
/// the window has more than 256 elements.
template <class T, class Device>
void maxpool2d(const Device& on, In<T, Device> x, Out<T, Device> y, Out<std::uint8_t, Device> code,
               const MaxPool2DOptions& o) {
  const Shape expected = maxpool2d_shape(x.shape, o);
  kernel::expect_zeros<Device>("maxpool2d", o);
  detail::expect_shape("maxpool2d", "y", expected, y.shape);
  if (!code.empty()) {
    detail::expect_shape("maxpool2d", "code", expected, code.shape);
    kernel::expect_codes(o.window);
  }
  kernel::maxpool2d<T, Device>::forward(on, x, y, code, o);
}

/// The gradient of each window goes to the element that gave the maximum; where windows overlap, gradients add up. That
/// of a zero beyond the edge goes nowhere.
///
///     dy, code (N, OH, OW, C)  ->  dx (N, H, W, C), overwritten
template <class T, class Device>
void maxpool2d_backward(const Device& on, In<T, Device> dy, In<std::uint8_t, Device> code, Out<T, Device> dx,
                        const MaxPool2DOptions& o) {
  const Shape expected = maxpool2d_shape(dx.shape, o);
  kernel::expect_zeros<Device>("maxpool2d_backward", o);
  detail::expect_shape("maxpool2d_backward", "dy", expected, dy.shape);
  detail::expect_shape("maxpool2d_backward", "code", expected, code.shape);
  kernel::expect_codes(o.window);
  kernel::maxpool2d<T, Device>::backward(on, dy, code, dx, o);
}

namespace reference {

template <class T>
void maxpool2d(In<T, Cpu> x, Out<T, Cpu> y, Out<std::uint8_t, Cpu> code, const MaxPool2DOptions& o) {
  const Shape4 in = x.shape, out = y.shape;
  const Size2 step = o.step();
  const std::int64_t top = kernel::pool2d_rows(in.h, o).before, left = kernel::pool2d_columns(in.w, o).before;
  std::int64_t i = 0;
  for (std::int64_t n = 0; n < out.n; ++n)
    for (std::int64_t oh = 0; oh < out.h; ++oh)
      for (std::int64_t ow = 0; ow < out.w; ++ow)
        for (std::int64_t c = 0; c < out.c; ++c, ++i) {
          bool found = false;
          for (std::int64_t kh = 0; kh < o.window.h; ++kh)
            for (std::int64_t kw = 0; kw < o.window.w; ++kw) {
              const std::int64_t h = oh * step.h - top + kh, w = ow * step.w - left + kw;
              const bool inside = h >= 0 && h < in.h && w >= 0 && w < in.w;
              if (!inside && o.padding == Padding::same) continue;
              const T value = inside ? x.data[((n * in.h + h) * in.w + w) * in.c + c] : T(0);
              const bool is_nan = value != value, was_nan = found && y.data[i] != y.data[i];
              if (found && (was_nan || !(value > y.data[i] || is_nan))) continue;
              found = true;
              y.data[i] = value;
              if (!code.empty()) code.data[i] = static_cast<std::uint8_t>(kh * o.window.w + kw);
            }
        }
}

template <class T>
void maxpool2d_backward(In<T, Cpu> dy, In<std::uint8_t, Cpu> code, Out<T, Cpu> dx, const MaxPool2DOptions& o) {
  const Shape4 in = dx.shape, out = dy.shape;
  const Size2 step = o.step();
  const std::int64_t top = kernel::pool2d_rows(in.h, o).before, left = kernel::pool2d_columns(in.w, o).before;
  for (std::int64_t i = 0; i < dx.size(); ++i) dx.data[i] = 0;
  std::int64_t i = 0;
  for (std::int64_t n = 0; n < out.n; ++n)
    for (std::int64_t oh = 0; oh < out.h; ++oh)
      for (std::int64_t ow = 0; ow < out.w; ++ow)
        for (std::int64_t c = 0; c < out.c; ++c, ++i) {
          const std::int64_t h = oh * step.h - top + code.data[i] / o.window.w;
          const std::int64_t w = ow * step.w - left + code.data[i] % o.window.w;
          if (h >= 0 && h < in.h && w >= 0 && w < in.w) dx.data[((n * in.h + h) * in.w + w) * in.c + c] += dy.data[i];
        }
}

}  // namespace reference
}  // namespace brindle::ops
