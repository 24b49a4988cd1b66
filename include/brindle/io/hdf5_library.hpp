// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/io/hdf5.hpp"

namespace brindle::io::detail {

/// HDF5 by its C library: every layout, but it trusts what has no checksum, so open_hdf5 hands it only files of the
/// later layout, which has. Where it was compiled without the library (BRINDLE_HDF5) every constructor throws an error
/// that names the package.
class LibraryHdf5File final : public Hdf5File {
 public:
  /// Throws FileError that begins with the path: it cannot be opened, or is no HDF5 file.
  explicit LibraryHdf5File(const std::filesystem::path& path);

  /// A file that is in memory. path: what errors begin with.
  LibraryHdf5File(std::string path, const std::string& content);

  ~LibraryHdf5File() override;

  bool contains(const std::string& object) override;
  std::vector<std::string> children(const std::string& group) override;
  bool has_attribute(const std::string& object, const std::string& name) override;
  std::vector<std::string> texts(const std::string& object, const std::string& name) override;
  Shape shape(const std::string& name) override;
  void read(const std::string& name, TensorView<float> to) override;
  std::int64_t integer(const std::string& name) override;

 private:
  static constexpr std::int64_t deflates_to = 1032;  // most bytes that zlib makes of one

  [[noreturn]] void without_library() const;

  std::int64_t bytes_ = 0;                   // of the file
  [[maybe_unused]] std::int64_t file_ = -1;  // the library's hid_t
};

}  // namespace brindle::io::detail

#ifndef BRINDLE_COMPILED
#include "brindle/io/hdf5_library_inl.hpp"
#endif
