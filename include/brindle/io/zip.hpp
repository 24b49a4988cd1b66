// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "brindle/io/file_bytes.hpp"

namespace brindle {
namespace detail {

/// A little-endian number of `bytes` bytes.
inline std::int64_t little_endian(const std::string& text, std::size_t offset, int bytes) {
  std::int64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i)
    value = value << 8 | static_cast<unsigned char>(text[offset + static_cast<std::size_t>(i)]);
  return value;
}

/// Inflates `bytes` bytes, with zlib where it was compiled with it (BRINDLE_ZLIB). Empty text: no error; else what is
/// wrong.
std::string inflate(const std::string& deflated, std::int64_t bytes, std::string& to);

}  // namespace detail

namespace io::detail {

/// The files inside a zip file, stored as they are or, with zlib, deflated. They are read when they are asked for;
/// several threads may do so.
class ZipFile {
 public:
  /// Reads the list of files. Throws FileError with path and byte offset for anything that is not as it should be.
  explicit ZipFile(std::string path);

  const std::string& path() const { return path_; }                                   ///< as it was given
  bool contains(const std::string& name) const { return members_.count(name) != 0; }  ///< a file of this name

  /// Bytes of a file, as the list has them, before they are compressed; -1: there is none of this name.
  std::int64_t size_of(const std::string& name) const {
    const auto found = members_.find(name);
    return found == members_.end() ? -1 : found->second.bytes;
  }

  /// In alphabetical order.
  std::vector<std::string> names() const;

  /// Where a file's bytes can be read: [begin, end) of `bytes`, which is the zip file itself if they are not
  /// compressed.
  struct Opened {
    brindle::detail::FileBytes bytes;  ///< of the zip file, or of what was in it
    /// Offsets into bytes.
    /// @{
    std::int64_t begin = 0, end = 0;
    /// @}
    std::uint32_t crc = 0;  ///< checksum of all of them, as the list has it; 0 of writers that compute none
  };

  /// what: what messages call the file, `array "x"`. Throws FileError if there is none of this name, or it is damaged.
  Opened open(const std::string& name, const std::string& what) const;

  /// All bytes of a file, checked against its checksum, where it has one.
  std::string read(const std::string& name) const;

 private:
  struct Member {
    std::int64_t method = 0, stored = 0, bytes = 0, offset = 0;
    std::uint32_t crc = 0;
    bool encrypted = false;
  };

  std::string path_;
  std::map<std::string, Member> members_;
};

}  // namespace io::detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/io/zip_inl.hpp"
#endif
