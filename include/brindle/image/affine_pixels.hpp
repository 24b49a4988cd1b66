// SPDX-License-Identifier: MIT
#pragma once

// How image::warp() finds and blends pixels: one by one in double, and the columns of a row of RGB at once.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "brindle/core/host_device.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/affine_map.hpp"
#include "brindle/image/four_words.hpp"

namespace brindle::image {

namespace internal {

/// A position on an axis of n pixels: between pixels `first` and `second`, `share` of the way; none where the fill is a
/// constant.
struct AxisPosition {
  std::int64_t first = 0, second = 0;
  double share = 0;
  bool outside = false;
};

/// Pixel i, or the one that stands for it behind the end of an axis of n.
BRINDLE_HOST_DEVICE inline std::int64_t inside(std::int64_t i, std::int64_t n, Fill fill) {
  if (fill == Fill::reflect && i >= n) i = 2 * n - 1 - i < 0 ? 0 : 2 * n - 1 - i;
  return n - 1 < i ? n - 1 : i;
}

/// Position `at` on an axis of n pixels. Numbers as scipy.ndimage.affine_transform has them (1.17, order 1).
BRINDLE_HOST_DEVICE inline AxisPosition locate(double at, std::int64_t n, Fill fill) {
  const double last = static_cast<double>(n - 1);
  AxisPosition p;
  p.outside = fill == Fill::constant && !(at >= 0 && at <= last);
  if (p.outside) return p;
  if (fill == Fill::nearest || n == 1) {
    at = at < 0 ? 0 : at;
    at = last < at ? last : at;
  }
  if (fill == Fill::wrap && !(at >= 0 && at <= last)) at -= last * std::floor(at / last);
  if (fill == Fill::reflect) at -= 2 * static_cast<double>(n) * std::floor(at / (2 * static_cast<double>(n)));
  const double whole = std::floor(at);
  p.share = at - whole;
  p.first = static_cast<std::int64_t>(whole);
  p.second = p.first + 1;
  p.first = inside(p.first, n, fill);
  p.second = inside(p.second, n, fill);
  if (fill == Fill::reflect && p.second < 0) p.second = 0;
  return p;
}

/// One pixel of the input at a position, in double.
template <class Emit>
void sample(const std::uint8_t* picture, const Shape& shape, double x, double y, Fill fill, double constant,
            Emit&& emit) {
  const std::int64_t w = shape[1], channels = shape[2];
  const AxisPosition column = locate(x, w, fill), row = locate(y, shape[0], fill);
  if (column.outside || row.outside) {
    for (std::int64_t c = 0; c < channels; ++c) emit(c, constant);
    return;
  }
  const std::uint8_t *a = picture + (row.first * w + column.first) * channels,
                     *b = picture + (row.first * w + column.second) * channels,
                     *p = picture + (row.second * w + column.first) * channels,
                     *q = picture + (row.second * w + column.second) * channels;
  for (std::int64_t c = 0; c < channels; ++c) {
    const double above = a[c] + column.share * (b[c] - a[c]), below = p[c] + column.share * (q[c] - p[c]);
    emit(c, above + row.share * (below - above));
  }
}

}  // namespace internal

namespace reference {

/// The warp in plain loops and in double: bilinear, levels 0..255.
///
///     picture (H, W, C)  ->  out (H, W, C)
inline void warp(const Affine& m, TensorView<const std::uint8_t> picture, TensorView<double> out,
                 Fill fill = Fill::nearest, double constant = 0) {
  const std::int64_t h = picture.shape[0], w = picture.shape[1], channels = picture.shape[2];
  for (std::int64_t r = 0; r < h; ++r)
    for (std::int64_t c = 0; c < w; ++c) {
      const double column = static_cast<double>(c), row = static_cast<double>(r);
      internal::sample(picture.data, picture.shape, m.xx * column + m.xy * row + m.x0,
                       m.yx * column + m.yy * row + m.y0, fill, constant,
                       [&](std::int64_t k, double level) { out.data[(r * w + c) * channels + k] = level; });
    }
}

}  // namespace reference

namespace internal {

inline constexpr int warp_block =
    16;  // columns of the output that are worked out together: one AVX-512 register of floats

/// Columns [begin, end) of `begin, end` in which low <= step column + base <= high.
inline void narrow(double step, double base, double low, double high, std::int64_t& begin, std::int64_t& end) {
  double first = static_cast<double>(begin), last = static_cast<double>(end - 1);
  if (low > high) {
    last = first - 1;
  } else if (std::abs(step) < 1e-9) {
    if (!(base + step * first >= low && base + step * first <= high)) last = first - 1;
  } else {
    const double a = (low - base) / step, b = (high - base) / step;
    first = std::max(first, std::ceil(std::min(a, b)));
    last = std::min(last, std::floor(std::max(a, b)));
  }
  begin = first > last ? end : static_cast<std::int64_t>(first);
  end = first > last ? end : static_cast<std::int64_t>(last) + 1;
}

/// The positions of a block of columns on one axis: whole pixels from `origin` on, and the share of the way to the
/// next.
///
/// Positions are kept as differences from a pixel near the block, so that a float holds them to about a millionth of a
/// pixel. clamped: the whole picture's edges hold (n pixels), else the caller knows that all positions lie inside.
template <bool clamped>
struct BlockPositions {
  std::int64_t origin;
  std::int32_t whole[warp_block];
  float share[warp_block];

