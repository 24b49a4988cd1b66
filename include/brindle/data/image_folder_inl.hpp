// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what image_folder.hpp declares.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/folder_listing.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/image/read_picture.hpp"
#include "brindle/image/reduced_copy.hpp"
#include "brindle/image/turbojpeg.hpp"

namespace brindle::data::internal {

BRINDLE_INLINE image::Picture read_picture(const std::filesystem::path& file, const ImageFolderOptions& options) {
  const PictureInput input = options.picture_input();
  return options.cache.empty() ? image::read_picture(file, input, options.decode)
                               : image::internal::read_reduced_copy(options.cache, file, input, options.decode);
}

BRINDLE_INLINE FolderReading::FolderReading(const std::filesystem::path& path, const ImageFolderOptions& options)
    : path_(path), options_(options) {
  const PictureInput input = options.picture_input();
  image::check_picture_input("image_folder", input);
  image::internal::check_decoder("image_folder", input.decoder);
  if (!options.cache.empty()) image::internal::make_copies_folder("image_folder", options.cache);
  listing_ = list_image_folder(path, options.classes);
  if (options.on_bad_file == BadFile::raise && options.classes.empty()) check_empty_classes(path, listing_);
  pixels_ = Tensor<std::uint8_t>::uninitialized(input.shape().batch(size()));
  reasons_.resize(listing_.files.size());
}

BRINDLE_INLINE void FolderReading::read(const Cpu& on, std::int64_t begin, std::int64_t end) {
  const std::int64_t picture_size = pixels_.shape().sample().size();
  on.parallel(end - begin, [&](std::int64_t i, int) {
    i += begin;
    try {
      const image::Picture picture = read_picture(listing_.files[static_cast<std::size_t>(i)], options_);
      std::memcpy(pixels_.data() + i * picture_size, picture.pixels.data(), picture.pixels.size());
    } catch (const FileError& e) {
      reason(i) = e.what();
    }
  });
}

BRINDLE_INLINE Pictures FolderReading::pictures() && {
  const std::int64_t n = size(), picture_size = pixels_.shape().sample().size();
  const auto bad = std::count_if(reasons_.begin(), reasons_.end(), [](const std::string& r) { return !r.empty(); });
  if (bad > 0 && (options_.on_bad_file == BadFile::raise || bad == n)) {
    std::string text = path_.string() + ": " + std::to_string(bad) + " of " + std::to_string(n) +
                       " pictures cannot be read; repair or remove them";
    text += bad == n ? ":" : ", or load the folder with on_bad_file = BadFile::skip:";
    std::int64_t shown = 0;
    for (const std::string& reason : reasons_)
      if (!reason.empty() && shown++ < 10) text.append("\n  ").append(reason);
    if (bad > 10) text += "\n  and " + std::to_string(bad - 10) + " more";
    detail::raise<FileError>(text);
  }

  Pictures::Parts parts;
  parts.input = options_.picture_input();
  parts.preprocessing = options_.preprocessing;
  parts.pixels = std::move(pixels_);
  parts.class_names = std::move(listing_.class_names);
  parts.skipped = std::move(listing_.skipped);
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    std::string file = listing_.files[at].string();
    if (!reasons_[at].empty()) {
      parts.skipped.push_back({file, without_path(reasons_[at], listing_.files[at]), false});
      continue;
    }
    if (kept != i)
      std::memcpy(parts.pixels.data() + kept * picture_size, parts.pixels.data() + i * picture_size,
                  static_cast<std::size_t>(picture_size));
    ++kept;
    parts.classes.push_back(listing_.classes[at]);
    parts.files.push_back(std::move(file));
  }
  if (kept < n) {
    Tensor<std::uint8_t> smaller = Tensor<std::uint8_t>::uninitialized(parts.pixels.shape().sample().batch(kept));
    std::memcpy(smaller.data(), parts.pixels.data(), smaller.bytes());
    parts.pixels = std::move(smaller);
    std::vector<bool> present(parts.class_names.size());
    for (const std::int64_t c : parts.classes) present[static_cast<std::size_t>(c)] = true;
    if (options_.classes.empty() && std::find(present.begin(), present.end(), false) != present.end())
      detail::raise<DataError>(path_.string() + ": after " + std::to_string(bad) +
                               " pictures that cannot be read were skipped, a class has none left; repair them");
  }
  std::sort(parts.skipped.begin(), parts.skipped.end(),
            [](const SkippedFile& a, const SkippedFile& b) { return a.path < b.path; });
  return Pictures(std::move(parts));
}

}  // namespace brindle::data::internal

namespace brindle::data {

BRINDLE_INLINE PictureInput ImageFolderOptions::picture_input() const {
  return {.size = size,
          .interpolation = interpolation,
          .aspect_ratio = aspect_ratio,
          .color_mode = color_mode,
          .orientation = orientation,
          .preprocessing = preprocessing,
          .decoder = decoder};
}

BRINDLE_INLINE ImageFolderOptions ImageFolderOptions::of(const PictureInput& input,
                                                         const std::vector<std::string>& class_names) {
  return {.size = input.size,
          .interpolation = input.interpolation,
          .aspect_ratio = input.aspect_ratio,
          .color_mode = input.color_mode,
          .orientation = input.orientation,
          .preprocessing = input.preprocessing,
          .decoder = input.decoder,
          .classes = class_names};
}

BRINDLE_INLINE std::vector<SkippedFile> check_image_folder(const std::filesystem::path& path,
                                                           const ImageFolderOptions& options, const Cpu& on) {
  const PictureInput input = options.picture_input();
  image::internal::check_decoder("check_image_folder", input.decoder);
  if (!options.cache.empty()) {
    image::check_picture_input("check_image_folder", input);
    image::internal::make_copies_folder("check_image_folder", options.cache);
  }
  const internal::FolderListing listing = internal::list_image_folder(path, options.classes);
  const auto n = static_cast<std::int64_t>(listing.files.size());
  std::vector<std::string> reasons(listing.files.size());
  on.parallel(n, [&](std::int64_t i, int) {
    try {
      const std::filesystem::path& file = listing.files[static_cast<std::size_t>(i)];
      if (options.cache.empty())
        static_cast<void>(image::read_upright(file, input, options.decode));
      else
        static_cast<void>(internal::read_picture(file, options));  // and keeps it for who reads it next
    } catch (const FileError& e) {
      reasons[static_cast<std::size_t>(i)] = e.what();
    }
  });
  std::vector<SkippedFile> bad;
  for (std::size_t i = 0; i < reasons.size(); ++i)
    if (!reasons[i].empty())
      bad.push_back({listing.files[i].string(), internal::without_path(reasons[i], listing.files[i]), false});
  return bad;
}

BRINDLE_INLINE Pictures image_folder(const std::filesystem::path& path, const ImageFolderOptions& options,
                                     const Cpu& on) {
  internal::FolderReading folder(path, options);
  folder.read(on, 0, folder.size());
  return std::move(folder).pictures();
}

}  // namespace brindle::data
