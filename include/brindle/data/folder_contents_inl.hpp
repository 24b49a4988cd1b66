// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what folder_contents.hpp declares.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/sha256.hpp"
#include "brindle/data/folder_contents.hpp"
#include "brindle/data/folder_listing.hpp"

namespace brindle::data {

BRINDLE_INLINE FileContents file_contents(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  Sha256 sum;
  sum.add(bytes);
  return {path.string(), bytes.size(), sum.text()};
}

BRINDLE_INLINE std::string FolderContents::sha256() const {
  Sha256 sum;
  for (const FileContents& file : files) sum.add(file.sha256 + "  " + file.path + "\n");
  return sum.text();
}

BRINDLE_INLINE FolderContents folder_contents(const std::filesystem::path& path,
                                              const std::vector<std::string>& classes, const Cpu& on) {
  const internal::FolderListing listing = internal::list_image_folder(path, classes);
  FolderContents contents{.folder = path.string(), .class_names = listing.class_names};
  contents.files.resize(listing.files.size());
  on.parallel(static_cast<std::int64_t>(listing.files.size()), [&](std::int64_t i, int) {
    const auto at = static_cast<std::size_t>(i);
    try {
      contents.files[at] = file_contents(listing.files[at]);
    } catch (const FileError&) {  // image_folder() says why
    }
    contents.files[at].path = listing.files[at].lexically_relative(path).generic_string();
  });
  return contents;
}

BRINDLE_INLINE std::string FolderDifference::text(std::size_t most) const {
  std::string all;
  const auto add = [&](const std::vector<std::string>& paths, const char* one, const char* several) {
    if (paths.empty()) return;
    all += (all.empty() ? "" : ", ") + std::to_string(paths.size()) +
           (all.empty() ? paths.size() == 1 ? " file" : " files" : "") + (paths.size() == 1 ? one : several) + " (";
    for (std::size_t i = 0; i < paths.size() && i < most; ++i) all += (i ? ", " : "") + paths[i];
    all += paths.size() > most ? " and " + std::to_string(paths.size() - most) + " more)" : ")";
  };
  add(missing, " is missing", " are missing");
  add(changed, " has changed", " have changed");
  add(added, " was added", " were added");
  return all;
}

BRINDLE_INLINE FolderDifference difference(const FolderContents& before, const FolderContents& now) {
  std::map<std::string, const FileContents*> there;
  for (const FileContents& file : now.files) there[file.path] = &file;
  FolderDifference found;
  for (const FileContents& file : before.files) {
    const auto at = there.find(file.path);
    if (at == there.end()) {
      found.missing.push_back(file.path);
      continue;
    }
    if (!(*at->second == file)) found.changed.push_back(file.path);
    there.erase(at);
  }
  for (const auto& [path, file] : there) found.added.push_back(path);
  return found;
}

}  // namespace brindle::data
