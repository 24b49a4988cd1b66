// SPDX-License-Identifier: MIT
#include "brindle/core/byte_order.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/core/path_of.hpp"

using namespace brindle;

TEST_CASE("numbers of files have their lowest byte first, whatever the memory's order", "[core][byte_order]") {
  const unsigned char bytes[] = {0x01, 0x02, 0x03, 0x84, 0x00, 0x00, 0x80, 0x3F};
  CHECK(detail::load_little_endian<std::uint16_t>(bytes) == 0x0201u);
  CHECK(detail::load_little_endian<std::uint32_t>(bytes) == 0x84030201u);
  CHECK(detail::load_little_endian<float>(bytes + 4) == 1.0f);
  CHECK(detail::load_little_endian<std::uint64_t>(bytes) == 0x3F80000084030201u);
}

TEST_CASE("arrays are given as files hold them, and come back", "[core][byte_order]") {
  std::vector<std::uint32_t> numbers{0x04030201u, 0xFF000000u};
  const std::string expected("\x01\x02\x03\x04\x00\x00\x00\xFF", 8);
  detail::LittleEndianBytes bytes;
  CHECK(bytes.of(numbers.data(), 8, 4) == expected);
  CHECK(bytes.of("abc", 3, 1) == "abc");
  CHECK(bytes.of(nullptr, 0, 8).empty());
  std::string read = expected;
  detail::swap_little_endian(read.data(), read.size(), 4);
  std::uint32_t first = 0;
  std::memcpy(&first, read.data(), 4);
  CHECK(first == 0x04030201u);
}

TEST_CASE("a checksum of numbers is that of their bytes in files", "[core][checksum]") {
  const std::int64_t numbers[] = {1, -2};
  Checksum of_numbers, of_bytes;
  of_numbers.add_numbers(numbers, 2);
  of_bytes.add(std::string("\x01\0\0\0\0\0\0\0\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 16));
  CHECK(of_numbers.text() == of_bytes.text());
}

TEST_CASE("the text of a path leads back to it", "[core][path]") {
  const std::filesystem::path path = u8"K\u00F6pfe/\u732B.png";
  CHECK(detail::path_of(path.string()) == path);
}
