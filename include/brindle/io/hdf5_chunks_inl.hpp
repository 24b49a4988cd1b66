// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what hdf5_chunks.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brindle/core/byte_order.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/io/file_bytes.hpp"
#include "brindle/io/hdf5_chunks.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/io/zip.hpp"

namespace brindle::io::detail {

BRINDLE_INLINE void hdf5_numbers(const char* from, std::int64_t element, std::int64_t count, float* to) {
  if (element == 4) {
    std::memcpy(to, from, static_cast<std::size_t>(4 * count));
    brindle::detail::swap_little_endian(to, static_cast<std::size_t>(4 * count), 4);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const char* at = from + i * element;
    to[i] = element == 8 ? static_cast<float>(brindle::detail::load_little_endian<double>(at))
                         : half_to_float(brindle::detail::load_little_endian<std::uint16_t>(at));
  }
}

/// HDF5's checksum: Fletcher's over words of 16 bits, the higher byte first.
BRINDLE_INLINE std::uint32_t fletcher32_of(std::string_view bytes) {
  std::uint32_t a = 0, b = 0;
  const auto fold = [](std::uint32_t sum) { return (sum & 0xFFFF) + (sum >> 16); };
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const std::uint32_t high = static_cast<unsigned char>(bytes[i]),
                        low = i + 1 < bytes.size() ? static_cast<unsigned char>(bytes[i + 1]) : 0u;
    a += high << 8 | low;
    b += a;
    if (i / 2 % 360 == 359 || i + 2 >= bytes.size()) a = fold(a), b = fold(b);  // before they overflow
  }
  return fold(b) << 16 | fold(a);
}

/// zlib's checksum of what it has compressed.
BRINDLE_INLINE std::uint32_t adler32_of(std::string_view bytes) {
  std::uint32_t a = 1, b = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    a += static_cast<unsigned char>(bytes[i]);
    b += a;
    if (i % 4096 == 4095) a %= 65521, b %= 65521;
  }
  return (b % 65521) << 16 | a % 65521;
}

BRINDLE_INLINE Hdf5Chunks::Hdf5Chunks(brindle::detail::FileBytes& file, std::string what, const Shape& shape,
                                      std::int64_t element, const std::string& layout, const std::string* filters)
    : file_(file), what_(std::move(what)), shape_(shape), element_(element) {
  const auto rank = static_cast<std::size_t>(shape.rank());
  const auto number = [&](std::size_t at, int bytes) {
    if (layout.size() < at + static_cast<std::size_t>(bytes)) fail("describes its chunks in less than it needs");
    return brindle::detail::little_endian(layout, at, bytes);
  };
  if (rank == 0 || number(2, 1) != static_cast<std::int64_t>(rank) + 1)
    fail("has chunks of another number of axes than its own");
  tree_ = number(3, 8);
  chunk_bytes_ = element;
  std::int64_t chunks = 1;
  for (std::size_t i = 0; i < rank; ++i) {
    chunk_.push_back(number(11 + 4 * i, 4));
    if (chunk_[i] < 1 || chunk_[i] > (std::int64_t{1} << 32) / chunk_bytes_) fail("has chunks of an impossible size");
    chunk_bytes_ *= chunk_[i];
    const std::int64_t size = shape[static_cast<int>(i)];
    counts_.push_back(size == 0 ? 0 : (size - 1) / chunk_[i] + 1);
    // Each has an entry of more than 8 bytes in the tree.
    if (counts_[i] > 0 && chunks > file.size() / 8 / counts_[i]) fail("has more chunks than the file has room for");
    chunks *= counts_[i];
  }
  if (number(11 + 4 * rank, 4) != element) fail("has chunks of numbers of another size than its own");
  if (filters != nullptr) read_filters(*filters);
  // What gzip can do at most; a larger claim is a bomb, or damage.
  std::int64_t most = file.size();
  for (const Filter& filter : filters_)
    if (filter.kind == deflate) most = most > (std::int64_t{1} << 50) ? most : 1032 * most;
  if (shape.size() > most / element || chunk_bytes_ > most)
    fail(to_string(shape) + " is more than the file's " + std::to_string(file.size()) + " bytes can hold");
  seen_.assign(static_cast<std::size_t>(chunks), false);
}

