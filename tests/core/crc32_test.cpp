// SPDX-License-Identifier: MIT
#include "brindle/core/crc32.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "brindle/core/adler32.hpp"

using namespace brindle;

TEST_CASE("CRC-32 and Adler-32 are zlib's, for any length and in any pieces", "[core][checksum]") {
  CHECK(detail::crc32_of("") == 0u);
  CHECK(detail::crc32_of("123456789") == 0xCBF43926u);  // the check value of the catalogue of CRCs
  CHECK(detail::adler32_of({}) == 1u);
  std::string text;
  for (int i = 0; i < 20000; ++i) text += static_cast<char>(i * 31 >> 3);
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  CHECK(detail::crc32_of(bytes) == 0x695E09E4u);
  CHECK(detail::adler32_of(bytes) == 0x1BFDE66Fu);
  for (std::size_t cut = 0; cut < 20; ++cut)
    CHECK(detail::crc32_of(bytes.subspan(cut), detail::crc32_of(bytes.first(cut))) == detail::crc32_of(bytes));
  const std::string most(12000, '\xff');
  CHECK(detail::adler32_of({reinterpret_cast<const std::uint8_t*>(most.data()), most.size()}) == 0x09B1B3D3u);
}
