// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

namespace brindle::detail {

/// Calls work(begin, end) for samples [begin, end) of n, in their order: `batch` (>= 1) at a time, the last time those
/// that are left.
template <class Work>
void for_each_batch(std::int64_t n, std::int64_t batch, const Work& work) {
  for (std::int64_t begin = 0; begin < n; begin += batch) work(begin, std::min(begin + batch, n));
}

}  // namespace brindle::detail
