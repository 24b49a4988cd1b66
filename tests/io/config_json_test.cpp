// SPDX-License-Identifier: MIT
#include "brindle/io/config_json.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/io/json.hpp"

using namespace brindle;
using Catch::Contains;

namespace {

Config read(const std::string& text) { return io::detail::config_from_json(nlohmann::ordered_json::parse(text)); }

}  // namespace

TEST_CASE("settings of every kind are the same behind a way through JSON", "[io][config]") {
  using Nested = std::vector<std::vector<std::int64_t>>;
  const Config all{{"flag", true},
                   {"count", std::int64_t{-3}},
                   {"rate", 0.1},
                   {"whole_rate", 2.0},
                   {"name", "text"},
                   {"sizes", std::vector<std::int64_t>{3, 5}},
                   {"none", std::vector<std::int64_t>{}},
                   {"offsets", std::vector<double>{-1, 0.1, 1e-300}},
                   {"padding", Nested{{1, 0}, {0, 1}}}};
  const std::string text = io::detail::to_json(all).dump();
  CHECK(read(text).entries() == all.entries());
  CHECK(text.find(R"("padding":[[1,0],[0,1]])") != std::string::npos);
}

TEST_CASE("what a Config cannot hold is no setting that is missing", "[io][config]") {
  const Config c = read(R"({"nothing": null, "object": {"a": 1}, "texts": ["a"], "open": [null, 1],
                            "huge": 18446744073709551615, "mixed": [1, 2.5], "rows": [[1], [2.5]]})");
  CHECK(c.get("nothing", 4.0) == 4.0);
  CHECK(c.get("mixed", std::vector<double>{}) == std::vector<double>{1, 2.5});
  CHECK_THROWS_WITH(c.find("object"), Contains("\"object\"") && Contains(R"({"a":1})"));
  CHECK_THROWS_WITH(c.find("texts"), Contains(R"(["a"])"));
  CHECK_THROWS_WITH(c.find("open"), Contains("[null,1]"));
  CHECK_THROWS_WITH(c.find("huge"), Contains("18446744073709551615"));
  CHECK_THROWS_WITH(c.find("rows"), Contains("[[1],[2.5]]"));
}
