// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what classification.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/stable_sort.hpp"
#include "brindle/models/classification.hpp"

namespace brindle::models {

BRINDLE_INLINE std::vector<std::int64_t> Classification::top(std::size_t k) const {
  std::vector<std::int64_t> numbers(probabilities.size());
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  brindle::detail::stable_sort(numbers, [&](std::int64_t a, std::int64_t b) {
    return probabilities[static_cast<std::size_t>(a)] > probabilities[static_cast<std::size_t>(b)];
  });
  numbers.resize(std::min(k, numbers.size()));
  return numbers;
}

}  // namespace brindle::models
