// SPDX-License-Identifier: MIT
#include "brindle/core/for_each_batch.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <utility>
#include <vector>

using namespace brindle;

TEST_CASE("batches are whole and in order, and the last one has what is left", "[core][for_each_batch]") {
  using Batches = std::vector<std::pair<std::int64_t, std::int64_t>>;
  const auto of = [](std::int64_t n, std::int64_t batch) {
    Batches all;
    detail::for_each_batch(n, batch, [&](std::int64_t begin, std::int64_t end) { all.emplace_back(begin, end); });
    return all;
  };
  CHECK(of(0, 4).empty());
  CHECK(of(3, 4) == Batches{{0, 3}});
  CHECK(of(4, 4) == Batches{{0, 4}});
  CHECK(of(9, 4) == Batches{{0, 4}, {4, 8}, {8, 9}});
  CHECK(of(2, 1) == Batches{{0, 1}, {1, 2}});
}
