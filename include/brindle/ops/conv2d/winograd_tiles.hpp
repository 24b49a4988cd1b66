// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/conv2d/winograd_transform.hpp"
#include "brindle/ops/gemm/micro_kernel.hpp"

namespace brindle::ops::kernel {

/// What the Winograd convolutions share: the tiles of y, and how those of x become V.
///
/// Where m does not divide y, its last rows or columns are half a tile if that is enough for them: 18 outputs take four
/// tiles and a half, 28 points on a side instead of 30. Half a tile has values at the first positions only. So that
/// those of a position follow each other, tiles are numbered by kind, each kind picture by picture and row by row:
///
///     tiles of the last row | whole tiles | tiles of the last column | the corner of both
template <class T, int m>
struct WinogradTiles {
  using Tile = WinogradTile<T, m>;
  using Micro = MicroTile<T>;
  static constexpr int positions = Tile::positions, width = Tile::width;
  static constexpr std::int64_t panel = Micro::columns;

  static constexpr std::int64_t stage_tiles = 8;  // in a task of a stage
  // Bytes, measured on Zen 5 with 1 MiB of level 2 cache a core and 32 MiB of level 3.
  static constexpr std::int64_t fused_bytes = 1 << 19;         // transformed tiles of a fused block
  static constexpr std::int64_t most_fused_filters = 4 << 20;  // U beside which blocks are fused

  ConvGeometry g;
  std::int64_t count;  ///< of all tiles
  std::int64_t co;     ///< output channels with padding

  explicit WinogradTiles(const ConvGeometry& geometry)
      : g(geometry), co(Micro::padded(g.co)), rows_(Tile::whole(g.oh)), columns_(Tile::whole(g.ow)) {
    const std::int64_t low = Tile::has_half(g.oh) ? 1 : 0, narrow = Tile::has_half(g.ow) ? 1 : 0;
    first_whole_ = g.n * low * columns_;
    first_narrow_ = first_whole_ + g.n * rows_ * columns_;
    first_corner_ = first_narrow_ + g.n * rows_ * narrow;
    count = first_corner_ + g.n * low * narrow;
  }

  struct TileAt {
    std::int64_t n, row, column;  ///< of its first output
    bool low, narrow;             ///< half a tile high, or wide
  };
  TileAt at(std::int64_t t) const {
    const bool low = t < first_whole_ || t >= first_corner_, narrow = t >= first_narrow_;
    t -= t >= first_corner_ ? first_corner_ : t >= first_narrow_ ? first_narrow_ : low ? 0 : first_whole_;
    const std::int64_t down = low ? 1 : rows_, across = narrow ? 1 : columns_;
    return {t / (down * across), (low ? rows_ : t / across % down) * m, (narrow ? columns_ : t % across) * m, low,
            narrow};
  }

  /// at(t + 1), where `before` is at(t): along a row of tiles without a division.
  TileAt next(const TileAt& before, std::int64_t t) const {
    if (before.narrow || before.column + m >= columns_ * m) return at(t + 1);
    return {before.n, before.row, before.column + m, before.low, before.narrow};
  }

  /// f(rows, columns) with the outputs of the tile as constants.
  template <class F>
  [[gnu::always_inline]] static void with_size(const TileAt& at, F&& f) {
    constexpr std::integral_constant<int, m> whole;
    constexpr std::integral_constant<int, Tile::half> half;
    if (!at.low && !at.narrow) return f(whole, whole);
    if constexpr (Tile::half < m) {
      if (!at.narrow) return f(half, whole);
      if (!at.low) return f(whole, half);
      f(half, half);
    }
  }

  /// Tiles or channels [begin, end).
  struct Range {
    std::int64_t begin, end;
    std::int64_t size() const { return end - begin; }
  };
  /// Of the tiles [first, end), those that have a value at the position, counted from `first` on.
  Range with_position(int position, std::int64_t first, std::int64_t end) const {
    const bool high = position / Tile::points >= Tile::half + 2, wide = position % Tile::points >= Tile::half + 2;
    const std::int64_t begin = std::max(first, high ? first_whole_ : 0);
    end = std::min(end, wide ? first_narrow_ : high ? first_corner_ : count);
    return {begin - first, std::max(begin, end) - first};
  }

