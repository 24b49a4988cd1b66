// SPDX-License-Identifier: MIT
#include "brindle/core/checksum.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <string>
#include <string_view>

using namespace brindle;

TEST_CASE("a checksum sees every bit and does not depend on the pieces", "[core][checksum]") {
  std::string bytes(100, 'x');
  const auto sum = [&](std::size_t cut) {
    Checksum c;
    c.add(std::string_view(bytes).substr(0, cut));
    c.add(std::string_view(bytes).substr(cut));
    return c.text();
  };
  const std::string whole = sum(0);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) CHECK(sum(cut) == whole);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = 'y';
    CHECK(sum(3) != whole);
    bytes[i] = 'x';
  }
  bytes += std::string(1, '\0');
  CHECK(sum(0) != whole);
}
