// SPDX-License-Identifier: MIT
#include "brindle/core/shape.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

using namespace brindle;
using Catch::Contains;

TEST_CASE("a shape knows its sizes, their product and its text", "[core][shape]") {
  const Shape s{30, 150, 150, 3};
  CHECK(s.rank() == 4);
  CHECK(s[1] == 150);
  CHECK(s.back() == 3);
  CHECK(s.size() == 30 * 150 * 150 * 3);
  CHECK(to_string(s) == "(30, 150, 150, 3)");
  CHECK(to_string(Shape{}) == "()");
  CHECK(Shape{}.size() == 1);
  CHECK(Shape{5, 0}.size() == 0);
  CHECK(to_string_batch(s.sample()) == "(None, 150, 150, 3)");
}

TEST_CASE("a shape becomes a batch of itself and back", "[core][shape]") {
  const Shape sample{7, 5};
  CHECK(sample.batch(3) == Shape{3, 7, 5});
  CHECK(sample.batch(3).sample() == sample);
  CHECK(Shape{}.sample() == Shape{});
  CHECK_FALSE(sample == Shape{7});
  CHECK_FALSE(sample == Shape{5, 7});
}

TEST_CASE("a shape refuses negative sizes, a seventh one and products that do not fit", "[core][shape][errors]") {
  CHECK_THROWS_WITH((Shape{2, -1}), Contains("-1"));
  CHECK_THROWS_WITH((Shape{1, 1, 1, 1, 1, 1, 1}), Contains("6"));
  const std::int64_t large = std::int64_t{1} << 32;
  CHECK_THROWS_AS((Shape{large, large}), ShapeError);
  CHECK((Shape{large, large / 4}).size() == std::int64_t{1} << 62);
  CHECK((Shape{large, 0, large}).size() == 0);
}

TEST_CASE("pictures have four sizes", "[core][shape]") {
  const Shape4 s = Shape{2, 3, 4, 5};
  CHECK(s.n == 2);
  CHECK(s.c == 5);
  CHECK(s.size() == 120);
  CHECK(Shape{2, 3, 4, 5} == s);
  CHECK(to_string(s) == "(2, 3, 4, 5)");
  CHECK_THROWS_WITH(Shape4(Shape{2, 3}), Contains("(2, 3)"));
}
