// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>

#include "brindle/core/host_device.hpp"

namespace brindle::detail {

/// A float32 without its last 16 bits: 8 bits of exponent, 8 of mantissa.
struct bfloat16 {
  std::uint16_t bits = 0;  ///< the upper 16 of the float32

  /// The nearest one, of two as near the one with an even last bit; NaN stays NaN.
  BRINDLE_HOST_DEVICE static bfloat16 of(float value) {
    std::uint32_t word;
    std::memcpy(&word, &value, sizeof word);
    if ((word & 0x7FFFFFFFu) > 0x7F800000u) return {static_cast<std::uint16_t>((word >> 16) | 0x40u)};
    return {static_cast<std::uint16_t>((word + 0x7FFFu + ((word >> 16) & 1u)) >> 16)};
  }

  /// Exact.
  BRINDLE_HOST_DEVICE float value() const {
    const std::uint32_t word = std::uint32_t{bits} << 16;
    float value;
    std::memcpy(&value, &word, sizeof value);
    return value;
  }
};

}  // namespace brindle::detail