BRINDLE_INLINE void Hdf5Chunks::fail(const std::string& what) const {
  file_.fail(std::max<std::int64_t>(tree_, 0), what_ + " " + what);
}

BRINDLE_INLINE void Hdf5Chunks::read_filters(const std::string& message) {
  std::size_t at = 0;
  const auto number = [&](int bytes) {
    if (message.size() - at < static_cast<std::size_t>(bytes)) fail("describes its filters in less than they need");
    at += static_cast<std::size_t>(bytes);
    return brindle::detail::little_endian(message, at - static_cast<std::size_t>(bytes), bytes);
  };
  const auto pass = [&](std::int64_t bytes) {
    if (bytes > static_cast<std::int64_t>(message.size() - at)) fail("describes its filters in less than they need");
    at += static_cast<std::size_t>(bytes);
  };
  const std::int64_t version = number(1), count = number(1);
  if (version != 1 && version != 2) fail("describes its filters in a way that is not supported");
  if (version == 1) pass(6);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t kind = number(2), name = version == 1 || kind >= 256 ? number(2) : 0;
    number(2);  // flags
    const std::int64_t values = number(2);
    const std::size_t name_at = at;
    pass(version == 1 ? (name + 7) / 8 * 8 : name);
    std::string called = message.substr(name_at, static_cast<std::size_t>(name));
    called.resize(std::min(called.find('\0'), called.size()));
    Filter filter{kind, 1};
    for (std::int64_t v = 0; v < values; ++v) {
      const std::int64_t value = number(4);
      if (v == 0 && kind == shuffle) filter.element = value;
    }
    if (version == 1 && values % 2 != 0) pass(4);
    if (kind != deflate && kind != shuffle && kind != fletcher32)
      fail("is compressed by the filter " + (called.empty() ? "number " + std::to_string(kind) : "\"" + called + "\"") +
           ", which is not supported; save it with gzip, or without compression");
    if (filter.element < 1 || filter.element > chunk_bytes_) fail("is shuffled in pieces of an impossible size");
    filters_.push_back(filter);
  }
}

BRINDLE_INLINE void Hdf5Chunks::read(float* to) {
  if (shape_.size() == 0) return;
  budget_ = file_.size();
  seen_.assign(seen_.size(), false);
  if (tree_ >= 0) walk(tree_, 256, to);
  if (std::find(seen_.begin(), seen_.end(), false) != seen_.end())
    fail("has chunks that were never written: the file is not whole");
}

// budget_: bytes that the nodes of the tree may have; a tree that meets itself has more than the file.
BRINDLE_INLINE void Hdf5Chunks::walk(std::int64_t address, int above, float* to) {
  const std::string start = file_.text(address, 24, what_ + "'s tree of chunks");
  const int level = static_cast<unsigned char>(start[5]);
  if (start.compare(0, 4, "TREE") != 0 || start[4] != 1 || level >= above)
    file_.fail(address, what_ + ": a tree of chunks was expected here: the file is damaged");
  const auto key = static_cast<std::int64_t>(8 + 8 * (chunk_.size() + 1));
  const std::int64_t used = brindle::detail::little_endian(start, 6, 2), bytes = (key + 8) * used;
  budget_ -= 24 + bytes;
  if (budget_ < 0) file_.fail(address, what_ + ": its tree of chunks is larger than the file: the file is damaged");
  const std::string node = file_.text(address + 24, bytes, what_ + "'s tree of chunks");
  for (std::int64_t i = 0; i < used; ++i) {
    const auto at = static_cast<std::size_t>(i * (key + 8));
    const std::int64_t child = brindle::detail::little_endian(node, at + static_cast<std::size_t>(key), 8);
    if (level > 0)
      walk(child, level, to);
    else
      place(node.substr(at, static_cast<std::size_t>(key)), child, to);
  }
}

