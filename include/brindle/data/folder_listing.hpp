// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/data/pictures.hpp"

namespace brindle::data::internal {

/// A folder of pictures before any of them is decoded.
struct FolderListing {
  std::vector<std::string> class_names;      ///< alphabetical (by bytes)
  std::vector<std::filesystem::path> files;  ///< in a fixed order: by path below the folder, by bytes
  std::vector<std::int64_t> classes;         ///< of each file
  std::vector<SkippedFile> skipped;          ///< files that are no pictures, hidden files, folders without pictures
  std::vector<std::string> empty_classes;    ///< subfolders that would be classes if they had pictures
};

/// Entries of a folder by the bytes of their names: what a folder lists first differs from machine to machine.
std::vector<std::filesystem::path> entries(const std::filesystem::path& path);

/// The pictures directly in a folder; what is neither picture nor folder goes to `skipped`. A folder named like a
/// picture counts as one, and fails when it is decoded.
std::vector<std::filesystem::path> pictures_in(const std::filesystem::path& path, std::vector<SkippedFile>& skipped,
                                               std::vector<std::filesystem::path>& folders);

/// Adds the pictures in a folder and in the folders below it, but not behind links to folders (os.walk).
void add_class(const std::filesystem::path& folder, std::vector<SkippedFile>& skipped,
               std::vector<std::filesystem::path>& to);

/// An error's text without the path that it begins with.
std::string without_path(const std::string& text, const std::filesystem::path& path);

inline constexpr const char* two_layouts =
    "put the pictures into one folder with names such as cat.1.jpg and dog.1.jpg, or into one subfolder per class";

/// Throws DataError if a subfolder that should be a class has no pictures; they do not count where `classes` are named.
void check_empty_classes(const std::filesystem::path& path, const FolderListing& listing);

/// What image_folder would load, without decoding; see there for layouts, order and errors.
FolderListing list_image_folder(const std::filesystem::path& path, const std::vector<std::string>& classes = {});

}  // namespace brindle::data::internal

#ifndef BRINDLE_COMPILED
#include "brindle/data/folder_listing_inl.hpp"
#endif
