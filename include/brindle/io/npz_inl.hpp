// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what npz.hpp declares.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/io/file_bytes.hpp"
#include "brindle/io/npz.hpp"
#include "brindle/io/zip.hpp"

namespace brindle::detail {

/// The header at byte `offset`, of an array in `bytes` bytes.
BRINDLE_INLINE NpyHeader read_npy_header(FileBytes& file, std::int64_t offset, std::int64_t bytes,
                                         const std::string& name) {
  const std::string array = "array \"" + name + "\"";
  if (bytes < 10) file.fail(offset, array + " is too short for the header of a .npy file");
  const std::string start = file.text(offset, bytes < 12 ? bytes : 12, array);
  if (start.compare(0, 6, "\x93NUMPY") != 0) file.fail(offset, array + " does not begin as a .npy file does");
  const int version = start[6];
  if ((version != 1 && version != 2) || start[7] != 0)
    file.fail(offset + 6, array + ": expected .npy version 1.0 or 2.0, got " + std::to_string(version) + "." +
                              std::to_string(static_cast<int>(start[7])));
  const std::int64_t prefix = version == 1 ? 10 : 12;
  if (bytes < prefix) file.fail(offset, array + " is too short for the header of a .npy file");
  const std::int64_t length = little_endian(start, 8, version == 1 ? 2 : 4);
  if (length > bytes - prefix || length > 65536)
    file.fail(offset + 8, array + ": a header of " + std::to_string(length) + " bytes does not fit");
  const std::string header = file.text(offset + prefix, length, array);
  const auto damaged = [&](const char* what) { file.fail(offset + prefix, array + ": the header has no " + what); };
  const auto behind = [&](const char* key, const char* what) {
    const std::size_t at = header.find(key);
    if (at == std::string::npos) damaged(what);
    const std::size_t value = header.find_first_not_of(" :", at + std::strlen(key));
    if (value == std::string::npos) damaged(what);
    return value;
  };

  NpyHeader result;
  result.begin = offset + prefix + length;
  const std::size_t dtype = behind("'descr'", "element type");
  const std::size_t dtype_end = header.find('\'', dtype + 1);
  if (header[dtype] != '\'' || dtype_end == std::string::npos) damaged("plain element type");
  result.dtype = header.substr(dtype + 1, dtype_end - dtype - 1);
  if (header.compare(behind("'fortran_order'", "order of elements"), 5, "False") != 0)
    file.fail(offset + prefix, array + " is stored column by column (fortran_order); save np.ascontiguousarray(it)");

  std::size_t at = behind("'shape'", "shape");
  if (header[at] != '(') damaged("shape");
  ++at;
  std::array<std::int64_t, Shape::max_rank> sizes{};
  int rank = 0;
  for (;;) {
    at = header.find_first_not_of(" ,", at);
    if (at == std::string::npos) damaged("end of the shape");
    if (header[at] == ')') break;
    if (rank == Shape::max_rank) file.fail(offset + prefix, array + " has more than 6 axes");
    std::int64_t size = 0;
    const std::size_t digits = at;
    for (; at < header.size() && header[at] >= '0' && header[at] <= '9' && at - digits < 15; ++at)
      size = size * 10 + (header[at] - '0');
    if (at == digits) damaged("readable shape");
    sizes[static_cast<std::size_t>(rank++)] = size;
  }
  try {
    result.shape = Shape(sizes.begin(), sizes.begin() + rank);
  } catch (const ShapeError& e) {
    file.fail(offset + prefix, array + ": " + e.what());
  }
  return result;
}

template <class T>
Tensor<T> read_npy_elements(FileBytes& file, const NpyHeader& header, std::int64_t end, const std::string& name) {
  const std::string array = "array \"" + name + "\"";
  if (header.dtype != npy_dtype<T>())
    file.fail(header.begin,
              array + ": expected elements of type " + npy_dtype<T>() + ", got " + header.dtype + ": read it as that");
  const std::int64_t size = header.shape.size(), there = end - header.begin;
  const auto element = static_cast<std::int64_t>(sizeof(T));
  if (size > there / element || size * element != there)
    file.fail(header.begin, array + " " + to_string(header.shape) + " of " + header.dtype + " needs " +
                                (size > there / element ? "more than " : "other than ") + "the " +
                                std::to_string(there) + " bytes that it has");
  Tensor<T> tensor = Tensor<T>::uninitialized(header.shape);
  file.read(header.begin, there, tensor.data(), array);
  swap_little_endian(tensor.data(), static_cast<std::size_t>(there), sizeof(T));
  return tensor;
}

}  // namespace brindle::detail

namespace brindle::io {

BRINDLE_INLINE NpzFile::NpzFile(std::string path) : zip_(std::move(path)) {
  for (const std::string& file : zip_.names())
    members_[file.ends_with(".npy") ? file.substr(0, file.size() - 4) : file] = file;
}

BRINDLE_INLINE std::vector<std::string> NpzFile::names() const {
  std::vector<std::string> all;
  for (const auto& [name, file] : members_) all.push_back(name);
  return all;
}

template <class T>
Tensor<T> NpzFile::read(const std::string& name) const {
  OpenedArray array = open(name);
  return brindle::detail::read_npy_elements<T>(array.place.bytes, array.header, array.place.end, name);
}

BRINDLE_INLINE auto NpzFile::open(const std::string& name) const -> OpenedArray {
  const auto found = members_.find(name);
  if (found == members_.end()) {
    std::string some;
    int listed = 0;
    for (const auto& [other, file] : members_)
      if (++listed <= 10) some += (listed > 1 ? ", \"" : "\"") + other + "\"";
    brindle::detail::raise<FileError>(path() + ": no array \"" + name + "\"; it has " +
                                      std::to_string(members_.size()) + ": " + some + (listed > 10 ? ", ..." : ""));
  }
  detail::ZipFile::Opened place = zip_.open(found->second, "array \"" + name + "\"");
  brindle::detail::NpyHeader header =
      brindle::detail::read_npy_header(place.bytes, place.begin, place.end - place.begin, name);
  return {std::move(place), header};
}

template <class T>
Tensor<T> read_npy(const std::string& path) {
  brindle::detail::FileBytes file(path);
  const brindle::detail::NpyHeader header = brindle::detail::read_npy_header(file, 0, file.size(), path);
  return brindle::detail::read_npy_elements<T>(file, header, file.size(), path);
}

}  // namespace brindle::io
