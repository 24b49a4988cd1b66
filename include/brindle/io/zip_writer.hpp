// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brindle::io::detail {

/// A zip file whose files are stored as they are. They bear no date: the same files give the same bytes.
class ZipWriter {
 public:
  /// The bytes of a file, in parts that stay where they are until the zip file is written.
  void add(std::string name, std::vector<std::string_view> parts);

  /// Bytes of the whole.
  std::uint64_t size() const;

  /// The zip file; this object keeps what stands between the files. Its whole must have less than 4 GB.
  std::vector<std::string_view> parts();

 private:
  struct Member {
    std::string name;
    std::vector<std::string_view> parts;
    std::uint64_t bytes = 0;
    std::uint32_t crc = 0;
    std::string header = {};  // in front of it
  };

  std::vector<Member> members_;
  std::string list_;
};

}  // namespace brindle::io::detail

#ifndef BRINDLE_COMPILED
#include "brindle/io/zip_writer_inl.hpp"
#endif
