// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what leaves.hpp declares.
#include <bit>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/train/leaves.hpp"
#include "brindle/train/team.hpp"

namespace brindle::detail {

BRINDLE_INLINE Leaves leaves_of(const char* who, std::int64_t count, const Team& team) {
  if (count < 1 || count > 65536 || !std::has_single_bit(static_cast<std::uint64_t>(count)))
    raise<ValueError>(std::string(who) + ": leaves must be a power of two from 1 to 65536, got " +
                      std::to_string(count));
  if (team.size() > count)
    raise<ValueError>(std::string(who) + ": " + std::to_string(team.size()) +
                      " processes need as many leaves or more, got leaves " + std::to_string(count) +
                      "; the results depend on the leaves alone, so choose them once: .leaves = " +
                      std::to_string(team.size()) + ", in train --leaves " + std::to_string(team.size()));
  const std::int64_t own = count / team.size();
  return {.count = count, .first = own * team.rank(), .own = own};
}

BRINDLE_INLINE void check_leaves(const char* who, std::int64_t count, std::int64_t batch) {
  if (count > batch)
    raise<ValueError>(std::string(who) + ": a batch of " + std::to_string(batch) + " samples cannot be cut into " +
                      std::to_string(count) + " leaves; use larger batches or fewer leaves");
}

}  // namespace brindle::detail
