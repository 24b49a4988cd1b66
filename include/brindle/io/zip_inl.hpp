// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what zip.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/crc32.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/io/file_bytes.hpp"
#include "brindle/io/zip.hpp"

// Defined by the CMake target brindle::zlib, for all units of a program or for none. In the compiled form that of the
// library counts, and no other unit sees this file.
#ifdef BRINDLE_ZLIB
#include <zlib.h>
#endif

namespace brindle {
namespace detail {

BRINDLE_INLINE std::string inflate(const std::string& deflated, std::int64_t bytes, std::string& to) {
#ifdef BRINDLE_ZLIB
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return "zlib cannot start";
  // The room grows with what really comes out: a size that the file only claims costs nothing.
  const auto wanted = static_cast<std::size_t>(bytes);
  std::size_t done = 0, taken = 0;
  int state = Z_OK;
  while (state == Z_OK) {
    if (done == to.size()) to.resize(std::min(wanted, std::max<std::size_t>(done * 2, 65536)));
    const std::size_t room = std::min<std::size_t>(to.size() - done, 1u << 30);
    const std::size_t more = std::min<std::size_t>(deflated.size() - taken, 1u << 30);
    unsigned char nothing = 0;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(deflated.data() + taken));
    stream.avail_in = static_cast<uInt>(more);
    stream.next_out = room ? reinterpret_cast<Bytef*>(to.data() + done) : &nothing;
    stream.avail_out = room ? static_cast<uInt>(room) : 1;
    state = ::inflate(&stream, Z_NO_FLUSH);
    taken += more - stream.avail_in;
    if (room) done += room - stream.avail_out;
    if (state == Z_OK && room == 0 && stream.avail_out == 0) state = Z_DATA_ERROR;  // more than it claims
  }
  inflateEnd(&stream);
  to.resize(done);
  return state == Z_STREAM_END && done == wanted ? "" : "its compressed data are damaged";
#else
  static_cast<void>(deflated), static_cast<void>(bytes), static_cast<void>(to);
  return "reading it needs zlib (Debian package zlib1g-dev): link brindle::zlib, which defines BRINDLE_ZLIB";
#endif
}

}  // namespace detail

namespace io::detail {

BRINDLE_INLINE ZipFile::ZipFile(std::string path) : path_(std::move(path)) {
  brindle::detail::FileBytes file(path_);
  // The list stands at the end, behind it a comment of at most 65535 bytes.
  constexpr std::int64_t trailer = 22;
  if (file.size() < trailer) file.fail(0, "too short for a zip file");
  const std::int64_t window = file.size() < trailer + 65535 ? file.size() : trailer + 65535;
  const std::string tail = file.text(file.size() - window, window, "the end of the zip file");
  const std::size_t found = tail.rfind("PK\x05\x06", static_cast<std::size_t>(window - trailer));
  if (found == std::string::npos) file.fail(0, "no zip file: its list of files was not found; is it cut short?");
  const std::int64_t at = file.size() - window + static_cast<std::int64_t>(found);
  const std::int64_t count = brindle::detail::little_endian(tail, found + 10, 2);
  const std::int64_t bytes = brindle::detail::little_endian(tail, found + 12, 4);
  const std::int64_t begin = brindle::detail::little_endian(tail, found + 16, 4);
  if (begin > at || bytes > at - begin) file.fail(at, "the zip file's list of files is not inside the file");
  const std::string list = file.text(begin, bytes, "the zip file's list of files");
  std::size_t next = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t here = begin + static_cast<std::int64_t>(next);
    if (list.size() - next < 46 || list.compare(next, 4, "PK\x01\x02") != 0)
      file.fail(here, "the zip file's list of files is damaged");
    Member member;
    member.encrypted = brindle::detail::little_endian(list, next + 8, 2) & 1;
    member.method = brindle::detail::little_endian(list, next + 10, 2);
    member.crc = static_cast<std::uint32_t>(brindle::detail::little_endian(list, next + 16, 4));
    member.stored = brindle::detail::little_endian(list, next + 20, 4);
    member.bytes = brindle::detail::little_endian(list, next + 24, 4);
    const auto name_length = static_cast<std::size_t>(brindle::detail::little_endian(list, next + 28, 2));
    const auto extra = static_cast<std::size_t>(brindle::detail::little_endian(list, next + 30, 2));
    const auto comment = static_cast<std::size_t>(brindle::detail::little_endian(list, next + 32, 2));
    member.offset = brindle::detail::little_endian(list, next + 42, 4);
    if (list.size() - next - 46 < name_length + extra + comment)
      file.fail(here, "the zip file's list of files is damaged");
    std::string name = list.substr(next + 46, name_length);
    next += 46 + name_length + extra + comment;
    members_[std::move(name)] = member;
  }
}

BRINDLE_INLINE std::vector<std::string> ZipFile::names() const {
  std::vector<std::string> all;
  for (const auto& [name, member] : members_) all.push_back(name);
  return all;
}

BRINDLE_INLINE ZipFile::Opened ZipFile::open(const std::string& name, const std::string& what) const {
  const auto found = members_.find(name);
  if (found == members_.end()) brindle::detail::raise<FileError>(path_ + ": holds no file \"" + name + "\"");
  const Member& member = found->second;
  brindle::detail::FileBytes file(path_);
  if (member.encrypted) file.fail(member.offset, what + " is encrypted");
  if (member.method != 0 && member.method != 8)
    file.fail(member.offset,
              what + " is compressed by zip method " + std::to_string(member.method) + ", which is not supported");
  if (member.method == 0 && member.stored != member.bytes) file.fail(member.offset, what + " has two different sizes");
  if (member.bytes == 0xFFFFFFFF || member.stored == 0xFFFFFFFF || member.offset == 0xFFFFFFFF)
    file.fail(member.offset, what + " is larger than 4 GB, which is not supported");
  const std::string local = file.text(member.offset, 30, what);
  if (local.compare(0, 4, "PK\x03\x04") != 0) file.fail(member.offset, what + " is not where the list says");
  const std::int64_t begin =
      member.offset + 30 + brindle::detail::little_endian(local, 26, 2) + brindle::detail::little_endian(local, 28, 2);
  if (begin > file.size() || member.stored > file.size() - begin)
    file.fail(begin, what + " has " + std::to_string(member.stored) + " bytes and ends after the end of the file (" +
                         std::to_string(file.size()) + "): the file is cut short or damaged");
  if (member.method == 0) return {std::move(file), begin, begin + member.bytes, member.crc};
  // What the format can do at most; a larger claim is a bomb, or damage.
  if (member.bytes > 1032 * member.stored)
    file.fail(member.offset, what + " claims " + std::to_string(member.bytes) + " bytes, more than its " +
                                 std::to_string(member.stored) + " compressed ones can hold: it is damaged");
  std::string inflated;
  const std::string wrong = brindle::detail::inflate(file.text(begin, member.stored, what), member.bytes, inflated);
  if (!wrong.empty()) file.fail(begin, what + " is compressed: " + wrong);
  return {brindle::detail::FileBytes(path_, std::move(inflated)), 0, member.bytes, member.crc};
}

BRINDLE_INLINE std::string ZipFile::read(const std::string& name) const {
  const std::string what = "the file \"" + name + "\" in it";
  Opened opened = open(name, what);
  std::string bytes = opened.bytes.text(opened.begin, opened.end - opened.begin, what);
  if (opened.crc != 0 && brindle::detail::crc32_of(bytes) != opened.crc)
    opened.bytes.fail(opened.begin, what + " does not have its checksum: it is damaged");
  return bytes;
}

}  // namespace io::detail
}  // namespace brindle
