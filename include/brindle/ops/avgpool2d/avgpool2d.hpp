// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/padding.hpp"
#include "brindle/ops/pool2d_windows.hpp"

namespace brindle::ops {

/// How an average pool cuts a picture into windows; nothing is counted beyond the edge.
using AveragePool2DOptions = Pool2DOptions;

/// Shape of y = avgpool2d(x).
///
///     x (N, H, W, C)  ->  y (N, OH, OW, C), OH and OW by WindowAxis
///
/// Throws ShapeError if no window fits, ValueError if the window or the stride is not positive, or zeros are to stand
/// around.
inline Shape4 avgpool2d_shape(const Shape4& x, const AveragePool2DOptions& o) {
  if (!(o.zeros == Border{}))
    detail::raise<ValueError>("avgpool2d: expected no zeros around x, got " + to_string(o.zeros) +
                              ": put them there by ops::zero_padding2d");
  return kernel::pool2d_shape("avgpool2d", x, o);
}

namespace kernel {
template <class T, class Device>
struct avgpool2d;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// Mean of each window, over the elements that lie in the picture.
///
///     x (N, H, W, C)  ->  y (N, OH, OW, C)
///
/// x and y must not overlap.
template <class T, class Device>
void avgpool2d(const Device& on, In<T, Device> x, Out<T, Device> y, const AveragePool2DOptions& o) {
  detail::expect_shape("avgpool2d", "y", avgpool2d_shape(x.shape, o), y.shape);
  kernel::avgpool2d<T, Device>::forward(on, x, y, o);
}

/// The gradient of each window goes to its elements in equal parts; where windows overlap, gradients add up.
///
///     dy (N, OH, OW, C)  ->  dx (N, H, W, C), overwritten
template <class T, class Device>
void avgpool2d_backward(const Device& on, In<T, Device> dy, Out<T, Device> dx, const AveragePool2DOptions& o) {
  detail::expect_shape("avgpool2d_backward", "dy", avgpool2d_shape(dx.shape, o), dy.shape);
  kernel::avgpool2d<T, Device>::backward(on, dy, dx, o);
}

namespace reference {

/// Calls visit(i, k, count): x.data[i] is one of the `count` elements of window y.data[k].
template <class F>
void avgpool2d_terms(const Shape4& x, const AveragePool2DOptions& o, F&& visit) {
  const Shape4 y = avgpool2d_shape(x, o);
  const Size2 step = o.step();
  const std::int64_t top = WindowAxis::of(x.h, o.window.h, step.h, o.padding).before;
  const std::int64_t left = WindowAxis::of(x.w, o.window.w, step.w, o.padding).before;
  for (std::int64_t n = 0; n < y.n; ++n)
    for (std::int64_t oh = 0; oh < y.h; ++oh)
      for (std::int64_t ow = 0; ow < y.w; ++ow) {
        const std::int64_t h0 = std::max<std::int64_t>(oh * step.h - top, 0);
        const std::int64_t w0 = std::max<std::int64_t>(ow * step.w - left, 0);
        const std::int64_t h1 = std::min(oh * step.h - top + o.window.h, x.h);
        const std::int64_t w1 = std::min(ow * step.w - left + o.window.w, x.w);
        for (std::int64_t h = h0; h < h1; ++h)
          for (std::int64_t w = w0; w < w1; ++w)
            for (std::int64_t c = 0; c < x.c; ++c)
              visit(((n * x.h + h) * x.w + w) * x.c + c, ((n * y.h + oh) * y.w + ow) * y.c + c, (h1 - h0) * (w1 - w0));
      }
}

template <class T>
void avgpool2d(In<T, Cpu> x, Out<T, Cpu> y, const AveragePool2DOptions& o) {
  for (std::int64_t k = 0; k < y.size(); ++k) y.data[k] = 0;
  avgpool2d_terms(x.shape, o, [&](std::int64_t i, std::int64_t k, std::int64_t count) {
    y.data[k] += x.data[i] / static_cast<T>(count);
  });
}

template <class T>
void avgpool2d_backward(In<T, Cpu> dy, Out<T, Cpu> dx, const AveragePool2DOptions& o) {
  for (std::int64_t i = 0; i < dx.size(); ++i) dx.data[i] = 0;
  avgpool2d_terms(dx.shape, o, [&](std::int64_t i, std::int64_t k, std::int64_t count) {
    dx.data[i] += dy.data[k] / static_cast<T>(count);
  });
}

}  // namespace reference
}  // namespace brindle::ops
