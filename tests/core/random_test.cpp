// SPDX-License-Identifier: MIT
#include "brindle/core/random.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

using namespace brindle;

TEST_CASE("Philox gives the numbers that its authors published", "[core][random]") {
  // kat_vectors of Random123, philox4x32 with 10 rounds
  const Philox zeros = Philox::draw(0, 0, 0, 0, 0, 0);
  CHECK(zeros.word[0] == 0x6627e8d5u);
  CHECK(zeros.word[1] == 0xe169c58du);
  CHECK(zeros.word[2] == 0xbc57ac4cu);
  CHECK(zeros.word[3] == 0x9b00dbd8u);
  const std::uint32_t f = 0xffffffffu;
  const Philox ones = Philox::draw(f, f, f, f, f, f);
  CHECK(ones.word[0] == 0x408f276du);
  CHECK(ones.word[1] == 0x41c83b0eu);
  CHECK(ones.word[2] == 0xa20bc7c6u);
  CHECK(ones.word[3] == 0x6d5451fdu);
}

TEST_CASE("uniform numbers lie in their interval and have its mean and deviation", "[core][random]") {
  const Random random{42, stream_id("test"), 3};
  double sum = 0, squares = 0;
  const int count = 100000;
  for (int i = 0; i < count; ++i) {
    const double u = random.uniform(static_cast<std::uint64_t>(i));
    REQUIRE((u >= 0 && u < 1));
    sum += u, squares += u * u;
    const double v = random.uniform(static_cast<std::uint64_t>(i), -5, 5);
    REQUIRE((v >= -5 && v < 5));
    const std::int64_t k = random.below(static_cast<std::uint64_t>(i), 7);
    REQUIRE((k >= 0 && k < 7));
  }
  CHECK(std::abs(sum / count - 0.5) < 0.004);
  CHECK(std::abs(squares / count - 1.0 / 3) < 0.004);
}

TEST_CASE("random numbers differ by seed, stream, step and index, and only by them", "[core][random]") {
  const Random a{1, 2, 3};
  std::set<double> all;
  for (const Random& r :
       {a, Random{9, 2, 3}, Random{1, 9, 3}, Random{1, 2, 9}, Random{std::uint64_t{1} << 32 | 1, 2, 3}})
    for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32})
      all.insert(r.uniform(index));
  CHECK(all.size() == 15);
  CHECK(a.uniform(5) == Random{1, 2, 3}.uniform(5));
  CHECK(stream_id("dropout", "a") != stream_id("dropout", "b"));
  CHECK(stream_id("ab", "c") != stream_id("a", "bc"));
}

TEST_CASE("a permutation has each number once and another order for each step", "[core][random]") {
  for (const std::int64_t n : {0, 1, 2, 17, 1000}) {
    std::vector<std::int64_t> order = permutation(n, {42, 1, 0});
    if (n > 2) CHECK(order != permutation(n, {42, 1, 1}));
    CHECK(order == permutation(n, {42, 1, 0}));
    std::sort(order.begin(), order.end());
    for (std::int64_t i = 0; i < n; ++i) REQUIRE(order[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("each order of three is as likely as the others", "[core][random]") {
  std::vector<int> counts(9, 0);
  const int draws = 12000;
  for (int i = 0; i < draws; ++i) {
    const std::vector<std::int64_t> order = permutation(3, {7, 1, static_cast<std::uint32_t>(i)});
    ++counts[static_cast<std::size_t>(order[0] * 3 + order[1])];
  }
  for (const int first : {0, 1, 2})
    for (const int second : {0, 1, 2})
      if (first != second) CHECK(std::abs(counts[static_cast<std::size_t>(first * 3 + second)] - draws / 6) < 170);
}
