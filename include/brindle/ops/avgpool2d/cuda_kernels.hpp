// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/avgpool2d/avgpool2d.hpp"
#include "brindle/ops/maxpool2d/cuda_kernels.hpp"

namespace brindle::ops::kernel {

/// How many elements [first, first + window) has that lie in an axis of `size`.
BRINDLE_HOST_DEVICE inline std::int64_t elements_inside(std::int64_t first, std::int64_t window, std::int64_t size) {
  const std::int64_t begin = first < 0 ? 0 : first, end = first + window > size ? size : first + window;
  return end - begin;
}

/// Element i of y: the mean of its window.
template <class T>
struct AveragePoolForward {
  const T* x;
  T* y;
  PoolWindows at;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t c = i % at.c, ow = i / at.c % at.ow, oh = i / at.c / at.ow % at.oh, n = i / at.c / at.ow / at.oh;
    T sum = 0;
    std::int64_t count = 0;
    for (std::int64_t kh = 0; kh < at.window_h; ++kh)
      for (std::int64_t kw = 0; kw < at.window_w; ++kw) {
        const std::int64_t h = oh * at.step_h - at.top + kh, w = ow * at.step_w - at.left + kw;
        if (h < 0 || h >= at.h || w < 0 || w >= at.w) continue;
        sum += x[((n * at.h + h) * at.w + w) * at.c + c];
        ++count;
      }
    y[i] = sum / static_cast<T>(count);
  }
};

/// Element i of dx: its parts of the gradients of the windows over it.
template <class T>
struct AveragePoolBackward {
  const T* dy;
  T* dx;
  PoolWindows at;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t c = i % at.c, w = i / at.c % at.w, h = i / at.c / at.w % at.h, n = i / at.c / at.w / at.h;
    const std::int64_t oh0 = MaxPoolBackward<T>::first(h + at.top, at.window_h, at.step_h),
                       ow0 = MaxPoolBackward<T>::first(w + at.left, at.window_w, at.step_w);
    T sum = 0;
    for (std::int64_t oh = oh0; oh < at.oh && oh * at.step_h <= h + at.top; ++oh)
      for (std::int64_t ow = ow0; ow < at.ow && ow * at.step_w <= w + at.left; ++ow) {
        const std::int64_t count = elements_inside(oh * at.step_h - at.top, at.window_h, at.h) *
                                   elements_inside(ow * at.step_w - at.left, at.window_w, at.w);
        sum += dy[((n * at.oh + oh) * at.ow + ow) * at.c + c] * (T(1) / static_cast<T>(count));
      }
    dx[i] = sum;
  }
};

}  // namespace brindle::ops::kernel
