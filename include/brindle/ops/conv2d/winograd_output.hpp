// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "brindle/ops/activation/cpu.hpp"
#include "brindle/ops/batch_normalization/normalize_rows.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/conv2d/winograd_tiles.hpp"

namespace brindle::ops::kernel {

/// M -> y, with all that stands behind a convolution's sums: bias, residual, normalization, activation and pool.
template <class T, int m>
class WinogradOutput {
  using Tiles = WinogradTiles<T, m>;
  using Tile = WinogradTile<T, m>;
  using TileAt = typename Tiles::TileAt;
  using Channels = typename Tiles::Range;
  static constexpr int width = Tile::width;

 public:
  /// m_row, m_plane: elements of M from tile to tile and from position to position.
  WinogradOutput(const Tiles& tiles, std::int64_t m_row, std::int64_t m_plane)
      : tiles_(tiles), m_row_(m_row), m_plane_(m_plane) {}

  /// M -> tiles [first, end) of y at these channels, which begin with a packet. `sums`: of the first tile, at the first
  /// position, the first of these channels. bias: of all channels, with those that fill the last packet.
  void transform(const T* sums, std::int64_t first, std::int64_t end, Channels channels, const T* bias,
                 const PictureOutput<T>& out) const {
    channels.end = std::min(channels.end, tiles_.g.co);
    if (out.normalization)
      transform_and_normalize(sums, first, end, channels, bias, out);
    else if (out.residual)
      transform<true>(sums, first, end, channels, bias, out);
    else
      transform<false>(sums, first, end, channels, bias, out);
  }

 private:
  /// With a normalization of what has just been stored of a tile.
  void transform_and_normalize(const T* sums, std::int64_t first, std::int64_t end, const Channels& channels,
                               const T* bias, const PictureOutput<T>& out) const {
    const T least = -std::numeric_limits<T>::infinity();
    TileAt at = tiles_.at(first);
    for (std::int64_t t = first; t < end; at = tiles_.next(at, t), ++t, sums += m_row_) {
      Tiles::with_size(at, [&](auto rows, auto columns) {
        tile<rows, columns, false>(sums, at, channels, bias, least, out);
        each_row<rows, columns>(at, [&](std::int64_t row, std::int64_t pixels) {
          normalize_stored(*out.normalization, out.activation, out.residual ? out.residual + row : nullptr, out.y + row,
                           pixels, channels.begin, channels.size());
        });
      });
    }
  }

  template <bool residual>
  void transform(const T* sums, std::int64_t first, std::int64_t end, const Channels& channels, const T* bias,
                 const PictureOutput<T>& out) const {
    const auto last = ActivationSteps<T>::of(out.activation);
    const bool limited = last.most < std::numeric_limits<T>::infinity();
    const ActivationFunction after = limited ? out.activation : last.after;
    TileAt at = tiles_.at(first);
    for (std::int64_t t = first; t < end; at = tiles_.next(at, t), ++t, sums += m_row_) {
      Tiles::with_size(at, [&](auto rows, auto columns) {
        tile<rows, columns, residual>(sums, at, channels, bias, last.least, out);
        if (after == ActivationFunction::linear) return;
        each_row<rows, columns>(at, [&](std::int64_t row, std::int64_t pixels) {
          activate_rows(after, out.y + row + channels.begin, pixels, tiles_.g.co, channels.size());
        });
      });
    }
  }

  /// f(row, pixels) for each row of pixels that tile() has stored: its first element in y.
  template <int rows, int columns, class F>
  void each_row(const TileAt& at, F&& f) const {
    const std::int64_t pixels = std::min<std::int64_t>(columns, tiles_.g.ow - at.column);
    for (int i = 0; i < rows && at.row + i < tiles_.g.oh; ++i)
      f(((at.n * tiles_.g.oh + at.row + i) * tiles_.g.ow + at.column) * tiles_.g.co, pixels);
  }

