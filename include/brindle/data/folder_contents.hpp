// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"

namespace brindle::data {

/// A file, named by its bytes.
struct FileContents {
  std::string path;         ///< in a folder's contents below that folder, with slashes
  std::uint64_t bytes = 0;  ///< how many
  std::string sha256 = {};  ///< of all of them, 64 hexadecimal digits; empty: the file cannot be read

  friend bool operator==(const FileContents&, const FileContents&) = default;  ///< the same path and bytes
};

/// A file's path, length and SHA-256. Throws FileError that begins with the path.
FileContents file_contents(const std::filesystem::path& path);

/// The pictures of a folder, named by their bytes, so that another day tells whether they are the same.
struct FolderContents {
  std::string folder;                         ///< its path
  std::vector<FileContents> files = {};       ///< in the order of image_folder()
  std::vector<std::string> class_names = {};  ///< by number

  /// Of all files in one: SHA-256 of their lines "<sha256>  <path>\n", as sha256sum writes them in this order.
  std::string sha256() const;
};

/// Reads every picture that image_folder() would try to load, on all threads, without decoding it; one that cannot be
/// read is listed without a hash. Throws as that does for a folder that is missing or has no classes; classes: see
/// ImageFolderOptions.
FolderContents folder_contents(const std::filesystem::path& path, const std::vector<std::string>& classes = {},
                               const Cpu& on = Cpu());

/// What a folder has no more, or has now.
struct FolderDifference {
  std::vector<std::string> missing = {};  ///< paths below the folder
  std::vector<std::string> changed = {};  ///< of other bytes now
  std::vector<std::string> added = {};    ///< that were not there

  bool none() const { return missing.empty() && changed.empty() && added.empty(); }  ///< the same files
  /// "2 files are missing (cat.1.jpg, cat.2.jpg), 1 has changed (dog.3.jpg)"; of each kind `most` are named.
  std::string text(std::size_t most = 5) const;
};

/// Compares the files of two contents by their paths, wherever the folders lie.
FolderDifference difference(const FolderContents& before, const FolderContents& now);

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/folder_contents_inl.hpp"
#endif
