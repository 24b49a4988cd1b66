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

/// What is dealt, and how far it may be cut.
struct WinogradWork {
  std::int64_t tiles = 0, panels = 0;
  std::int64_t most_tiles = 1, most_groups = 1;  ///< tiles of a block, groups of panels
};

/// Of a few ways to cut tiles and panels that in which the thread with most to do has least. No element of y depends on
/// it. cost(tiles, panels, rounds): of so many tasks one behind the other, each of so many tiles and panels.
template <class Cost>
WinogradDealing deal_winograd(const WinogradWork& work, std::int64_t threads, const Cost& cost) {
  if (work.tiles == 0 || work.panels == 0) return {};
  const std::int64_t fewest_blocks = (work.tiles + work.most_tiles - 1) / work.most_tiles;
  WinogradDealing best;
  double least = std::numeric_limits<double>::infinity();
  for (std::int64_t groups = 1; groups <= std::min(work.panels, work.most_groups); groups *= 2) {
    const std::int64_t first_round = (fewest_blocks * groups + threads - 1) / threads;
    for (std::int64_t round = first_round; round < first_round + 4; ++round) {
      const WinogradDealing d{std::min(work.tiles, std::max(fewest_blocks, round * threads / groups)), groups};
      const double time = cost(d.most_tiles(work.tiles), (work.panels + groups - 1) / groups,
                               static_cast<double>((d.tasks() + threads - 1) / threads));
      if (time >= least) continue;
      least = time;
      best = d;
    }
  }
  return best;
}

}  // namespace brindle::ops::kernel
