// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace brindle::test {

/// Allocations of this program so far, by new and by malloc (as Eigen does).
std::int64_t allocations();

/// The allocation of a tensor's memory in this thread behind the next `count` ones fails, once; below 0: none does.
void fail_aligned_allocation(std::int64_t count);

}  // namespace brindle::test
