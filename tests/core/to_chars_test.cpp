// SPDX-License-Identifier: MIT
#include "brindle/core/to_chars.hpp"

#include <catch2/catch.hpp>
#include <charconv>
#include <cstdlib>
#include <string>

using namespace brindle;

TEST_CASE("numbers by way of printf are those of std::to_chars", "[core][to_chars]") {
  char text[64];
  const auto written = [&](std::to_chars_result end) { return std::string(text, end.ptr); };
  for (const double value : {0.0, 1.0, -2.5, 0.1, 1.0 / 3, 123456.789, 0.000125}) {
    CHECK(written(detail::PrintedNumber::to_chars(text, text + 64, value)) ==
          written(std::to_chars(text, text + 64, value)));
    CHECK(written(detail::PrintedNumber::to_chars(text, text + 64, value, std::chars_format::fixed, 3)) ==
          written(std::to_chars(text, text + 64, value, std::chars_format::fixed, 3)));
    CHECK(written(detail::PrintedNumber::to_chars(text, text + 64, value, std::chars_format::general, 6)) ==
          written(std::to_chars(text, text + 64, value, std::chars_format::general, 6)));
  }
  for (const double value : {1e300, 5e-324, 1.7976931348623157e308, 0.1 + 0.2})
    CHECK(std::strtod(written(detail::PrintedNumber::to_chars(text, text + 64, value)).c_str(), nullptr) == value);
  CHECK(detail::PrintedNumber::to_chars(text, text + 3, 123.456).ec == std::errc::value_too_large);
}
