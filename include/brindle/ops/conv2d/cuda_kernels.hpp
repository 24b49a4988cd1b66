#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/cuda_bfloat16.hpp"
#include "brindle/core/host_device.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"

namespace brindle::ops::kernel {

/// A convolution as cuDNN is told of it, which pads the same on both sides: where that is not what is wanted, x is
/// copied with zeros around it and convolved without padding.
struct CudaConvolution {
  Shape4 x;  ///< as the caller has it
  Shape4 y;
  FilterShape w;
  Size2 stride;
  Shape4 convolved;            ///< x, or x with the zeros around it
  std::int64_t top, left;      ///< zeros in front of x in `convolved`
  std::int64_t pad_h, pad_w;   ///< that cuDNN is to add on both sides
  bool padded;                 ///< convolved is not x

  static CudaConvolution of(const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    const Shape4 y = conv2d_shape(x, w, o);
    const std::int64_t top = WindowAxis::of(x.h, w.kh, o.stride.h, o.padding).before;
    const std::int64_t left = WindowAxis::of(x.w, w.kw, o.stride.w, o.padding).before;
    const auto behind = [](std::int64_t in, std::int64_t out, std::int64_t window, std::int64_t step,
                           std::int64_t before) {
      const std::int64_t needed = (out - 1) * step + window - in - before;
      return needed < 0 ? 0 : needed;
    };
    const std::int64_t bottom = behind(x.h, y.h, w.kh, o.stride.h, top);
    const std::int64_t right = behind(x.w, y.w, w.kw, o.stride.w, left);
    if (top == bottom && left == right) return {x, y, w, o.stride, x, 0, 0, top, left, false};
    return {x, y, w, o.stride, {x.n, x.h + top + bottom, x.w + left + right, x.c}, top, left, 0, 0, true};
  }
};

/// Element i of a 2x2 maximum y (n, oh, ow, c) of z (n, h, w, c), with the code of conv2d_maxpool2d.
template <class T>
struct PoolWithCode {
  const T* z;
  T* y;
  std::uint8_t* code;
  std::int64_t h, w, c, oh, ow;
  bool relu;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t channel = i % c, column = i / c % ow, row = i / c / ow % oh, n = i / c / ow / oh;
    const T* corner = z + ((n * h + 2 * row) * w + 2 * column) * c + channel;
    T best = corner[0];
    std::uint8_t at = 0;
    for (int k = 1; k < 4; ++k) {
      const T value = corner[(k / 2 * w + k % 2) * c];
      if (!(value > best || (value != value && best == best))) continue;
      best = value;
      at = static_cast<std::uint8_t>(k);
    }
    y[i] = best;
    code[i] = relu && best == T(0) ? std::uint8_t{4} : at;
  }
};

/// Element i of dz (n, h, w, c), from dy and code (n, oh, ow, c) of conv2d_maxpool2d.
template <class T>
struct ExpandPooled {
  const T* dy;
  const std::uint8_t* code;
  T* dz;
  std::int64_t h, w, c, oh, ow;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t channel = i % c, column = i / c % w, row = i / c / w % h, n = i / c / w / h;
    T value = 0;
    if (row / 2 < oh && column / 2 < ow) {
      const std::int64_t from = ((n * oh + row / 2) * ow + column / 2) * c + channel;
      if (code[from] == row % 2 * 2 + column % 2) value = dy[from];
    }
    dz[i] = value;
  }
};

// The kernels of Precision::bf16: cuDNN convolves bfloat16 and sums in float; these change the numbers on the way in
// and out, where float32 lets cuBLAS and cuDNN turn the filters and add the bias.

/// Element i of pictures (n, h, w, c) as bfloat16, x (n, inner_h, inner_w, c) standing in zeros.
struct PicturesToBfloat16 {
  const float* x;
  bfloat16* to;
  std::int64_t h, w, c, inner_h, inner_w, top, left;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t channel = i % c, column = i / c % w - left, row = i / c / w % h - top, n = i / c / w / h;
    const bool inside = row >= 0 && row < inner_h && column >= 0 && column < inner_w;
    to[i] = bfloat16::of(inside ? x[((n * inner_h + row) * inner_w + column) * c + channel] : 0.0f);
  }
};

/// Element i of x (n, inner_h, inner_w, c), cut out of pictures (n, h, w, c) of bfloat16.
struct PicturesFromBfloat16 {
  const bfloat16* from;
  float* x;
  std::int64_t h, w, c, inner_h, inner_w, top, left;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t channel = i % c, column = i / c % inner_w, row = i / c / inner_w % inner_h,
                       n = i / c / inner_w / inner_h;
    x[i] = from[((n * h + row + top) * w + column + left) * c + channel].value();
  }
};

/// Element i of to (co, taps), from filters w (taps, co).
struct FiltersToBfloat16 {
  const float* w;
  bfloat16* to;
  std::int64_t taps, co;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { to[i] = bfloat16::of(w[i % taps * co + i / taps]); }
};

/// Element i of filters w (taps, co), from (co, taps).
struct FiltersFromBfloat16 {
  const bfloat16* from;
  float* w;
  std::int64_t taps, co;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { w[i] = from[i % co * taps + i / co].value(); }
};

/// Element i of y = f(z + bias), f linear, relu or sigmoid.
struct BiasActivationFromBfloat16 {
  const bfloat16* z;
  const float* bias;  ///< null: none
  float* y;
  std::int64_t co;
  ActivationFunction f;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    float value = z[i].value() + (bias ? bias[i % co] : 0.0f);
    if (f == ActivationFunction::relu) value = value < 0.0f ? 0.0f : value;
    if (f == ActivationFunction::sigmoid) value = 1.0f / (1.0f + std::exp(-value));
    y[i] = value;
  }
};

}  // namespace brindle::ops::kernel