BRINDLE_INLINE void Hdf5Chunks::place(const std::string& key, std::int64_t address, float* to) {
  const std::int64_t stored = brindle::detail::little_endian(key, 0, 4),
                     mask = brindle::detail::little_endian(key, 4, 4);
  const std::size_t rank = chunk_.size();
  std::vector<std::int64_t> first(rank);
  std::int64_t number = 0;
  for (std::size_t i = 0; i < rank; ++i) {
    first[i] = brindle::detail::little_endian(key, 8 + 8 * i, 8);
    if (first[i] < 0 || first[i] % chunk_[i] != 0 || first[i] / chunk_[i] >= counts_[i])
      file_.fail(address, what_ + ": a chunk lies outside of it: the file is damaged");
    number = number * counts_[i] + first[i] / chunk_[i];
  }
  if (seen_[static_cast<std::size_t>(number)]) file_.fail(address, what_ + ": has one of its chunks twice");
  seen_[static_cast<std::size_t>(number)] = true;
  const std::string chunk = undo(file_.text(address, stored, "a chunk of " + what_), mask);
  // Row by row, without what stands behind the dataset's ends.
  const std::int64_t last = chunk_[rank - 1],
                     inside = std::min(last, shape_[static_cast<int>(rank) - 1] - first[rank - 1]);
  for (std::int64_t row = 0; row * last * element_ < chunk_bytes_; ++row) {
    std::int64_t rest = row, place = 0;
    bool there = true;
    std::vector<std::int64_t> index(rank, 0);
    for (std::size_t i = rank - 1; i-- > 0;) {
      index[i] = first[i] + rest % chunk_[i];
      rest /= chunk_[i];
      there = there && index[i] < shape_[static_cast<int>(i)];
    }
    if (!there) continue;
    index[rank - 1] = first[rank - 1];
    for (std::size_t i = 0; i < rank; ++i) place = place * shape_[static_cast<int>(i)] + index[i];
    hdf5_numbers(chunk.data() + row * last * element_, element_, inside, to + place);
  }
}

BRINDLE_INLINE std::string Hdf5Chunks::undo(std::string data, std::int64_t mask) const {
  // Bytes that a filter was given: checksums that were put behind the numbers before count.
  std::vector<std::int64_t> given;
  std::int64_t size = chunk_bytes_;
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    given.push_back(size);
    if (filters_[i].kind == fletcher32 && !(mask >> i & 1)) size += 4;
  }
  for (std::size_t i = filters_.size(); i-- > 0;) {
    if (mask >> i & 1) continue;  // was left out for this chunk
    if (filters_[i].kind == fletcher32) {
      if (data.size() < 4) fail("has a chunk without its checksum");
      const auto sum = static_cast<std::uint32_t>(brindle::detail::little_endian(data, data.size() - 4, 4));
      data.resize(data.size() - 4);
      if (fletcher32_of(data) != sum) fail("has a chunk that does not have its checksum: the file is damaged");
    } else if (filters_[i].kind == deflate) {
      // A stream of zlib: two bytes, the compressed data, a checksum with the highest byte first.
      if (data.size() < 6 || (data[0] & 15) != 8 || given[i] > 1032 * static_cast<std::int64_t>(data.size()))
        fail("has a chunk that gzip has not compressed: the file is damaged");
      std::string plain;
      const std::string wrong = brindle::detail::inflate(data.substr(2, data.size() - 6), given[i], plain);
      if (!wrong.empty()) fail("is compressed: " + wrong);
      std::uint32_t sum = 0;
      for (std::size_t k = data.size() - 4; k < data.size(); ++k) sum = sum << 8 | static_cast<unsigned char>(data[k]);
      if (adler32_of(plain) != sum) fail("has a chunk that does not have its checksum: the file is damaged");
      data = std::move(plain);
    } else {
      const auto element = static_cast<std::size_t>(filters_[i].element), count = data.size() / element;
      std::string whole = data;  // what fills no whole piece stays where it is
      for (std::size_t k = 0; k < count; ++k)
        for (std::size_t byte = 0; byte < element; ++byte) whole[k * element + byte] = data[byte * count + k];
      data = std::move(whole);
    }
  }
  if (static_cast<std::int64_t>(data.size()) != chunk_bytes_)
    fail("has a chunk of " + std::to_string(data.size()) + " bytes, expected " + std::to_string(chunk_bytes_) +
         ": the file is damaged");
  return data;
}

}  // namespace brindle::io::detail
