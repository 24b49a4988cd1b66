// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace brindle::ops::kernel {

/// How the tiles and the filters of a convolution by Winograd are dealt to threads: a task makes V of a block of tiles,
/// and U and M of one panel of output channels behind the other, of a group of them (PanelParts).
struct WinogradDealing {
  std::int64_t blocks = 0, groups = 0;

  std::int64_t tasks() const { return blocks * groups; }
  /// The first tile of a block, of `tiles`; of the block behind the last, the end.
  std::int64_t first_tile(std::int64_t block, std::int64_t tiles) const { return block * tiles / blocks; }
  std::int64_t most_tiles(std::int64_t tiles) const { return blocks == 0 ? 0 : (tiles + blocks - 1) / blocks; }
};

/// What the choice depends on.
struct WinogradWork {
  std::int64_t tiles = 0, panels = 0;
  std::int64_t tile_bytes = 0;    ///< of V and of a panel of M, of a tile
  std::int64_t panel_bytes = 0;   ///< of a panel of U
  std::int64_t filter_bytes = 0;  ///< of all filters, not transformed
};

/// Of a few ways to cut tiles and panels that in which the thread with most to do has least. No element of y depends on
/// it. Measured on an Intel Xeon with AVX-512 and 2 MiB of level 2 cache a core, two threads, 64 to 512 channels, 16 to
/// 3,000 tiles.
inline WinogradDealing deal_winograd(const WinogradWork& work, std::int64_t threads) {
  if (work.tiles == 0 || work.panels == 0) return {};
  // Of a step of the sum: to make a tile's part of V, whose pixels another core may have; to bring a panel's filters
  // and to make U of them; and a tile's products with a panel.
  constexpr double tile_cost = 30, bring_cost = 160, panel_cost = 140, product_cost = 42;
  constexpr std::int64_t cache = 5 << 18;                             // bytes, of a level 2 cache
  constexpr std::int64_t most_of_thread = 12 << 20, most = 48 << 20;  // bytes of V and M
  const std::int64_t bytes = std::clamp<std::int64_t>(most / threads, 1 << 20, most_of_thread);
  const std::int64_t most_tiles = std::max<std::int64_t>(1, bytes / std::max<std::int64_t>(1, work.tile_bytes));
  const std::int64_t fewest_blocks = (work.tiles + most_tiles - 1) / most_tiles;
  WinogradDealing best;
  double least = std::numeric_limits<double>::infinity();
  for (std::int64_t groups = 1; groups <= std::min(work.panels, 4 * threads); groups *= 2) {
    const std::int64_t first_round = (fewest_blocks * groups + threads - 1) / threads;
    for (std::int64_t round = first_round; round < first_round + 4; ++round) {
      const WinogradDealing d{std::min(work.tiles, std::max(fewest_blocks, round * threads / groups)), groups};
      const std::int64_t block_bytes = d.most_tiles(work.tiles) * work.tile_bytes + work.panel_bytes;
      const double slower = block_bytes <= cache ? 1 : block_bytes <= 2 * cache ? 1.1 : 1.2;
      const auto rounds = static_cast<double>((d.tasks() + threads - 1) / threads);
      const auto tiles = static_cast<double>(d.most_tiles(work.tiles));
      const auto panels = static_cast<double>((work.panels + groups - 1) / groups);
      const double cost = rounds * slower * (tile_cost * tiles + panel_cost * panels + product_cost * tiles * panels) +
                          (work.filter_bytes <= cache ? 1 : rounds) * bring_cost * panels;
      if (cost >= least) continue;
      least = cost;
      best = d;
    }
  }
  return best;
}

}  // namespace brindle::ops::kernel
