#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/image/decode.hpp"
#include "brindle/image/resize.hpp"

namespace brindle::data {

/// What to do with a picture that cannot be decoded.
enum class BadFile {
  raise,  ///< one error that lists them
  skip,   ///< leave it out and list it in skipped()
};

struct ImageFolderOptions {
  Size2 size = {150, 150};                                             ///< rows and columns that pictures get
  image::Interpolation interpolation = image::Interpolation::nearest;  ///< Keras's default
  Preprocessing preprocessing = Preprocessing::unit_rgb;               ///< what makes the network's numbers of pixels
  BadFile on_bad_file = BadFile::raise;   ///< what to do with pictures that cannot be decoded
  std::vector<std::string> classes = {};  ///< the order of the classes, if it should be another's: train.class_names()
  image::DecodeOptions decode = {};       ///< how large a picture may be
};

/// A folder of pictures before any of them is decoded.
struct FolderListing {
  std::vector<std::string> class_names;      ///< alphabetical (by bytes)
  std::vector<std::filesystem::path> files;  ///< in a fixed order: by path below the folder, by bytes
  std::vector<std::int64_t> classes;         ///< of each file
  std::vector<SkippedFile> skipped;          ///< files that are no pictures, hidden files, folders without pictures
};

namespace folder {

inline std::string lower_case_extension(const std::filesystem::path& path) {
  std::string text = path.extension().string();
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

inline bool named_as_picture(const std::filesystem::path& path) {
  const std::string extension = lower_case_extension(path);
  for (const std::string_view known : {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif"})
    if (extension == known) return true;
  return false;
}

inline bool is_folder(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

/// Entries of a folder by the bytes of their names: what a folder lists first differs from machine to machine.
inline std::vector<std::filesystem::path> entries(const std::filesystem::path& path) {
  std::error_code error;
  std::vector<std::filesystem::path> list;
  std::filesystem::directory_iterator it(path, error);
  for (; !error && it != std::filesystem::directory_iterator(); it.increment(error)) list.push_back(it->path());
  if (error) detail::raise<FileError>(path.string() + ": the folder cannot be read: " + error.message());
  std::sort(list.begin(), list.end(),
            [](const std::filesystem::path& a, const std::filesystem::path& b) { return a.native() < b.native(); });
  return list;
}

/// The pictures directly in a folder; everything else that is no folder goes to `skipped`. A folder named like a
/// picture counts as one, and fails when it is decoded.
inline std::vector<std::filesystem::path> pictures_in(const std::filesystem::path& path,
                                                      std::vector<SkippedFile>& skipped,
                                                      std::vector<std::filesystem::path>* folders) {
  std::vector<std::filesystem::path> found;
  for (const std::filesystem::path& entry : entries(path)) {
    const std::string name = entry.filename().string();
    if (name.starts_with("."))
      skipped.push_back({entry.string(), "hidden"});
    else if (named_as_picture(entry))
      found.push_back(entry);
    else if (is_folder(entry)) {
      if (folders)
        folders->push_back(entry);
      else
        skipped.push_back({entry.string(), "a folder inside the folder of a class"});
    } else {
      const std::string extension = lower_case_extension(entry);
      skipped.push_back({entry.string(), "not a picture (" + (extension.empty() ? "no extension" : extension) + ")"});
    }
  }
  return found;
}

inline std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < 10; ++i) text += (i ? ", \"" : "\"") + names[i] + "\"";
  return names.size() > 10 ? text + " and " + std::to_string(names.size() - 10) + " more" : text;
}

/// An error's text without the path that it begins with.
inline std::string without_path(const std::string& text, const std::filesystem::path& path) {
  const std::string start = path.string() + ": ";
  return text.starts_with(start) ? text.substr(start.size()) : text;
}

inline constexpr const char* two_layouts =
    "put the pictures into one folder with names such as cat.1.jpg and dog.1.jpg, or into one subfolder per class";

}  // namespace folder

/// What image_folder would load, without decoding; see there for layouts, order and errors.
inline FolderListing list_image_folder(const std::filesystem::path& path,
                                       const std::vector<std::string>& classes = {}) {
  const std::string name = path.string();
  std::error_code error;
  if (!std::filesystem::exists(path, error)) detail::raise<FileError>(name + ": no such folder; check the path");
  if (!std::filesystem::is_directory(path, error))
    detail::raise<FileError>(name + ": is a file, expected a folder of pictures");

  FolderListing listing;
  std::vector<std::filesystem::path> folders;
  std::vector<std::filesystem::path> flat = folder::pictures_in(path, listing.skipped, &folders);
  std::vector<std::string> class_of_file;
  for (const std::filesystem::path& sub : folders) {
    std::vector<std::filesystem::path> found = folder::pictures_in(sub, listing.skipped, nullptr);
    if (found.empty()) {
      listing.skipped.push_back({sub.string(), "a folder without pictures"});
      continue;
    }
    for (std::filesystem::path& file : found) {
      class_of_file.push_back(sub.filename().string());
      listing.files.push_back(std::move(file));
    }
  }

  if (flat.empty() && listing.files.empty())
    detail::raise<DataError>(name + ": has no pictures (JPEG, PNG, BMP or GIF by their extension); " +
                             folder::two_layouts);
  if (!flat.empty() && !listing.files.empty())
    detail::raise<DataError>(name + ": has " + std::to_string(flat.size()) + " pictures of its own (" +
                             flat[0].filename().string() + ", ...) and " + std::to_string(listing.files.size()) +
                             " in subfolders (" + class_of_file[0] + "/" + listing.files[0].filename().string() +
                             ", ...), so their classes are not clear; " + folder::two_layouts);
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
                               "\"; a classifier needs two or more: " + folder::two_layouts);
    if (by_name && number.size() > 2 && number.size() == listing.files.size())
      detail::raise<DataError>(name + ": each of the " + std::to_string(listing.files.size()) +
                               " pictures has a class of its own (" + listing.files[0].filename().string() + " is \"" +
                               class_of_file[0] + "\"); " + folder::two_layouts);
    for (auto& [c, i] : number) {
      i = static_cast<std::int64_t>(listing.class_names.size());
      listing.class_names.push_back(c);
    }
  } else {
    listing.class_names = classes;
    std::vector<std::string> unknown;
    for (auto& [c, i] : number) {
      const auto found = std::find(classes.begin(), classes.end(), c);
      if (found == classes.end()) unknown.push_back(c);
      i = found - classes.begin();
    }
    if (!unknown.empty())
      detail::raise<DataError>(name + ": has pictures of " + folder::listed(unknown) + ", but the classes are " +
                               folder::listed(classes) + "; rename or remove them");
  }
  for (const std::string& c : class_of_file) listing.classes.push_back(number[c]);
  return listing;
}

/// Decodes every picture of a folder without keeping it, on all threads.
///
/// Gives those that cannot be decoded, in the order of the listing, each with the reason: to be called ahead of a long
/// run.
inline std::vector<SkippedFile> check_image_folder(const std::filesystem::path& path,
                                                   const ImageFolderOptions& options = {}, const Cpu& on = Cpu()) {
  const FolderListing listing = list_image_folder(path, options.classes);
  const auto n = static_cast<std::int64_t>(listing.files.size());
  std::vector<std::string> reasons(listing.files.size());
  on.parallel(n, [&](std::int64_t i, int) {
    try {
      static_cast<void>(image::decode(listing.files[static_cast<std::size_t>(i)], options.decode));
    } catch (const FileError& e) {
      reasons[static_cast<std::size_t>(i)] = e.what();
    }
  });
  std::vector<SkippedFile> bad;
  for (std::size_t i = 0; i < reasons.size(); ++i)
    if (!reasons[i].empty())
      bad.push_back({listing.files[i].string(), folder::without_path(reasons[i], listing.files[i])});
  return bad;
}

/// The pictures of a folder, decoded and resized on all threads, with their classes.
///
/// A picture's class is its file's name up to the first dot (cat.12.jpg), or, if the pictures are in subfolders, the
/// subfolder's name. Classes are in alphabetical order, files in the order of their paths, both compared byte by byte
/// (cat.10.jpg before cat.9.jpg), on every machine. Other files, hidden ones and deeper folders are listed in
/// skipped(). Throws FileError if the folder is missing or pictures cannot be decoded (one error for all of them),
/// DataError if it has no pictures, one class only or both layouts.
inline Pictures image_folder(const std::filesystem::path& path, const ImageFolderOptions& options = {},
                             const Cpu& on = Cpu()) {
  if (options.size.h < 1 || options.size.w < 1)
    detail::raise<ValueError>("image_folder: size is " + to_string(options.size) + ", expected at least (1, 1)");
  FolderListing listing = list_image_folder(path, options.classes);

  const auto n = static_cast<std::int64_t>(listing.files.size());
  Pictures::Parts parts;
  parts.preprocessing = options.preprocessing;
  parts.pixels = Tensor<std::uint8_t>::uninitialized(Shape{n, options.size.h, options.size.w, 3});
  const std::int64_t picture_size = parts.pixels.shape().sample().size();
  std::vector<std::string> reasons(listing.files.size());
  on.parallel(n, [&](std::int64_t i, int) {
    try {
      const image::Picture picture =
          image::resize(image::decode(listing.files[static_cast<std::size_t>(i)], options.decode), options.size,
                        options.interpolation);
      std::memcpy(parts.pixels.data() + i * picture_size, picture.pixels.data(), picture.pixels.size());
    } catch (const FileError& e) {
      reasons[static_cast<std::size_t>(i)] = e.what();
    }
  });

  const auto bad = std::count_if(reasons.begin(), reasons.end(), [](const std::string& r) { return !r.empty(); });
  if (bad > 0 && (options.on_bad_file == BadFile::raise || bad == n)) {
    std::string text = path.string() + ": " + std::to_string(bad) + " of " + std::to_string(n) +
                       " pictures cannot be read; repair or remove them";
    text += bad == n ? ":" : ", or load the folder with on_bad_file = BadFile::skip:";
    std::int64_t shown = 0;
    for (const std::string& reason : reasons)
      if (!reason.empty() && shown++ < 10) text.append("\n  ").append(reason);
    if (bad > 10) text += "\n  and " + std::to_string(bad - 10) + " more";
    detail::raise<FileError>(text);
  }

  parts.class_names = std::move(listing.class_names);
  parts.skipped = std::move(listing.skipped);
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    std::string file = listing.files[at].string();
    if (!reasons[at].empty()) {
      parts.skipped.push_back({file, folder::without_path(reasons[at], listing.files[at])});
      continue;
    }
    if (kept != i)
      std::memcpy(parts.pixels.data() + kept * picture_size, parts.pixels.data() + i * picture_size,
                  static_cast<std::size_t>(picture_size));
    ++kept;
    parts.classes.push_back(listing.classes[at]);
    parts.files.push_back(std::move(file));
  }
  if (kept < n) {
    Tensor<std::uint8_t> smaller = Tensor<std::uint8_t>::uninitialized(parts.pixels.shape().sample().batch(kept));
    std::memcpy(smaller.data(), parts.pixels.data(), smaller.bytes());
    parts.pixels = std::move(smaller);
    std::vector<bool> present(parts.class_names.size());
    for (const std::int64_t c : parts.classes) present[static_cast<std::size_t>(c)] = true;
    if (options.classes.empty() && std::find(present.begin(), present.end(), false) != present.end())
      detail::raise<DataError>(path.string() + ": after " + std::to_string(bad) +
                               " pictures that cannot be read were skipped, a class has none left; repair them");
  }
  std::sort(parts.skipped.begin(), parts.skipped.end(),
            [](const SkippedFile& a, const SkippedFile& b) { return a.path < b.path; });
  return Pictures(std::move(parts));
}

}  // namespace brindle::data
