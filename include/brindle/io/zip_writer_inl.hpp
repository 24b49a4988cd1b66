// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what zip_writer.hpp declares.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brindle/core/crc32.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/io/zip_writer.hpp"

namespace brindle::io::detail {

BRINDLE_INLINE void ZipWriter::add(std::string name, std::vector<std::string_view> parts) {
  Member member{std::move(name), std::move(parts)};
  for (const std::string_view part : member.parts) {
    member.bytes += part.size();
    member.crc =
        brindle::detail::crc32_of({reinterpret_cast<const std::uint8_t*>(part.data()), part.size()}, member.crc);
  }
  members_.push_back(std::move(member));
}

BRINDLE_INLINE std::uint64_t ZipWriter::size() const {
  std::uint64_t bytes = 22;
  for (const Member& member : members_) bytes += member.bytes + 2 * member.name.size() + 30 + 46;
  return bytes;
}

BRINDLE_INLINE std::vector<std::string_view> ZipWriter::parts() {
  const auto number = [](std::uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
    return text;
  };
  std::vector<std::string_view> all;
  std::uint64_t offset = 0;
  list_.clear();
  for (Member& member : members_) {
    // Version 2.0; names are UTF-8; stored; the first day that the format knows, 1980-01-01.
    const std::string common = number(20, 2) + number(0x0800, 2) + number(0, 2) + number(0, 2) + number(0x21, 2) +
                               number(member.crc, 4) + number(member.bytes, 4) + number(member.bytes, 4) +
                               number(member.name.size(), 2) + number(0, 2);
    member.header = "PK\x03\x04" + common + member.name;
    list_ += "PK\x01\x02" + number(20, 2) + common + number(0, 2) + number(0, 2) + number(0, 2) + number(0, 4) +
             number(offset, 4) + member.name;
    all.emplace_back(member.header);
    all.insert(all.end(), member.parts.begin(), member.parts.end());
    offset += member.header.size() + member.bytes;
  }
  const std::uint64_t listed = list_.size();
  list_ += "PK\x05\x06" + number(0, 4) + number(members_.size(), 2) + number(members_.size(), 2) + number(listed, 4) +
           number(offset, 4) + number(0, 2);
  all.emplace_back(list_);
  return all;
}

}  // namespace brindle::io::detail