  BlockPositions(double base, double step, std::int64_t n) {
    const double least = std::min(base, base + step * (warp_block - 1));
    const double start =
        clamped ? std::min(std::max(std::floor(least), 0.0), static_cast<double>(n - 2)) : std::floor(least);
    origin = static_cast<std::int64_t>(start);
    const float from = static_cast<float>(base - start), by = static_cast<float>(step);
    const auto most = static_cast<std::int32_t>(n - 2 - origin);  // the last pixel that has a next one
    const float end = static_cast<float>(most + 1);
    for (int j = 0; j < warp_block; ++j) {
      float at = from + static_cast<float>(j) * by;
      at = at < 0.0f ? 0.0f : at;
      if constexpr (clamped) at = at > end ? end : at;
      auto i = static_cast<std::int32_t>(at);
      if constexpr (clamped) i = i > most ? most : i;
      whole[j] = i;
      share[j] = at - static_cast<float>(i);
    }
  }
};

#if defined(__GNUC__) && !defined(__CUDACC__)
using FourFloats = float __attribute__((vector_size(16)));

inline FourFloats three_bytes(std::int32_t word) {
  const FourWords all{word, word, word, word}, mask{0xFF, 0xFF00, 0xFF0000, 0};
  return __builtin_convertvector(all & mask, FourFloats);
}
#else
/// Four floats with the operations that the blend needs, for compilers without vector types.
struct FourFloats {
  float at[4];

