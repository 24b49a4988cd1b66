// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace brindle::detail {

/// The checksum at the end of zlib's data (RFC 1950): the sum of all bytes, and the sum of these sums, modulo 65521.
inline std::uint32_t adler32_of(std::span<const std::uint8_t> bytes) {
  std::uint32_t low = 1, high = 0;
  while (!bytes.empty()) {
    const std::size_t block = std::min<std::size_t>(bytes.size(), 5552);  // the most before 32 bits overflow
    const std::uint8_t* at = bytes.data();
    std::size_t left = block;
    // Sixteen at once without a chain: high grows by 16 low, and by each byte as often as it is in a later low.
    for (; left >= 16; left -= 16, at += 16) {
      std::uint32_t sum = 0, weighted = 0;
      for (std::uint32_t k = 0; k < 16; ++k) {
        sum += at[k];
        weighted += (16 - k) * at[k];
      }
      high += 16 * low + weighted;
      low += sum;
    }
    for (; left > 0; --left) high += low += *at++;
    bytes = bytes.subspan(block);
    low %= 65521;
    high %= 65521;
  }
  return high << 16 | low;
}

}  // namespace brindle::detail
