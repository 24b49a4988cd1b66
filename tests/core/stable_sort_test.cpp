// SPDX-License-Identifier: MIT
#include "brindle/core/stable_sort.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

using namespace brindle;

TEST_CASE("stable_sort gives the order of the standard library's, equal values as they stood", "[core][stable_sort]") {
  for (const int size : {0, 1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 1000}) {
    std::vector<std::pair<int, int>> values;
    std::uint32_t state = 1;
    for (int i = 0; i < size; ++i)
      values.push_back({static_cast<int>((state = state * 1664525u + 1013904223u) >> 29), i});
    const auto before = [](const auto& a, const auto& b) { return a.first > b.first; };
    std::vector<std::pair<int, int>> expected = values;
    std::stable_sort(expected.begin(), expected.end(), before);
    detail::stable_sort(values, before);
    CHECK(values == expected);
  }
}

TEST_CASE("stable_sort moves what cannot be copied", "[core][stable_sort]") {
  std::vector<std::unique_ptr<int>> values;
  for (const int i : {3, 1, 2}) values.push_back(std::make_unique<int>(i));
  detail::stable_sort(values, [](const auto& a, const auto& b) { return *a < *b; });
  CHECK(*values[0] == 1);
  CHECK(*values[1] == 2);
  CHECK(*values[2] == 3);
}

TEST_CASE("stable_sort keeps every value when scores that are not numbers contradict the order",
          "[core][stable_sort]") {
  std::vector<std::size_t> order(200);
  std::vector<float> score(200);
  for (std::size_t i = 0; i < 200; ++i)
    order[i] = i, score[i] = i % 3 == 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(i * 37 % 101);
  detail::stable_sort(order, [&](std::size_t a, std::size_t b) { return score[a] > score[b]; });
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < 200; ++i) CHECK(order[i] == i);
}
