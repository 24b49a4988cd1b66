// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/prefetch.hpp"
#include "brindle/ops/conv2d/winograd_tiles.hpp"

namespace brindle::ops::kernel {

/// Filters (3, 3, CI, CO) on their way to U, a panel of output channels at a time.
template <class T, int m>
class WinogradFilters {
  using Tiles = WinogradTiles<T, m>;
  using Tile = WinogradTile<T, m>;
  static constexpr std::int64_t panel = Tiles::panel;
  static constexpr int width = Tile::width;

 public:
  /// prepared: by prepare(), or null, and then w is read.
  WinogradFilters(const Tiles& tiles, const T* w, const T* prepared)
      : w_(w), prepared_(prepared), ci_(tiles.g.ci), co_(tiles.g.co) {}

  /// Elements of what prepare() makes, whatever the pictures are.
  static std::int64_t prepared_size(const Tiles& tiles) { return 9 * tiles.g.ci * tiles.co; }

  /// w (3, 3, CI, CO) -> for each panel of output channels (CI, 9, columns), so that a panel of U is made from one
  /// piece of memory. Not U itself: four times as much comes from memory more slowly than it is made anew.
  static void prepare(const Cpu& on, const Tiles& tiles, const T* w, T* prepared) {
    const std::int64_t ci = tiles.g.ci, co = tiles.g.co, tap = ci * co;
    on.parallel((tiles.co + panel - 1) / panel, [&](std::int64_t i, int) {
      const std::int64_t c = i * panel, columns = std::min(tiles.co - c, panel), count = std::min(columns, co - c);
      T* to = prepared + 9 * c * ci;
      for (std::int64_t k = 0; k < ci; ++k)
        for (std::int64_t j = 0; j < 9; ++j, to += columns) {
          std::copy_n(w + j * tap + k * co + c, count, to);
          std::fill_n(to + count, columns - count, T(0));
        }
    });
  }

  /// w (3, 3, CO, CI) of the convolution whose gradient this is, rotated by half a turn and transposed: (3, 3, CI, CO).
  static void turn(const Cpu& on, const Tiles& tiles, const T* w, T* turned) {
    constexpr std::int64_t side = 16;
    const std::int64_t ci = tiles.g.ci, co = tiles.g.co, strips = (co + side - 1) / side, plane = ci * co;
    on.parallel(9 * strips, [&](std::int64_t task, int) {
      const std::int64_t tap = task / strips, o = task % strips * side, rows = std::min(side, co - o);
      T square[side][side];
      for (std::int64_t k = 0; k < ci; k += side) {
        const std::int64_t columns = std::min(side, ci - k);
        for (std::int64_t i = 0; i < rows; ++i)
          for (std::int64_t j = 0; j < columns; ++j) square[j][i] = w[tap * plane + (o + i) * ci + k + j];
        for (std::int64_t j = 0; j < columns; ++j)
          std::copy_n(square[j], rows, turned + (8 - tap) * plane + (k + j) * co + o);
      }
    });
  }

  /// Filters of input channels [k, k_end) and the panel of output channels [c, c_end) -> that panel of U, (CI, c_end -
  /// c) at each position.
  void transform(std::int64_t k, std::int64_t k_end, std::int64_t c, std::int64_t c_end, T* u,
                 std::int64_t u_plane) const {
    for (std::int64_t i = k; i < k_end; ++i)
      for (std::int64_t o = c; o < c_end; o += width)
        with_taps(i, o, c, c_end,
                  [&](const T* g, std::int64_t tap) { Tile::filter(g, tap, u + i * (c_end - c) + o - c, u_plane); });
  }

  /// f(g, tap) with the filters of an input channel and of the packet of output channels from `o` on, of the panel
  /// [c, c_end): its taps are `tap` elements apart. The last packet has zeros behind the last filter.
  template <class F>
  [[gnu::always_inline]] void with_taps(std::int64_t k, std::int64_t o, std::int64_t c, std::int64_t c_end,
                                        F&& f) const {
    if (prepared_) return f(panel_from(k, c, c_end) + o - c, c_end - c);
    const T* from = w_ + k * co_ + o;
    const std::int64_t tap = ci_ * co_, count = std::min<std::int64_t>(width, co_ - o);
    for (int j = 0; j < 9; ++j) brindle::detail::prefetch(from + j * tap + rows_ahead * co_);
    if (count == width) return f(from, tap);
    alignas(64) T tail[9 * width] = {};
    for (int j = 0; j < 9; ++j) std::copy_n(from + j * tap, count, tail + j * width);
    f(tail, width);
  }

  /// Memory that is read next.
  struct Ahead {
    const T *next = nullptr, *end = nullptr;  ///< next: null when nothing is left
    void move(std::int64_t elements) {
      if (next && (next += elements) >= end) next = nullptr;
    }
  };
  /// Of the panel [c, c_end) the filters of `count` input channels from k on, or of the next panel; nothing where they
  /// are read from w.
  Ahead ahead(std::int64_t k, std::int64_t c, std::int64_t c_end, std::int64_t count) const {
    if (!prepared_) return {};
    const T* next = panel_from(k, c, c_end);
    return {next, next + 9 * count * (c_end - c)};
  }

 private:
  static constexpr std::int64_t rows_ahead = 8;  // of filters on their way from memory

  const T* panel_from(std::int64_t k, std::int64_t c, std::int64_t c_end) const {
    return prepared_ + 9 * (c * ci_ + k * (c_end - c));
  }

  const T *w_, *prepared_;
  std::int64_t ci_, co_;
};

}  // namespace brindle::ops::kernel
