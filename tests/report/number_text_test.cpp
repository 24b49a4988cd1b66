// SPDX-License-Identifier: MIT
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

TEST_CASE("a share has as many digits as its cases tell of, and its interval", "[report]") {
  // statsmodels.stats.proportion.proportion_confint(count, nobs, method="wilson"), 0.15
  CHECK(share_text(41.0 / 62, 62) == "0.66 (0.54 to 0.77)");
  CHECK(share_text(1, 20) == "1.00 (0.84 to 1.00)");
  CHECK(share_text(0, 20) == "0.00 (0.00 to 0.16)");
  CHECK(share_text(0.96, 1000) == "0.960 (0.946 to 0.970)");
  CHECK(share_text(0.5, 0) == "0.50");
}