  std::int64_t zeros() const { return Micro::padded(std::max(g.ci, g.co)); }
  static std::int64_t bytes_of(std::int64_t elements) { return elements * static_cast<std::int64_t>(sizeof(T)); }
  std::int64_t filter_bytes() const { return bytes_of(positions * g.ci * co); }

  /// Tiles cut into blocks of one size; the last may have fewer.
  struct Blocks {
    std::int64_t size = 0, count = 0;
  };
  /// Tiles of a block that stays in the level 2 cache; `elements` are those of a tile, transformed.
  static std::int64_t fused_size(std::int64_t elements) {
    constexpr std::int64_t r = Micro::rows;
    return rounded(std::clamp<std::int64_t>(fused_bytes / bytes_of(elements), 2 * r, 8 * r));
  }
  /// All tiles in blocks of about so many.
  Blocks fused_blocks(std::int64_t elements) const { return blocks_of(fused_size(elements)); }
  /// Blocks that all threads share, of about so many bytes.
  Blocks staged_blocks(std::int64_t elements, std::int64_t bytes) const {
    return blocks_of(rounded(std::clamp<std::int64_t>(bytes / bytes_of(elements), 64, 1024)));
  }

  /// Rounded up to whole cache lines, an odd number of them: rows and planes this far apart fall into different sets
  /// of the level 1 cache.
  static constexpr std::int64_t apart(std::int64_t elements) {
    const std::int64_t lines = (elements + Micro::line - 1) / Micro::line;
    return (lines % 2 ? lines : lines + 1) * Micro::line;
  }

  /// stage(begin, end, number) for the tiles [0, tiles) of a block.
  template <class F>
  static void in_stages(const Cpu& on, std::int64_t tiles, F&& stage) {
    on.parallel((tiles + stage_tiles - 1) / stage_tiles,
                [&](std::int64_t i, int) { stage(i * stage_tiles, std::min(tiles, (i + 1) * stage_tiles), i); });
  }

  /// Tiles [first, end) -> V, from its first row on; elements from tile to tile and from position to position.
  void transform_input(const Picture<T>& x, const T* zero, std::int64_t first, std::int64_t end, T* v,
                       std::int64_t v_row, std::int64_t v_plane) const {
    with_reader<Tile::inputs>(x, zero, g.top, g.left, [&](auto& reader) {
      TileAt tile = at(first);
      for (std::int64_t t = first; t < end; tile = next(tile, t), ++t, v += v_row) {
        reader.at(tile.n, tile.row - g.top, tile.column - g.left);
        with_size(tile, [&](auto rows, auto columns) { input_tile<rows, columns>(reader, tile.narrow, v, v_plane); });
      }
    });
  }

 private:
  template <int rows, int columns, class Reader>
  void input_tile(Reader& reader, bool down, T* v, std::int64_t v_plane) const {
    for (std::int64_t c = 0; c < g.ci; c += width) {
      reader.channels(c);
      reader.prefetch(m, c, down);
      Tile::template input<rows, columns>([&](int i, int j) { return reader.load(i, j); }, v + c, v_plane);
    }
  }

  Blocks blocks_of(std::int64_t size) const {
    if (count == 0) return {};
    const std::int64_t blocks = (count + size - 1) / size;
    size = std::min(count, rounded((count + blocks - 1) / blocks));
    return {size, (count + size - 1) / size};
  }
  static std::int64_t rounded(std::int64_t tiles) { return (tiles + Micro::rows - 1) / Micro::rows * Micro::rows; }

  std::int64_t rows_, columns_;                             // whole tiles in a picture
  std::int64_t first_whole_, first_narrow_, first_corner_;  // numbers of the first tiles of their kinds
};

}  // namespace brindle::ops::kernel