  template <int rows, int columns, bool residual>
  void tile(const T* sums, const TileAt& at, const Channels& channels, const T* bias, T smallest,
            const PictureOutput<T>& out) const {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    using namespace Eigen::internal;
    const Packet least = pset1<Packet>(smallest);
    const std::int64_t first = ((at.n * tiles_.g.oh + at.row) * tiles_.g.ow + at.column) * tiles_.g.co;
    T* y = out.y + first;
    [[maybe_unused]] const T* shortcut = residual ? out.residual + first : nullptr;
    const bool inside = at.row + rows <= tiles_.g.oh && at.column + columns <= tiles_.g.ow;
    std::int64_t c = channels.begin;
    if (!out.pooled && inside)
      for (; c + width <= channels.end; c += width, sums += width) {
        const Packet b = ploadu<Packet>(bias + c);
        Tile::template output<rows, columns>(sums, m_plane_, [&](int i, int j, const auto& value) {
          const std::int64_t to = (i * tiles_.g.ow + j) * tiles_.g.co + c;
          auto sum = padd(value, b);
          if constexpr (residual) sum = padd(sum, ploadu<Packet>(shortcut + to));
          pstoreu(y + to, sum < least ? least : sum);
        });
      }
    alignas(64) T z[m * m * width];
    for (; c < channels.end; c += width, sums += width) {
      const Packet b = ploadu<Packet>(bias + c);
      Tile::template output<rows, columns>(sums, m_plane_, [&](int i, int j, const auto& value) {
        const auto sum = padd(value, b);
        if constexpr (residual)
          pstore(z + (i * m + j) * width, sum);
        else
          pstore(z + (i * m + j) * width, sum < least ? least : sum);
      });
      const std::int64_t count = std::min<std::int64_t>(width, channels.end - c);
      if (out.pooled)
        store_pooled<rows, columns>(z, at, c, count, out);
      else
        store<rows, columns, residual>(z, at, c, count, smallest, out);
    }
  }

  template <int rows, int columns, bool residual>
  void store(const T* z, const TileAt& at, std::int64_t c, std::int64_t count, T smallest,
             const PictureOutput<T>& out) const {
    for (int i = 0; i < rows && at.row + i < tiles_.g.oh; ++i)
      for (int j = 0; j < columns && at.column + j < tiles_.g.ow; ++j) {
        const T* from = z + (i * m + j) * width;
        const std::int64_t to = ((at.n * tiles_.g.oh + at.row + i) * tiles_.g.ow + at.column + j) * tiles_.g.co + c;
        if constexpr (!residual)
          std::copy_n(from, count, out.y + to);
        else
          for (std::int64_t k = 0; k < count; ++k) {
            const T sum = from[k] + out.residual[to + k];
            out.y[to + k] = sum < smallest ? smallest : sum;
          }
      }
  }

  template <int rows, int columns>
  void store_pooled(const T* z, const TileAt& at, std::int64_t c, std::int64_t count,
                    const PictureOutput<T>& out) const {
    const std::int64_t ph = tiles_.g.oh / 2, pw = tiles_.g.ow / 2;
    for (int i = 0; i < rows / 2 && at.row / 2 + i < ph; ++i)
      for (int j = 0; j < columns / 2 && at.column / 2 + j < pw; ++j) {
        const T* from = z + (2 * i * m + 2 * j) * width;
        const std::int64_t to = ((at.n * ph + at.row / 2 + i) * pw + at.column / 2 + j) * tiles_.g.co + c;
        pool_window_part(from, from + width, from + m * width, from + (m + 1) * width, count, out, to);
      }
  }

  /// pool_window, of which the first `count` channels are stored at y + to.
  static void pool_window_part(const T* z0, const T* z1, const T* z2, const T* z3, std::int64_t count,
                               const PictureOutput<T>& out, std::int64_t to) {
    if (width == 1 || count == width)
      return pool_window<T, width>(z0, z1, z2, z3, out.relu(), out.y + to, out.code ? out.code + to : nullptr);
    T y[width];
    std::uint8_t code[width];
    pool_window<T, width>(z0, z1, z2, z3, out.relu(), y, code);
    std::copy_n(y, count, out.y + to);
    if (out.code) std::copy_n(code, count, out.code + to);
  }

  Tiles tiles_;
  std::int64_t m_row_, m_plane_;
};

}  // namespace brindle::ops::kernel
