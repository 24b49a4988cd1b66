// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

// Files hold numbers with their lowest byte first. Most processors do so, too, and nothing here costs them anything;
// on the others (s390x) each number is turned around on its way in and out.
namespace brindle::detail {

static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big,
              "brindle expects a processor whose numbers have their lowest byte first or last, this one mixes them");

inline constexpr bool little_endian_memory = std::endian::native == std::endian::little;

/// Turns each number of `element` bytes around, from the order of files to that of memory or back; on little-endian
/// processors nothing. What fills no whole number at the end stays.
inline void swap_little_endian([[maybe_unused]] void* data, [[maybe_unused]] std::size_t bytes,
                               [[maybe_unused]] std::size_t element) {
  if constexpr (!little_endian_memory) {
    auto* at = static_cast<unsigned char*>(data);
    for (; bytes >= element; at += element, bytes -= element)
      for (std::size_t i = 0; i < element / 2; ++i) std::swap(at[i], at[element - 1 - i]);
  }
}

/// The number whose bytes lie in a file's order at `from`.
template <class Number>
Number load_little_endian(const void* from) {
  Number value;
  std::memcpy(&value, from, sizeof value);
  swap_little_endian(&value, sizeof value, sizeof value);
  return value;
}

/// Arrays as files hold them: where memory has the same order, the bytes where they lie; else copies, which this keeps.
class LittleEndianBytes {
 public:
  /// element: bytes of a number.
  std::string_view of(const void* data, std::size_t bytes, [[maybe_unused]] std::size_t element) {
    const std::string_view there(static_cast<const char*>(data), bytes);
    if constexpr (little_endian_memory) {
      return there;
    } else {
      if (element < 2) return there;
      std::string& copy = copies_.emplace_back(there);
      swap_little_endian(copy.data(), copy.size(), element);
      return copy;
    }
  }

 private:
  std::deque<std::string> copies_;  // whose texts stay where they are
};

}  // namespace brindle::detail
