// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cuda_bfloat16.hpp"
#include "brindle/core/cuda_vector.hpp"
#include "brindle/core/host_device.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"

namespace brindle::ops::kernel {

/// A convolution as cuDNN is told of it, which pads the same on both sides: where that is not what is wanted, x is
/// copied with zeros around it and convolved without padding.
struct CudaConvolution {
  Shape4 x;  ///< as the caller has it
  Shape4 y;
  FilterShape w;
  Size2 stride;
  Shape4 convolved;           ///< x, or x with the zeros around it
  std::int64_t top, left;     ///< zeros in front of x in `convolved`
  std::int64_t pad_h, pad_w;  ///< that cuDNN is to add on both sides
  bool padded;                ///< convolved is not x

  static CudaConvolution of(const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    const Shape4 y = conv2d_shape(x, w, o);
    const Conv2DWindows windows = conv2d_windows(x, w, o);
    const std::int64_t top = windows.rows.before, left = windows.columns.before;
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

/// Where element i of pictures (n, h, w, c) is. By divisions of 32 bits, which a GPU does several times as fast as
/// those of 64: cuDNN cannot count more than 2^31 elements, either.
struct PicturePosition {
  std::int64_t n, row, column, channel;

  BRINDLE_HOST_DEVICE static PicturePosition of(std::int64_t i, std::int64_t h, std::int64_t w, std::int64_t c) {
    const auto element = static_cast<std::uint32_t>(i), channels = static_cast<std::uint32_t>(c),
               columns = static_cast<std::uint32_t>(w), rows = static_cast<std::uint32_t>(h);
    const std::uint32_t pixel = element / channels, line = pixel / columns, n = line / rows;
    return {n, line - n * rows, pixel - line * columns, element - pixel * channels};
  }
};

/// Group i, `width` channels each, of a 2x2 maximum y (n, oh, ow, c) of z (n, h, w, c), with the code of
/// conv2d_maxpool2d. c is a multiple of the width, and arrays are aligned for vectors of it.
template <class T, int width>
struct PoolWithCode {
  const T* z;
  T* y;
  std::uint8_t* code;
  std::int64_t h, w, c, oh, ow;
  bool relu;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const auto p = PicturePosition::of(i, oh, ow, c / width);
    const T* corner = z + ((p.n * h + 2 * p.row) * w + 2 * p.column) * c + p.channel * width;
    auto best = detail::CudaVector<T, width>::load(corner);
    detail::CudaVector<std::uint8_t, width> at{};
    for (int k = 1; k < 4; ++k) {
      const auto values = detail::CudaVector<T, width>::load(corner + (k / 2 * w + k % 2) * c);
      for (int l = 0; l < width; ++l) {
        const T value = values.of[l];
        if (!(value > best.of[l] || (value != value && best.of[l] == best.of[l]))) continue;
        best.of[l] = value;
        at.of[l] = static_cast<std::uint8_t>(k);
      }
    }
    for (int l = 0; l < width; ++l)
      if (relu && best.of[l] == T(0)) at.of[l] = 4;
    best.store(y + i * width);
    at.store(code + i * width);
  }
};

/// Group i, `width` channels each, of dz (n, h, w, c), from dy and code (n, oh, ow, c) of conv2d_maxpool2d. c is a
/// multiple of the width, and arrays are aligned for vectors of it.
template <class T, int width>
struct ExpandPooled {
  const T* dy;
  const std::uint8_t* code;
  T* dz;
  std::int64_t h, w, c, oh, ow;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const auto p = PicturePosition::of(i, h, w, c / width);
    detail::CudaVector<T, width> values{};
    if (p.row / 2 < oh && p.column / 2 < ow) {
      const std::int64_t from = ((p.n * oh + p.row / 2) * ow + p.column / 2) * c + p.channel * width;
      const auto gradients = detail::CudaVector<T, width>::load(dy + from);
      const auto codes = detail::CudaVector<std::uint8_t, width>::load(code + from);
      for (int l = 0; l < width; ++l)
        if (codes.of[l] == p.row % 2 * 2 + p.column % 2) values.of[l] = gradients.of[l];
    }
    values.store(dz + i * width);
  }
};

// The kernels of Precision::bf16: cuDNN convolves bfloat16 and sums in float; these change the numbers on the way in
// and out, where float32 lets cuBLAS and cuDNN turn the filters and add the bias.

/// Element i of pictures (n, h, w, c) as bfloat16, x (n, inner_h, inner_w, c) standing in zeros.
struct PicturesToBfloat16 {
  const float* x;
  detail::bfloat16* to;
  std::int64_t h, w, c, inner_h, inner_w, top, left;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const auto p = PicturePosition::of(i, h, w, c);
    const std::int64_t row = p.row - top, column = p.column - left;
    const bool inside = row >= 0 && row < inner_h && column >= 0 && column < inner_w;
    to[i] = detail::bfloat16::of(inside ? x[((p.n * inner_h + row) * inner_w + column) * c + p.channel] : 0.0f);
  }
};

/// Element i of x (n, inner_h, inner_w, c), cut out of pictures (n, h, w, c) of bfloat16.
struct PicturesFromBfloat16 {
  const detail::bfloat16* from;
  float* x;
  std::int64_t h, w, c, inner_h, inner_w, top, left;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const auto p = PicturePosition::of(i, inner_h, inner_w, c);
    x[i] = from[((p.n * h + p.row + top) * w + p.column + left) * c + p.channel].value();
  }
};

/// Element i of to (co, taps), from filters w (taps, co).
struct FiltersToBfloat16 {
  const float* w;
  detail::bfloat16* to;
  std::int64_t taps, co;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    to[i] = detail::bfloat16::of(w[i % taps * co + i / taps]);
  }
};

/// Element i of filters w (taps, co), from (co, taps).
struct FiltersFromBfloat16 {
  const detail::bfloat16* from;
  float* w;
  std::int64_t taps, co;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { w[i] = from[i % co * taps + i / co].value(); }
};

/// Element i of y = f(z + bias); f is not softmax.
struct BiasActivationFromBfloat16 {
  const detail::bfloat16* z;
  const float* bias;  ///< null: none
  float* y;
  std::int64_t co;
  ActivationFunction f;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    y[i] = activations::value(f, z[i].value() + (bias ? bias[i % co] : 0.0f));
  }
};

}  // namespace brindle::ops::kernel