  friend FourFloats operator+(const FourFloats& a, const FourFloats& b) {
    return {{a.at[0] + b.at[0], a.at[1] + b.at[1], a.at[2] + b.at[2], 0}};
  }
  friend FourFloats operator-(const FourFloats& a, const FourFloats& b) {
    return {{a.at[0] - b.at[0], a.at[1] - b.at[1], a.at[2] - b.at[2], 0}};
  }
  friend FourFloats operator*(float a, const FourFloats& b) { return {{a * b.at[0], a * b.at[1], a * b.at[2], 0}}; }
};

inline FourFloats three_bytes(std::int32_t word) {
  return {{static_cast<float>(word & 0xFF), static_cast<float>(word & 0xFF00), static_cast<float>(word & 0xFF0000), 0}};
}
#endif

/// An RGB pixel as floats: red, green times 2^8, blue times 2^16, 0. Left where they are in a word, the three need no
/// shuffle on the way to float, and the factors, powers of two, cost no digit. Reads the byte behind the pixel, too,
/// unless it is the last one.
template <bool last>
inline FourFloats rgb(const std::uint8_t* from) {
  if constexpr (last) return three_bytes(from[0] | from[1] << 8 | from[2] << 16);
  const auto fourth = static_cast<std::uint32_t>(from[3]);  // so that compilers see one load
  return three_bytes(
      static_cast<std::int32_t>(static_cast<std::uint32_t>(from[0] | from[1] << 8 | from[2] << 16) | fourth << 24));
}

/// Blends the RGB pixel at `a` and the next one with those of the row below into to[0..3); to[3] is written, too.
template <bool last>
inline void blend(const std::uint8_t* a, std::int64_t row_bytes, float x, float y, float* to) {
  const std::uint8_t* below = a + row_bytes;
  const FourFloats left = rgb<false>(a), left_below = rgb<false>(below);
  const FourFloats u = left + x * (rgb<last>(a + 3) - left);
  const FourFloats v = left_below + x * (rgb<last>(below + 3) - left_below);
  const FourFloats blended = u + y * (v - u);
  std::memcpy(to, &blended, sizeof blended);
}

/// Columns [begin, end) of one row of an RGB picture's warp. The picture has two rows and columns at least.
template <bool clamped, class T>
void warp_rgb_columns(const Affine& m, const std::uint8_t* picture, std::int64_t h, std::int64_t w, double row,
                      std::int64_t begin, std::int64_t end, const float* factor, const float* offset, T* out) {
  float levels[3 * warp_block + 1];  // each pixel writes four; the next one overwrites the last
  for (std::int64_t c = begin; c < end; c += warp_block) {
    const int count = static_cast<int>(std::min<std::int64_t>(warp_block, end - c));
    const BlockPositions<clamped> x(m.xx * static_cast<double>(c) + (m.xy * row + m.x0), m.xx, w);
    const BlockPositions<clamped> y(m.yx * static_cast<double>(c) + (m.yy * row + m.y0), m.yx, h);
    const std::uint8_t* from = picture + (y.origin * w + x.origin) * 3;
    std::int32_t at[warp_block];
    for (int j = 0; j < warp_block; ++j) at[j] = 3 * (y.whole[j] * static_cast<std::int32_t>(w) + x.whole[j]);
    // The byte beyond a pixel's right neighbour is outside the picture at its very last pixel.
    const std::int64_t last = ((h - 2) * w + w - 2) * 3 - (from - picture);
    for (int j = 0; j < count; ++j) {
      if (clamped && at[j] >= last)
        blend<true>(from + at[j], 3 * w, x.share[j], y.share[j], levels + 3 * j);
      else
        blend<false>(from + at[j], 3 * w, x.share[j], y.share[j], levels + 3 * j);
    }
    T* to = out + 3 * c;
    if (count == warp_block)
      for (int k = 0; k < 3 * warp_block; ++k) to[k] = static_cast<T>(levels[k] * factor[k] + offset[k]);
    else
      for (int k = 0; k < 3 * count; ++k) to[k] = static_cast<T>(levels[k] * factor[k] + offset[k]);
  }
}

/// Columns [begin, end) of one row, pixel by pixel: any fill, any number of channels.
template <class T>
void warp_columns(const Affine& m, TensorView<const std::uint8_t> picture, double row, std::int64_t begin,
                  std::int64_t end, Fill fill, double constant, const float* factor, const float* offset, T* out) {
  const std::int64_t channels = picture.shape[2];
  for (std::int64_t c = begin; c < end; ++c) {
    const double column = static_cast<double>(c);
    sample(picture.data, picture.shape, m.xx * column + m.xy * row + m.x0, m.yx * column + m.yy * row + m.y0, fill,
           constant, [&](std::int64_t k, double level) {
             const auto value = static_cast<float>(level);
             out[c * channels + k] = static_cast<T>(factor ? value * factor[k] + offset[k] : value);
           });
  }
}

}  // namespace internal

}  // namespace brindle::image
