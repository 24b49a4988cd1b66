// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

namespace brindle::detail {

/// Sorts by merging; what is equal keeps its order. An order that contradicts itself, as that of scores that are not
/// numbers, sorts wrongly and reads nothing outside.
///
/// Instead of std::stable_sort, which with the standard library of GCC 12 calls what C++17 deprecates: Clang from 19 on
/// warns of it in every program that includes the caller, system header or not.
template <class T, class Before>
void stable_sort(std::vector<T>& values, const Before& before) {
  const std::size_t size = values.size();
  std::vector<T> merged;
  merged.reserve(size);
  for (std::size_t run = 1; run < size; run *= 2) {
    const auto place = [&](std::size_t at) {
      return std::make_move_iterator(values.begin() + static_cast<std::ptrdiff_t>(std::min(at, size)));
    };
    for (std::size_t at = 0; at < size; at += 2 * run)
      std::merge(place(at), place(at + run), place(at + run), place(at + 2 * run), std::back_inserter(merged), before);
    values.swap(merged);
    merged.clear();
  }
}

}  // namespace brindle::detail
