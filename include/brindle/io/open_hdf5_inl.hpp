// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what open_hdf5.hpp declares.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "brindle/core/inline.hpp"
#include "brindle/io/file_bytes.hpp"
#include "brindle/io/hdf5.hpp"
#include "brindle/io/hdf5_classic.hpp"
#include "brindle/io/hdf5_library.hpp"
#include "brindle/io/open_hdf5.hpp"

namespace brindle::io::detail {

BRINDLE_INLINE bool is_classic_hdf5(brindle::detail::FileBytes& file) {
  const std::string start = file.text(0, std::min<std::int64_t>(file.size(), 9), "the superblock");
  if (start.starts_with("<")) file.fail(0, "is a web page or XML, no HDF5 file; fetch it again");
  if (start.size() < 9 || start.compare(0, 8, "\x89HDF\r\n\x1a\n") != 0) file.fail(0, "is no HDF5 file");
  return static_cast<unsigned char>(start[8]) < 2;
}

}  // namespace brindle::io::detail

namespace brindle::io {

BRINDLE_INLINE std::shared_ptr<Hdf5File> open_hdf5(const std::filesystem::path& path) {
  brindle::detail::FileBytes file(path.string());
  if (detail::is_classic_hdf5(file)) return std::make_shared<detail::ClassicHdf5File>(path.string(), std::move(file));
  return std::make_shared<detail::LibraryHdf5File>(path);
}

BRINDLE_INLINE std::shared_ptr<Hdf5File> open_hdf5(const std::string& path, std::string content) {
  brindle::detail::FileBytes file(path, std::move(content));
  if (detail::is_classic_hdf5(file)) return std::make_shared<detail::ClassicHdf5File>(path, std::move(file));
  return std::make_shared<detail::LibraryHdf5File>(path, file.text(0, file.size(), "the file"));
}

}  // namespace brindle::io
