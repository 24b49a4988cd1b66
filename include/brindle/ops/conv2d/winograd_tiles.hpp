#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/conv2d/winograd_transform.hpp"
#include "brindle/ops/gemm/micro_kernel.hpp"

namespace brindle::ops::kernel {

/// What the Winograd convolutions share: the tiles of y, numbered picture by picture and row by row, and how those of x
/// become V.
template <class T, int m>
struct WinogradTiles {
  using Tile = WinogradTile<T, m>;
  using Micro = MicroTile<T>;
  static constexpr int positions = Tile::positions, width = Tile::width;
  static constexpr std::int64_t panel = Micro::columns;

  // Bytes, measured on Zen 5 with 1 MiB of level 2 cache a core and 32 MiB of level 3.
  static constexpr std::int64_t fused_bytes = 1 << 19;          // transformed tiles of a fused block
  static constexpr std::int64_t staged_filter_bytes = 4 << 20;  // U from which on blocks are staged
  static constexpr std::int64_t few_blocks = 8;                 // too few to keep threads busy
  static constexpr std::int64_t stage_tiles = 8;                // tiles in a task of a stage

  ConvGeometry g;
  std::int64_t rows, columns, count;  ///< of tiles in a picture, and all of them
  std::int64_t co;                    ///< output channels with padding

  explicit WinogradTiles(const ConvGeometry& geometry)
      : g(geometry),
        rows((g.oh + m - 1) / m),
        columns((g.ow + m - 1) / m),
        count(g.n * rows * columns),
        co(Micro::padded(g.co)) {}

  struct TileAt {
    std::int64_t n, row, column;  ///< of its first output
  };
  TileAt at(std::int64_t t) const { return {t / (rows * columns), t / columns % rows * m, t % columns * m}; }

  std::int64_t zeros() const { return Micro::padded(std::max(g.ci, g.co)); }
  std::int64_t filter_bytes() const { return positions * g.ci * co * static_cast<std::int64_t>(sizeof(T)); }

  /// How the tiles are cut into blocks; `elements` are those of a tile, transformed; staged_bytes:
  /// of a staged block, for all threads.
  struct Blocks {
    bool staged = false;
    std::int64_t size = 0, count = 0;
  };
  Blocks blocks(std::int64_t elements, std::int64_t staged_bytes) const {
    const std::int64_t bytes = elements * static_cast<std::int64_t>(sizeof(T)), r = Micro::rows;
    const std::int64_t fused = rounded(std::clamp<std::int64_t>(fused_bytes / bytes, 2 * r, 8 * r));
    Blocks b{filter_bytes() > staged_filter_bytes || count < few_blocks * fused, fused, 0};
    if (b.staged) b.size = rounded(std::clamp<std::int64_t>(staged_bytes / bytes, 64, 1024));
    if (count == 0) return {b.staged, 0, 0};
    b.count = (count + b.size - 1) / b.size;
    b.size = std::min(count, rounded((count + b.count - 1) / b.count));
    b.count = (count + b.size - 1) / b.size;
    return b;
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
    TileReader<T, Tile::inputs, width> reader(x, zero);
    for (std::int64_t t = first; t < end; ++t, v += v_row) {
      const TileAt tile = at(t);
      reader.at(tile.n, tile.row - g.top, tile.column - g.left);
      for (std::int64_t c = 0; c < g.ci; c += width) {
        const std::int64_t offset = reader.channels(c);
        reader.prefetch(m, c);
        Tile::input(reader.pixel, offset, v + c, v_plane);
      }
    }
  }

 private:
  static std::int64_t rounded(std::int64_t tiles) { return (tiles + Micro::rows - 1) / Micro::rows * Micro::rows; }
};

}  // namespace brindle::ops::kernel
