// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "brindle/core/memory.hpp"
#include "brindle/core/stable_sort.hpp"

namespace brindle::detail {

/// A piece of memory that is needed from time `first` to time `last`, both included.
struct LiveBlock {
  std::int64_t bytes = 0;   ///< size, >= 0
  int first = 0;            ///< step of the plan
  int last = 0;             ///< >= first
  std::int64_t offset = 0;  ///< given by place_blocks()
};

/// Gives each block an offset in one arena, so that blocks whose times overlap do not share a byte, and returns the
/// arena's bytes. The largest blocks are placed first, each at the lowest place that is free for its whole time
/// (greedy by size; Y. Pisarchyk, J. Lee, "Efficient memory management for deep neural net inference", 2020).
/// Offsets are multiples of memory_alignment.
inline std::int64_t place_blocks(std::vector<LiveBlock>& blocks) {
  constexpr auto alignment = static_cast<std::int64_t>(memory_alignment);
  const auto rounded = [](std::int64_t bytes) { return (bytes + alignment - 1) / alignment * alignment; };

  std::vector<std::size_t> by_size(blocks.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  detail::stable_sort(by_size, [&](std::size_t a, std::size_t b) { return blocks[a].bytes > blocks[b].bytes; });

  std::int64_t total = 0;
  std::vector<std::size_t> placed;  // sorted by offset
  for (const std::size_t i : by_size) {
    LiveBlock& block = blocks[i];
    std::int64_t offset = 0;
    for (const std::size_t j : placed) {
      const LiveBlock& other = blocks[j];
      if (other.last < block.first || block.last < other.first) continue;
      if (offset + rounded(block.bytes) <= other.offset) break;
      offset = std::max(offset, other.offset + rounded(other.bytes));
    }
    block.offset = offset;
    total = std::max(total, offset + rounded(block.bytes));
    placed.insert(std::upper_bound(placed.begin(), placed.end(), i,
                                   [&](std::size_t a, std::size_t b) { return blocks[a].offset < blocks[b].offset; }),
                  i);
  }
  return total;
}

}  // namespace brindle::detail
