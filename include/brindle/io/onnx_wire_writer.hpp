// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "brindle/io/bit_cast.hpp"

namespace brindle::io::detail {

/// A message of Protocol Buffers that is being written: its fields, in the order in which they are added. Messages are
/// built from the inside out (protobuf.dev/programming-guides/encoding).
class WireWriter {
 public:
  const std::string& bytes() const { return bytes_; }  ///< of the message

  /// A whole number, or true or false; negative ones take 10 bytes.
  void integer(std::uint32_t field, std::int64_t value) {
    key(field, 0);
    varint(static_cast<std::uint64_t>(value));
  }
  /// A float.
  void number(std::uint32_t field, float value) {
    key(field, 5);
    auto bits = bit_cast<std::uint32_t>(value);
    for (int i = 0; i < 4; ++i, bits >>= 8) bytes_ += static_cast<char>(bits & 0xff);
  }
  /// Bytes, or a text in UTF-8.
  void text(std::uint32_t field, std::string_view value) {
    length(field, value.size());
    bytes_.append(value);
  }
  /// A message inside this one.
  void message(std::uint32_t field, const WireWriter& inner) { text(field, inner.bytes_); }
  /// A repeated field of whole numbers, packed.
  void integers(std::uint32_t field, const std::vector<std::int64_t>& values) {
    WireWriter packed;
    for (const std::int64_t value : values) packed.varint(static_cast<std::uint64_t>(value));
    message(field, packed);
  }
  /// The fields of another message, as this one's.
  void append(const WireWriter& other) { bytes_ += other.bytes_; }
  /// What stands in front of so many bytes that are written behind this.
  void length(std::uint32_t field, std::uint64_t size) {
    key(field, 2);
    varint(size);
  }

 private:
  void key(std::uint32_t field, std::uint32_t kind) { varint(std::uint64_t{field} << 3 | kind); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace brindle::io::detail
