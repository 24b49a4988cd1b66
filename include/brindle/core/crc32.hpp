// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "brindle/core/byte_order.hpp"

namespace brindle::detail {

/// Row k holds the sums of a byte that k zero bytes follow, so that eight bytes need eight look-ups and no chain.
using Crc32Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Crc32Tables crc32_tables() {
  Crc32Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t sum = i;
    for (int bit = 0; bit < 8; ++bit) sum = (sum & 1u) ? sum >> 1 ^ 0xEDB88320u : sum >> 1;
    tables[0][i] = sum;
  }
  for (std::size_t row = 1; row < 8; ++row)
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[row - 1][i];
      tables[row][i] = before >> 8 ^ tables[0][before & 0xFFu];
    }
  return tables;
}

/// The checksum of zip and PNG files: CRC-32 with the polynomial 0xEDB88320. before: of the bytes before these.
inline std::uint32_t crc32_of(std::span<const std::uint8_t> bytes, std::uint32_t before = 0) {
  static constexpr Crc32Tables tables = crc32_tables();
  std::uint32_t sum = ~before;
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    const std::uint32_t low = load_little_endian<std::uint32_t>(at) ^ sum,
                        high = load_little_endian<std::uint32_t>(at + 4);
    sum = tables[7][low & 0xFFu] ^ tables[6][low >> 8 & 0xFFu] ^ tables[5][low >> 16 & 0xFFu] ^ tables[4][low >> 24] ^
          tables[3][high & 0xFFu] ^ tables[2][high >> 8 & 0xFFu] ^ tables[1][high >> 16 & 0xFFu] ^
          tables[0][high >> 24];
  }
  for (; left > 0; --left, ++at) sum = tables[0][(sum ^ *at) & 0xFFu] ^ sum >> 8;
  return ~sum;
}

/// The same of a text's bytes.
inline std::uint32_t crc32_of(std::string_view bytes) {
  return crc32_of({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace brindle::detail
