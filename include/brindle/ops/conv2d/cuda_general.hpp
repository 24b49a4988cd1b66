// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"

namespace brindle::ops::kernel {

/// A convolution of any kind as plain numbers: x (n, h, w, groups ci), y (n, oh, ow, groups co),
/// w (kh, kw, ci, groups co).
struct GeneralConvolution {
  std::int64_t n, h, w, oh, ow, kh, kw, ci, co, groups;
  std::int64_t stride_h, stride_w, dilation_h, dilation_w, top, left;

  static GeneralConvolution of(const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    const Shape4 y = conv2d_shape(x, w, o);
    const Conv2DWindows at = conv2d_windows(x, w, o);
    return {x.n,
            x.h,
            x.w,
            y.h,
            y.w,
            w.kh,
            w.kw,
            w.ci,
            w.co / o.groups,
            o.groups,
            o.stride.h,
            o.stride.w,
            o.dilation.h,
            o.dilation.w,
            at.rows.before,
            at.columns.before};
  }

  /// Parts of the pictures whose gradients by w are summed apart: enough for many threads.
  BRINDLE_HOST_DEVICE std::int64_t parts() const { return n * oh < 64 ? n * oh : 64; }
};

/// Element i of y, before the activation.
template <class T>
struct GeneralForward {
  const T* x;
  const T* w;
  const T* bias;  ///< null: none
  T* y;
  GeneralConvolution at;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t outputs = at.groups * at.co, inputs = at.groups * at.ci, c = i % outputs;
    const std::int64_t ow = i / outputs % at.ow, oh = i / outputs / at.ow % at.oh, n = i / outputs / at.ow / at.oh;
    T sum = 0;
    for (std::int64_t kh = 0; kh < at.kh; ++kh)
      for (std::int64_t kw = 0; kw < at.kw; ++kw) {
        const std::int64_t h = oh * at.stride_h + kh * at.dilation_h - at.top;
        const std::int64_t k = ow * at.stride_w + kw * at.dilation_w - at.left;
        if (h < 0 || h >= at.h || k < 0 || k >= at.w) continue;
        const T* pixel = x + ((n * at.h + h) * at.w + k) * inputs + c / at.co * at.ci;
        const T* filter = w + (kh * at.kw + kw) * at.ci * outputs + c;
        for (std::int64_t ci = 0; ci < at.ci; ++ci) sum += pixel[ci] * filter[ci * outputs];
      }
    y[i] = bias ? sum + bias[c] : sum;
  }
};

/// Element i of dx.
template <class T>
struct GeneralBackwardData {
  const T* dz;
  const T* w;
  T* dx;
  GeneralConvolution at;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t outputs = at.groups * at.co, inputs = at.groups * at.ci, c = i % inputs, group = c / at.ci;
    const std::int64_t k = i / inputs % at.w, h = i / inputs / at.w % at.h, n = i / inputs / at.w / at.h;
    T sum = 0;
    for (std::int64_t kh = 0; kh < at.kh; ++kh)
      for (std::int64_t kw = 0; kw < at.kw; ++kw) {
        const std::int64_t row = h + at.top - kh * at.dilation_h, column = k + at.left - kw * at.dilation_w;
        if (row < 0 || row % at.stride_h != 0 || column < 0 || column % at.stride_w != 0) continue;
        const std::int64_t oh = row / at.stride_h, ow = column / at.stride_w;
        if (oh >= at.oh || ow >= at.ow) continue;
        const T* pixel = dz + ((n * at.oh + oh) * at.ow + ow) * outputs + group * at.co;
        const T* filter = w + ((kh * at.kw + kw) * at.ci + c % at.ci) * outputs + group * at.co;
        for (std::int64_t co = 0; co < at.co; ++co) sum += pixel[co] * filter[co];
      }
    dx[i] = sum;
  }
};

/// Element i of sums (parts, dw): what a part of the rows of dz gives to an element of dw.
template <class T>
struct GeneralBackwardWeights {
  const T* x;
  const T* dz;
  T* sums;
  GeneralConvolution at;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t outputs = at.groups * at.co, inputs = at.groups * at.ci, size = at.kh * at.kw * at.ci * outputs;
    const std::int64_t part = i / size, c = i % outputs, ci = i / outputs % at.ci;
    const std::int64_t kw = i / outputs / at.ci % at.kw, kh = i / outputs / at.ci / at.kw % at.kh;
    const std::int64_t rows = at.n * at.oh, parts = at.parts();
    T sum = 0;
    for (std::int64_t r = part * rows / parts; r < (part + 1) * rows / parts; ++r) {
      const std::int64_t h = r % at.oh * at.stride_h + kh * at.dilation_h - at.top;
      if (h < 0 || h >= at.h) continue;
      const T* line = x + (r / at.oh * at.h + h) * at.w * inputs + c / at.co * at.ci + ci;
      for (std::int64_t ow = 0; ow < at.ow; ++ow) {
        const std::int64_t k = ow * at.stride_w + kw * at.dilation_w - at.left;
        if (k >= 0 && k < at.w) sum += line[k * inputs] * dz[(r * at.ow + ow) * outputs + c];
      }
    }
    sums[i] = sum;
  }
};

}  // namespace brindle::ops::kernel
