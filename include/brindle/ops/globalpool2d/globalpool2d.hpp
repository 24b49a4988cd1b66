// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {

/// Shape of one number a picture and channel.
///
///     x (N, H, W, C)  ->  (N, C)
///
/// Throws ShapeError for pictures without a pixel.
inline Shape globalpool2d_shape(const Shape4& x) {
  if (x.h < 1 || x.w < 1)
    detail::raise<ShapeError>("globalpool2d: expected pictures of at least one pixel, got x " + to_string(x));
  return {x.n, x.c};
}

namespace kernel {
template <class T, class Device>
struct globalpool2d;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// Mean of each channel over the whole picture.
///
///     x (N, H, W, C)  ->  y (N, C)
///
/// Each row is summed up by itself, then the rows' sums, both from the first to the last.
template <class T, class Device>
void global_average_pool2d(const Device& on, In<T, Device> x, Out<T, Device> y) {
  detail::expect_shape("global_average_pool2d", "y", globalpool2d_shape(x.shape), y.shape);
  kernel::globalpool2d<T, Device>::average(on, x, y);
}

/// Each pixel gets an equal part of its picture's gradient.
///
///     dy (N, C)  ->  dx (N, H, W, C), overwritten
template <class T, class Device>
void global_average_pool2d_backward(const Device& on, In<T, Device> dy, Out<T, Device> dx) {
  detail::expect_shape("global_average_pool2d_backward", "dy", globalpool2d_shape(dx.shape), dy.shape);
  kernel::globalpool2d<T, Device>::average_backward(on, dy, dx);
}

/// Largest value of each channel over the whole picture; a NaN in it gives NaN.
///
///     x (N, H, W, C)  ->  y (N, C)
template <class T, class Device>
void global_max_pool2d(const Device& on, In<T, Device> x, Out<T, Device> y) {
  detail::expect_shape("global_max_pool2d", "y", globalpool2d_shape(x.shape), y.shape);
  kernel::globalpool2d<T, Device>::maximum(on, x, y);
}

/// The gradient goes to the pixels that have the largest value, in equal parts where several have it: Keras's
/// ops.max, as TensorFlow and PyTorch compute it. MaxPooling2D's goes to the first of them.
///
///     x (N, H, W, C), y = global_max_pool2d(x), dy (N, C)  ->  dx (N, H, W, C), overwritten
template <class T, class Device>
void global_max_pool2d_backward(const Device& on, In<T, Device> x, In<T, Device> y, In<T, Device> dy,
                                Out<T, Device> dx) {
  const Shape expected = globalpool2d_shape(x.shape);
  detail::expect_shape("global_max_pool2d_backward", "y", expected, y.shape);
  detail::expect_shape("global_max_pool2d_backward", "dy", expected, dy.shape);
  detail::expect_shape("global_max_pool2d_backward", "dx", x.shape, dx.shape);
  kernel::globalpool2d<T, Device>::maximum_backward(on, x, y, dy, dx);
}

namespace reference {

template <class T>
void global_average_pool2d(In<T, Cpu> x, Out<T, Cpu> y) {
  const Shape4 in = x.shape;
  for (std::int64_t n = 0; n < in.n; ++n)
    for (std::int64_t c = 0; c < in.c; ++c) {
      T sum = 0;
      for (std::int64_t p = 0; p < in.h * in.w; ++p) sum += x.data[(n * in.h * in.w + p) * in.c + c];
      y.data[n * in.c + c] = sum / static_cast<T>(in.h * in.w);
    }
}

template <class T>
void global_average_pool2d_backward(In<T, Cpu> dy, Out<T, Cpu> dx) {
  const Shape4 in = dx.shape;
  for (std::int64_t i = 0; i < dx.size(); ++i) {
    const std::int64_t n = i / (in.h * in.w * in.c), c = i % in.c;
    dx.data[i] = dy.data[n * in.c + c] / static_cast<T>(in.h * in.w);
  }
}

template <class T>
void global_max_pool2d(In<T, Cpu> x, Out<T, Cpu> y) {
  const Shape4 in = x.shape;
  for (std::int64_t n = 0; n < in.n; ++n)
    for (std::int64_t c = 0; c < in.c; ++c) {
      T best = x.data[n * in.h * in.w * in.c + c];
      for (std::int64_t p = 1; p < in.h * in.w; ++p) {
        const T value = x.data[(n * in.h * in.w + p) * in.c + c];
        if (value > best || value != value) best = value;
      }
      y.data[n * in.c + c] = best;
    }
}

template <class T>
void global_max_pool2d_backward(In<T, Cpu> x, In<T, Cpu> y, In<T, Cpu> dy, Out<T, Cpu> dx) {
  const Shape4 in = x.shape;
  const auto is_largest = [&](std::int64_t i, std::int64_t k) {
    return x.data[i] == y.data[k] || (x.data[i] != x.data[i] && y.data[k] != y.data[k]);
  };
  for (std::int64_t n = 0; n < in.n; ++n)
    for (std::int64_t c = 0; c < in.c; ++c) {
      std::int64_t count = 0;
      for (std::int64_t p = 0; p < in.h * in.w; ++p)
        count += is_largest((n * in.h * in.w + p) * in.c + c, n * in.c + c) ? 1 : 0;
      for (std::int64_t p = 0; p < in.h * in.w; ++p) {
        const std::int64_t i = (n * in.h * in.w + p) * in.c + c;
        dx.data[i] = is_largest(i, n * in.c + c) ? dy.data[n * in.c + c] / static_cast<T>(count) : T(0);
      }
    }
}

}  // namespace reference
}  // namespace brindle::ops
