#include "brindle/report/number_text.hpp"

#include <catch2/catch.hpp>

using namespace brindle::report;

TEST_CASE("numbers are written with so many digits, and nothing is minus zero", "[report]") {
  CHECK(fixed(0.25, 1) == "0.2");
  CHECK(fixed(-1.5, 2) == "-1.50");
  CHECK(fixed(-1e-17, 1) == "0.0");
  CHECK(fixed(-0.0, 0) == "0");
  CHECK(fixed(-0.05, 2) == "-0.05");
  CHECK(thousands(-1234567) == "-1,234,567");
}
