// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/shape.hpp"
#include "brindle/io/file_bytes.hpp"

namespace brindle::io::detail {

/// `count` little-endian floating numbers of `element` bytes, 2, 4 or 8, as floats.
void hdf5_numbers(const char* from, std::int64_t element, std::int64_t count, float* to);

/// A dataset of HDF5 in chunks, which h5py makes where it is asked to compress: blocks of one shape in a tree, each
/// through a row of filters. Undone are gzip (with zlib), shuffle and fletcher32, whose checksum is compared. Meaning:
/// "HDF5 File Format Specification", version 3.0, III.A.1 and IV.A.2.l.
class Hdf5Chunks {
 public:
  /// what: how messages name the dataset; element: bytes of a number; layout: the message, whose version and class were
  /// looked at; filters: the message, or null. Throws FileError for sizes that cannot be, that the file cannot hold,
  /// and for other filters, by their names.
  Hdf5Chunks(brindle::detail::FileBytes& file, std::string what, const Shape& shape, std::int64_t element,
             const std::string& layout, const std::string* filters);

  /// Reads all into shape.size() floats. Throws FileError for what is damaged, and for a chunk that was never written.
  void read(float* to);

 private:
  enum FilterKind : std::int64_t { deflate = 1, shuffle = 2, fletcher32 = 3 };
  struct Filter {
    std::int64_t kind = 0, element = 0;  // of shuffle: the bytes that belong together
  };

  [[noreturn]] void fail(const std::string& what) const;
  void read_filters(const std::string& message);
  void walk(std::int64_t address, int above, float* to);
  void place(const std::string& key, std::int64_t address, float* to);
  std::string undo(std::string stored, std::int64_t mask) const;

  brindle::detail::FileBytes& file_;
  std::string what_;
  Shape shape_;
  std::int64_t element_ = 0;
  std::int64_t tree_ = 0, chunk_bytes_ = 0, budget_ = 0;
  std::vector<std::int64_t> chunk_, counts_;  // sizes of a chunk, and how many there are along each axis
  std::vector<Filter> filters_;               // in the order in which they were applied
  std::vector<bool> seen_;                    // which chunks were read
};

}  // namespace brindle::io::detail

#ifndef BRINDLE_COMPILED
#include "brindle/io/hdf5_chunks_inl.hpp"
#endif
