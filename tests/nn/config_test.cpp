// SPDX-License-Identifier: MIT
#include "brindle/nn/config.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

using namespace brindle;
using Catch::Contains;

TEST_CASE("settings come back as what they were set to", "[nn][config]") {
  using Nested = std::vector<std::vector<std::int64_t>>;
  Config c{{"whole", std::vector<std::int64_t>{1, 2, 3}}, {"numbers", std::vector<double>{0.5, -1}}, {"one", 0.25}};
  c.set("nested", Nested{{1, 0}, {2, 3}});
  c.set("count", std::int64_t{7});
  CHECK(c.get("whole", std::vector<std::int64_t>{}) == std::vector<std::int64_t>{1, 2, 3});
  CHECK(c.get("count", std::vector<std::int64_t>{}) == std::vector<std::int64_t>{7});
  CHECK(c.get("numbers", std::vector<double>{}) == std::vector<double>{0.5, -1});
  CHECK(c.get("whole", std::vector<double>{}) == std::vector<double>{1, 2, 3});
  CHECK(c.get("one", std::vector<double>{}) == std::vector<double>{0.25});
  CHECK(c.get("count", std::vector<double>{}) == std::vector<double>{7});
  CHECK(c.get("missing", std::vector<double>{4}) == std::vector<double>{4});
  REQUIRE(c.find("nested") != nullptr);
  CHECK(std::get<Nested>(*c.find("nested")) == Nested{{1, 0}, {2, 3}});
  CHECK_THROWS_WITH(c.get("one", std::vector<std::int64_t>{}), Contains("\"one\"") && Contains("whole numbers"));
  CHECK_THROWS_WITH(c.get("nested", std::vector<double>{}), Contains("\"nested\"") && Contains("a number"));
}

TEST_CASE("a setting that cannot be read is an error for who asks for it, and no default", "[nn][config]") {
  Config c{{"rate", 0.5}};
  c.set_unreadable("noise_shape", "[null,1,1]");
  CHECK(c.get("rate", 0.0) == 0.5);
  CHECK(c.entries().size() == 1);
  CHECK_THROWS_WITH(c.find("noise_shape"), Contains("\"noise_shape\"") && Contains("[null,1,1]"));
  CHECK_THROWS_AS(c.get("noise_shape", 1.0), ValueError);
  CHECK_THROWS_AS(c.get("noise_shape", "none"), ValueError);
  CHECK_THROWS_AS(c.get("noise_shape", true), ValueError);
}
