// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <vector>

namespace brindle::data {

/// The files in a folder, and in those below it, that are named as pictures: those of a folder first, by the bytes of
/// their names. Hidden files, other ones as Thumbs.db, and what lies behind links to folders are left out. Throws
/// FileError for a folder that cannot be read.
std::vector<std::filesystem::path> picture_files(const std::filesystem::path& folder);

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/picture_files_inl.hpp"
#endif
