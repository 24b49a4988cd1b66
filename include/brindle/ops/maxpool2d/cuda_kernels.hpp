// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/maxpool2d/maxpool2d.hpp"

namespace brindle::ops::kernel {

/// Where the windows of a pool lie, as plain numbers: in (n, h, w, c), out (n, oh, ow, c).
struct PoolWindows {
  std::int64_t h, w, c, oh, ow;
  std::int64_t window_h, window_w, step_h, step_w, top, left;

  /// Options: of the maximum or the mean.
  template <class Options>
  static PoolWindows of(const Shape4& in, const Shape4& out, const Options& o) {
    const Size2 step = o.step();
    return {in.h,
            in.w,
            in.c,
            out.h,
            out.w,
            o.window.h,
            o.window.w,
            step.h,
            step.w,
            WindowAxis::of(in.h, o.window.h, step.h, o.padding).before,
            WindowAxis::of(in.w, o.window.w, step.w, o.padding).before};
  }
};

/// Element i of y: the largest of its window, and where it was.
template <class T>
struct MaxPoolForward {
  const T* x;
  T* y;
  std::uint8_t* code;  ///< null: not wanted
  PoolWindows at;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t c = i % at.c, ow = i / at.c % at.ow, oh = i / at.c / at.ow % at.oh, n = i / at.c / at.ow / at.oh;
    T best = 0;
    int position = -1;
    for (std::int64_t kh = 0; kh < at.window_h; ++kh)
      for (std::int64_t kw = 0; kw < at.window_w; ++kw) {
        const std::int64_t h = oh * at.step_h - at.top + kh, w = ow * at.step_w - at.left + kw;
        if (h < 0 || h >= at.h || w < 0 || w >= at.w) continue;
        const T value = x[((n * at.h + h) * at.w + w) * at.c + c];
        // The first of equals stays; a NaN wins and stays.
        if (position >= 0 && !(value > best || (value != value && best == best))) continue;
        best = value;
        position = static_cast<int>(kh * at.window_w + kw);
      }
    y[i] = best;
    if (code) code[i] = static_cast<std::uint8_t>(position);
  }
};

/// Element i of dx: what the windows over it whose largest element it was pass back.
template <class T>
struct MaxPoolBackward {
  const T* dy;
  const std::uint8_t* code;
  T* dx;
  PoolWindows at;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t c = i % at.c, w = i / at.c % at.w, h = i / at.c / at.w % at.h, n = i / at.c / at.w / at.h;
    const std::int64_t oh0 = first(h + at.top, at.window_h, at.step_h),
                       ow0 = first(w + at.left, at.window_w, at.step_w);
    T sum = 0;
    for (std::int64_t oh = oh0; oh < at.oh && oh * at.step_h <= h + at.top; ++oh)
      for (std::int64_t ow = ow0; ow < at.ow && ow * at.step_w <= w + at.left; ++ow) {
        const std::int64_t from = ((n * at.oh + oh) * at.ow + ow) * at.c + c;
        const std::int64_t position = (h + at.top - oh * at.step_h) * at.window_w + w + at.left - ow * at.step_w;
        if (code[from] == position) sum += dy[from];
      }
    dx[i] = sum;
  }

  /// The first window that reaches position `at_padded`.
  BRINDLE_HOST_DEVICE static std::int64_t first(std::int64_t at_padded, std::int64_t window, std::int64_t step) {
    const std::int64_t behind = at_padded - window + 1;
    return behind <= 0 ? 0 : (behind + step - 1) / step;
  }
};

}  // namespace brindle::ops::kernel
