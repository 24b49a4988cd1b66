// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/error.hpp"
#include "brindle/io/bit_cast.hpp"

// The encoding of ONNX files: Protocol Buffers, protobuf.dev/programming-guides/encoding. A message is a row of fields,
// each a number, a kind and a value; what is unknown is passed over.
namespace brindle::io::detail {

/// The bytes of a file, which messages and tensors lie in.
struct WireFile {
  std::string path;                 ///< for messages
  std::vector<std::uint8_t> bytes;  ///< all of them

  /// Throws FileError: "path: byte 12: what".
  [[noreturn]] void fail(std::size_t offset, const std::string& what) const {
    brindle::detail::raise<FileError>(path + ": byte " + std::to_string(offset) + ": " + what);
  }
};

/// A field of a message.
struct WireField {
  /// How a value is stored. Groups are passed over, and never given.
  enum Kind { varint = 0, fixed64 = 1, bytes = 2, begin_group = 3, end_group = 4, fixed32 = 5 };

  std::uint32_t number = 0;  ///< says what it is
  Kind kind = varint;        ///< of the value
  std::uint64_t value = 0;   ///< of a varint, fixed32 or fixed64
  std::size_t begin = 0;     ///< of the bytes of `bytes`, in the file
  std::size_t end = 0;       ///< one after their last
};

/// Reads the fields of the message that lies at [begin, end) of a file. Every length is checked against the message's
/// end, so that nothing is read outside of it.
class WireReader {
 public:
  static constexpr int most_depth = 64;  ///< groups inside groups

  WireReader(const WireFile& file, std::size_t begin, std::size_t end) : file_(&file), at_(begin), end_(end) {}
  /// The message that a field is. Throws FileError if it is of another kind.
  WireReader(const WireFile& file, const WireField& field, const char* what)
      : WireReader(file, field.begin, field.end) {
    if (field.kind != WireField::bytes) file.fail(field.begin, std::string(what) + " is no message");
  }

  const WireFile& file() const { return *file_; }

  /// The next field; false at the end.
  bool next(WireField& field) {
    int groups = 0;
    while (at_ < end_) {
      const std::size_t start = at_;
      read_field(field);
      if (field.kind == WireField::begin_group) {
        if (++groups > most_depth) file_->fail(start, "groups are nested more than 64 deep");
      } else if (field.kind == WireField::end_group) {
        if (--groups < 0) file_->fail(start, "a group ends that did not begin");
      } else if (groups == 0) {
        return true;
      }
    }
    if (groups > 0) file_->fail(end_, "a group does not end");
    return false;
  }

  /// The value of a field that is a whole number.
  std::int64_t integer(const WireField& field, const char* what) const {
    if (field.kind != WireField::varint) file_->fail(field.begin, std::string(what) + " is no whole number");
    return static_cast<std::int64_t>(field.value);
  }

  /// The value of a field that is a float.
  float number(const WireField& field, const char* what) const {
    if (field.kind != WireField::fixed32) file_->fail(field.begin, std::string(what) + " is no float");
    return bit_cast<float>(static_cast<std::uint32_t>(field.value));
  }

  /// The value of a field that is a text, or bytes.
  std::string text(const WireField& field, const char* what) const {
    const std::span<const std::uint8_t> all = bytes(field, what);
    return std::string(all.begin(), all.end());
  }

  /// The bytes of a field, where they lie in the file.
  std::span<const std::uint8_t> bytes(const WireField& field, const char* what) const {
    if (field.kind != WireField::bytes) file_->fail(field.begin, std::string(what) + " are no bytes");
    return std::span<const std::uint8_t>(file_->bytes).subspan(field.begin, field.end - field.begin);
  }

  /// Appends the whole numbers of a repeated field, packed or one by one.
  void append_integers(const WireField& field, const char* what, std::vector<std::int64_t>& to) const {
    if (field.kind != WireField::bytes) return to.push_back(integer(field, what));
    for (WireReader packed(*file_, field.begin, field.end); packed.at_ < packed.end_;)
      to.push_back(static_cast<std::int64_t>(packed.read_varint()));
  }

  /// Appends the numbers of a repeated field of floats or doubles, packed or one by one, as the file has them.
  template <class Stored>
  void append_numbers(const WireField& field, const char* what, std::vector<Stored>& to) const {
    constexpr WireField::Kind kind = sizeof(Stored) == 4 ? WireField::fixed32 : WireField::fixed64;
    const std::size_t before = to.size();
    if (field.kind == kind) {
      if constexpr (sizeof(Stored) == 4)
        to.push_back(bit_cast<Stored>(static_cast<std::uint32_t>(field.value)));
      else
        to.push_back(bit_cast<Stored>(field.value));
      return;
    }
    const std::span<const std::uint8_t> packed = bytes(field, what);
    if (packed.size() % sizeof(Stored) != 0)
      file_->fail(field.begin, std::string(what) + " have " + std::to_string(packed.size()) +
                                   " bytes, no multiple of " + std::to_string(sizeof(Stored)));
    to.resize(before + packed.size() / sizeof(Stored));
    if (!packed.empty()) std::memcpy(to.data() + before, packed.data(), packed.size());
    brindle::detail::swap_little_endian(to.data() + before, packed.size(), sizeof(Stored));
  }

 private:
  void read_field(WireField& field) {
    const std::size_t start = at_;
    const std::uint64_t key = read_varint();
    if (key >> 3 == 0 || key >> 32 != 0)
      file_->fail(start, "no field of a message begins here; this is no ONNX file, or a damaged one");
    field = {static_cast<std::uint32_t>(key >> 3), static_cast<WireField::Kind>(key & 7), 0, at_, at_};
    switch (field.kind) {
      case WireField::varint:
        field.value = read_varint();
        break;
      case WireField::fixed64:
        field.value = read_fixed<std::uint64_t>();
        break;
      case WireField::fixed32:
        field.value = read_fixed<std::uint32_t>();
        break;
      case WireField::bytes: {
        const std::uint64_t length = read_varint();
        if (length > end_ - at_)
          file_->fail(start, "a field has " + std::to_string(length) + " bytes, its message has " +
                                 std::to_string(end_ - at_) + " left: the file is cut short or damaged");
        field.begin = at_;
        at_ = field.end = at_ + static_cast<std::size_t>(length);
        break;
      }
      case WireField::begin_group:
      case WireField::end_group:
        break;
      default:
        file_->fail(start, "a field of kind " + std::to_string(key & 7) +
                               ", which there is not; this is no ONNX file, or a damaged one");
    }
  }

  std::uint64_t read_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ >= end_) file_->fail(at_, "a number goes on behind the end of its message");
      const std::uint64_t byte = file_->bytes[at_++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    file_->fail(at_, "a number has more than 10 bytes");
  }

  template <class Stored>
  Stored read_fixed() {
    if (sizeof(Stored) > end_ - at_) file_->fail(at_, "a number goes on behind the end of its message");
    const auto value = brindle::detail::load_little_endian<Stored>(file_->bytes.data() + at_);
    at_ += sizeof value;
    return value;
  }

  const WireFile* file_;
  std::size_t at_, end_;
};

}  // namespace brindle::io::detail
