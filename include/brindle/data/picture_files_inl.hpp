// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what picture_files.hpp declares.
#include <filesystem>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/data/folder_listing.hpp"
#include "brindle/data/picture_files.hpp"
#include "brindle/data/pictures.hpp"

namespace brindle::data {

BRINDLE_INLINE std::vector<std::filesystem::path> picture_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::vector<SkippedFile> skipped;
  internal::add_class(folder, skipped, files);
  return files;
}

}  // namespace brindle::data
