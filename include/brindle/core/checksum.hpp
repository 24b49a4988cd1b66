// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "brindle/core/byte_order.hpp"

namespace brindle {

/// Tells whether bytes have changed by accident: 64 bits over everything that was added, in whatever pieces. At some
/// gigabytes a second; no protection from somebody who wants to deceive.
class Checksum {
 public:
  /// Cuts between calls make no difference.
  void add(std::string_view bytes) {
    length_ += bytes.size();
    for (; filled_ > 0 && !bytes.empty(); bytes.remove_prefix(1)) add_byte(bytes.front());
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
      mix(detail::load_little_endian<std::uint64_t>(bytes.data()));
    }
    for (const char c : bytes) add_byte(c);
  }

  /// Numbers, by their bytes in files: the same sum whatever the order of bytes in memory.
  template <class Number>
  void add_numbers(const Number* numbers, std::size_t count) {
    detail::LittleEndianBytes bytes;
    add(bytes.of(numbers, count * sizeof(Number), sizeof(Number)));
  }

  /// All 64 bits.
  std::uint64_t value() const {
    Checksum end = *this;
    end.mix(end.rest_);
    end.mix(length_);
    return end.sum_ ^ end.sum_ >> 32;
  }

  /// The same as 16 hexadecimal digits.
  std::string text() const {
    std::uint64_t sum = value();
    std::string digits(16, '0');
    for (std::size_t i = 16; i-- > 0; sum >>= 4) digits[i] = "0123456789abcdef"[sum & 15];
    return digits;
  }

 private:
  void add_byte(char c) {
    rest_ |= std::uint64_t{static_cast<unsigned char>(c)} << (8 * filled_);
    if (++filled_ < 8) return;
    mix(rest_);
    rest_ = 0;
    filled_ = 0;
  }
  // An odd factor and a rotation: each bit of a word reaches every bit of the sum after a few more words.
  void mix(std::uint64_t word) { sum_ = std::rotl((sum_ ^ word) * 0x9E3779B97F4A7C15u, 31); }

  std::uint64_t sum_ = 0x6A09E667F3BCC908u;
  std::uint64_t rest_ = 0;  // bytes that fill no word yet
  unsigned filled_ = 0;
  std::uint64_t length_ = 0;
};

}  // namespace brindle
