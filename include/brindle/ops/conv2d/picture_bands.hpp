// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/ops/batch_normalization/normalize_rows.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/picture_blocks.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/gemm/micro_kernel.hpp"

namespace brindle::ops::kernel {

/// to = dy where the code is the pixel's place, else 0, for one pixel or two of a window, `channels` each.
template <class T>
void unpool_pixels(const T* dy, const std::uint8_t* code, int place, int pixels, std::int64_t channels, T* to) {
  constexpr int width = MicroTile<T>::width;
  std::int64_t c = 0;
  for (; c + width <= channels; c += width) unpool_packet(dy + c, code + c, place, pixels, to + c, channels);
  for (; c < channels; ++c)
    for (int i = 0; i < pixels; ++i) to[i * channels + c] = code[c] == place + i ? dy[c] : T(0);
}

/// Pixels [column, column + count) of a row of the picture with zeros around it.
template <class T>
void read_row(const Picture<T>& x, std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t count, T* to) {
  if (row < 0 || row >= x.h) return static_cast<void>(std::fill_n(to, count * x.c, T(0)));
  if (!x.code) {
    const std::int64_t begin = std::clamp<std::int64_t>(-column, 0, count);
    const std::int64_t end = std::clamp<std::int64_t>(x.w - column, begin, count);
    const T* from = x.data + ((n * x.h + row) * x.w + column + begin) * x.c;
    std::fill_n(to, begin * x.c, T(0));
    if (x.prologue)
      normalize_all<T>(x.prologue->normalization, x.prologue->activation, from, to + begin * x.c, end - begin);
    else
      std::copy_n(from, (end - begin) * x.c, to + begin * x.c);
    std::fill_n(to + end * x.c, (count - end) * x.c, T(0));
    return;
  }
  const std::int64_t line = (n * (x.h / 2) + row / 2) * (x.w / 2), end = column + count;
  for (std::int64_t k = column, pixels; k < end; k += pixels, to += pixels * x.c) {
    pixels = k % 2 == 0 && k + 1 < end ? 2 : 1;
    if (k < 0 || k / 2 >= x.w / 2 || row / 2 >= x.h / 2)
      std::fill_n(to, pixels * x.c, T(0));
    else
      unpool_pixels(x.data + (line + k / 2) * x.c, x.code + (line + k / 2) * x.c, static_cast<int>(row % 2 * 2 + k % 2),
                    static_cast<int>(pixels), x.c, to);
  }
}

/// Rows of x that a block sees, zeros included, from its first one on; `row` elements from one to the next.
template <class T>
struct Band {
  const T* data;
  std::int64_t row;
};

/// Elements of the rows of x that a block of y sees, at most.
inline std::int64_t band_size(const ConvGeometry& g) {
  return ((PictureBlocks::most_rows(g.ow) - 1) * g.stride.h + g.kh) *
         ((PictureBlocks::most_columns(g.ow) - 1) * g.stride.w + g.kw) * g.ci;
}

/// What filter rows [first, last) see of x for a block of y.
template <class T>
Band<T> read_band(const ConvGeometry& g, const Picture<T>& x, const PictureBlock& b, std::int64_t first,
                  std::int64_t last, T* scratch) {
  const std::int64_t row = b.row * g.stride.h - g.top + first, column = b.column * g.stride.w - g.left;
  const std::int64_t rows = (b.rows - 1) * g.stride.h + last - first;
  const std::int64_t columns = (b.columns - 1) * g.stride.w + g.kw;
  const bool inside = row >= 0 && column >= 0 && row + rows <= g.h && column + columns <= g.w;
  if (inside && !x.code && !x.prologue) return {x.data + ((b.n * g.h + row) * g.w + column) * g.ci, g.w * g.ci};
  for (std::int64_t r = 0; r < rows; ++r) read_row(x, b.n, row + r, column, columns, scratch + r * columns * g.ci);
  return {scratch, columns * g.ci};
}

/// The pool of a block of y, of channels [c, c_end), which are in `result` (rows, columns, c_end - c).
template <class T>
void write_pooled(const ConvGeometry& g, const PictureBlock& b, const T* result, std::int64_t c, std::int64_t c_end,
                  const PictureOutput<T>& out) {
  constexpr int width = MicroTile<T>::width;
  const std::int64_t ph = g.oh / 2, pw = g.ow / 2, pixel = c_end - c, row = b.columns * pixel;
  for (std::int64_t r = 0; r < b.rows / 2; ++r)
    for (std::int64_t k = 0; k < b.columns / 2; ++k) {
      const T* from = result + 2 * r * row + 2 * k * pixel;
      const std::int64_t to = ((b.n * ph + b.row / 2 + r) * pw + b.column / 2 + k) * g.co + c;
      for (std::int64_t l = 0; l < pixel; l += width) {
        const T* z = from + l;
        const std::int64_t count = std::min<std::int64_t>(width, g.co - c - l);
        if (count == width) {
          pool_window<T, width>(z, z + pixel, z + row, z + row + pixel, out.relu(), out.y + to + l,
                                out.code ? out.code + to + l : nullptr);
        } else {
          T y[width];
          std::uint8_t code[width];
          pool_window<T, width>(z, z + pixel, z + row, z + row + pixel, out.relu(), y, code);
          std::copy_n(y, count, out.y + to + l);
          if (out.code) std::copy_n(code, count, out.code + to + l);
        }
      }
    }
}

/// Calls, while p is computed, for a block's pixels of a picture that is read from where it lies: those of its first
/// row.
template <class T>
void look_ahead(const Picture<T>& at, const PictureBlock& block, MicroProduct<T>& p) {
  p.ahead = at.data + ((block.n * at.h + block.row) * at.w + block.column) * at.c;
  p.ahead_end = p.ahead + block.columns * at.c;
}

}  // namespace brindle::ops::kernel
