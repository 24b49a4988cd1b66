// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what folder_listing.hpp declares.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/names_text.hpp"
#include "brindle/data/folder_listing.hpp"
#include "brindle/data/pictures.hpp"

namespace brindle::data::internal {

BRINDLE_INLINE std::string lower_case_extension(const std::filesystem::path& path) {
  std::string text = path.extension().string();
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// Kinds that decode() does not read are among them: it says so, rather than that nobody notices.
BRINDLE_INLINE bool named_as_picture(const std::filesystem::path& path) {
  const std::string extension = lower_case_extension(path);
  for (const std::string_view known : {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif",
                                       ".tiff", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".ppm", ".pgm", ".tga"})
    if (extension == known) return true;
  return false;
}

BRINDLE_INLINE bool is_folder(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

BRINDLE_INLINE std::vector<std::filesystem::path> entries(const std::filesystem::path& path) {
  std::error_code error;
  std::vector<std::filesystem::path> list;
  std::filesystem::directory_iterator it(path, error);
  for (; !error && it != std::filesystem::directory_iterator(); it.increment(error)) list.push_back(it->path());
  if (error) detail::raise<FileError>(path.string() + ": the folder cannot be read: " + error.message());
  std::sort(list.begin(), list.end(),
            [](const std::filesystem::path& a, const std::filesystem::path& b) { return a.native() < b.native(); });
  return list;
}

BRINDLE_INLINE std::vector<std::filesystem::path> pictures_in(const std::filesystem::path& path,
                                                              std::vector<SkippedFile>& skipped,
                                                              std::vector<std::filesystem::path>& folders) {
  std::vector<std::filesystem::path> found;
  for (const std::filesystem::path& entry : entries(path)) {
    const std::string name = entry.filename().string();
    if (name.starts_with("."))
      skipped.push_back({entry.string(), "hidden"});
    else if (named_as_picture(entry))
      found.push_back(entry);
    else if (is_folder(entry)) {
      folders.push_back(entry);
    } else {
      const std::string extension = lower_case_extension(entry);
      skipped.push_back({entry.string(), "not a picture (" + (extension.empty() ? "no extension" : extension) + ")"});
    }
  }
  return found;
}

BRINDLE_INLINE void add_class(const std::filesystem::path& folder, std::vector<SkippedFile>& skipped,
                              std::vector<std::filesystem::path>& to) {
  std::vector<std::filesystem::path> folders;
  for (std::filesystem::path& file : pictures_in(folder, skipped, folders)) to.push_back(std::move(file));
  for (const std::filesystem::path& inner : folders) {
    std::error_code error;
    if (std::filesystem::is_symlink(inner, error))
      skipped.push_back({inner.string(), "a link to a folder, which is not followed", false});
    else
      add_class(inner, skipped, to);
  }
}

BRINDLE_INLINE std::string without_path(const std::string& text, const std::filesystem::path& path) {
  const std::string start = path.string() + ": ";
  return text.starts_with(start) ? text.substr(start.size()) : text;
}

/// Whether folders are called as the parts of a data set, and so hold classes rather than being some.
BRINDLE_INLINE bool are_parts(const std::vector<std::filesystem::path>& folders) {
  return !folders.empty() && std::all_of(folders.begin(), folders.end(), [](const std::filesystem::path& folder) {
    std::string name = folder.filename().string();
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    for (const std::string_view ending : {"_data", "_set", "data", "set"})
      if (name.size() > ending.size() && name.ends_with(ending)) name.resize(name.size() - ending.size());
    for (const std::string_view part :
         {"train", "training", "val", "valid", "validation", "test", "testing", "holdout"})
      if (name == part) return true;
    return false;
  });
}

BRINDLE_INLINE void check_empty_classes(const std::filesystem::path& path, const FolderListing& listing) {
  if (!listing.empty_classes.empty())
    detail::raise<DataError>(path.string() + ": has no pictures in " +
                             brindle::detail::names_text(listing.empty_classes) +
                             ", which should be a class; fill or remove it, or load the folder with on_bad_file = "
                             "BadFile::skip");
}

BRINDLE_INLINE FolderListing list_image_folder(const std::filesystem::path& path,
                                               const std::vector<std::string>& classes) {
  const std::string name = path.string();
  std::error_code error;
  if (!std::filesystem::exists(path, error)) detail::raise<FileError>(name + ": no such folder; check the path");
  if (!std::filesystem::is_directory(path, error))
    detail::raise<FileError>(name + ": is a file, expected a folder of pictures");

  FolderListing listing;
  std::vector<std::filesystem::path> folders;
  std::vector<std::filesystem::path> flat = pictures_in(path, listing.skipped, folders);
  std::vector<std::string> class_of_file;
  if (flat.empty() && are_parts(folders))
    detail::raise<DataError>(
        name + ": its folders, " + folders[0].filename().string() +
        (folders.size() > 1 ? " and " + folders.back().filename().string() : "") +
        ", are called as the parts of a data set, not as classes; name one of them: " + folders[0].string());
  for (const std::filesystem::path& sub : folders) {
    std::vector<std::filesystem::path> found;
    add_class(sub, listing.skipped, found);
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.native() < b.native(); });
    if (found.empty()) {
      const bool is_class = flat.empty();
      listing.skipped.push_back({sub.string(), "a folder without pictures", !is_class});
      if (is_class) listing.empty_classes.push_back(sub.filename().string());
      continue;
    }
    for (std::filesystem::path& file : found) {
      class_of_file.push_back(sub.filename().string());
      listing.files.push_back(std::move(file));
    }
  }

  if (flat.empty() && listing.files.empty())
    detail::raise<DataError>(name + ": has no pictures (JPEG, PNG, BMP, GIF or WebP by their extension); " +
                             two_layouts);
  if (!flat.empty() && !listing.files.empty())
    detail::raise<DataError>(name + ": has " + std::to_string(flat.size()) + " pictures of its own (" +
                             flat[0].filename().string() + ", ...) and " + std::to_string(listing.files.size()) +
                             " in subfolders (" + class_of_file[0] + "/" + listing.files[0].filename().string() +
                             ", ...), so their classes are not clear; " + two_layouts);
  const bool by_name = !flat.empty();
  if (by_name) {
    for (const std::filesystem::path& file : flat) {
      const std::string file_name = file.filename().string();
      class_of_file.push_back(file_name.substr(0, file_name.find('.')));
    }
    listing.files = std::move(flat);
  }

  std::map<std::string, std::int64_t> number;
  for (const std::string& c : class_of_file) number[c];
  if (classes.empty()) {
    if (number.size() == 1)
      detail::raise<DataError>(name + ": all " + std::to_string(listing.files.size()) +
                               " pictures are of one class, \"" + number.begin()->first +
                               "\"; a classifier needs two or more: " + two_layouts);
    if (by_name && number.size() > 2 && number.size() == listing.files.size())
      detail::raise<DataError>(name + ": each of the " + std::to_string(listing.files.size()) +
                               " pictures has a class of its own (" + listing.files[0].filename().string() + " is \"" +
                               class_of_file[0] + "\"); " + two_layouts);
    for (auto& [c, i] : number) {
      i = static_cast<std::int64_t>(listing.class_names.size());
      listing.class_names.push_back(c);
    }
  } else {
    for (auto c = classes.begin(); c != classes.end(); ++c)
      if (std::find(classes.begin(), c, *c) != c)
        detail::raise<ValueError>(name + ": .classes names \"" + *c + "\" twice (" +
                                  brindle::detail::names_text(classes) + "); name each class once");
    listing.class_names = classes;
    std::vector<std::string> unknown;
    for (auto& [c, i] : number) {
      const auto found = std::find(classes.begin(), classes.end(), c);
      if (found == classes.end()) unknown.push_back(c);
      i = found - classes.begin();
    }
    if (!unknown.empty())
      detail::raise<DataError>(name + ": has pictures of " + brindle::detail::names_text(unknown) +
                               ", but the classes are " + brindle::detail::names_text(classes) +
                               "; rename or remove them");
  }
  for (const std::string& c : class_of_file) listing.classes.push_back(number[c]);
  return listing;
}

}  // namespace brindle::data::internal
