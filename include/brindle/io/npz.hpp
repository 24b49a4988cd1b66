// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/io/zip.hpp"

namespace brindle {
namespace detail {

/// What the header of a .npy file says.
struct NpyHeader {
  std::string dtype;  ///< as numpy writes it: "<f4"
  Shape shape;
  std::int64_t begin = 0;  ///< of the elements, in the file
};

template <class T>
constexpr const char* npy_dtype() {
  if constexpr (std::is_same_v<T, float>) return "<f4";
  if constexpr (std::is_same_v<T, double>) return "<f8";
  if constexpr (std::is_same_v<T, std::uint8_t>) return "|u1";
  if constexpr (std::is_same_v<T, std::int32_t>) return "<i4";
  if constexpr (std::is_same_v<T, std::int64_t>) return "<i8";
}

}  // namespace detail

namespace io {

/// The arrays of a .npz file, as np.savez writes it: a zip of .npy files. Those of np.savez_compressed need zlib.
/// Arrays are read when they are asked for; several threads may do so.
class NpzFile {
 public:
  /// Reads the list of arrays. Throws FileError with path and byte offset for anything that is not as it should be.
  explicit NpzFile(std::string path);

  const std::string& path() const { return zip_.path(); }                             ///< as it was given
  bool contains(const std::string& name) const { return members_.count(name) != 0; }  ///< without ".npy"

  /// Names of the arrays, in alphabetical order.
  std::vector<std::string> names() const;

  /// Throws FileError if there is no such array.
  Shape shape(const std::string& name) const { return open(name).header.shape; }

  /// Element type as numpy writes it: "<f4", "<f8", "|u1", "<i4", "<i8".
  std::string dtype(const std::string& name) const { return open(name).header.dtype; }

  /// An array with elements of type T: float, double, std::uint8_t, std::int32_t or std::int64_t.
  /// Throws FileError if there is none of this name, if its elements are of another type, or if the file is damaged.
  template <class T>
  Tensor<T> read(const std::string& name) const;

 private:
  struct OpenedArray {
    detail::ZipFile::Opened place;
    brindle::detail::NpyHeader header;
  };

  OpenedArray open(const std::string& name) const;

  detail::ZipFile zip_;
  std::map<std::string, std::string> members_;  // array: its file
};

/// The array of a .npy file; see NpzFile::read.
template <class T>
Tensor<T> read_npy(const std::string& path);

}  // namespace io
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/io/npz_inl.hpp"
#endif
