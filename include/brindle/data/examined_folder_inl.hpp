// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what examined_folder.hpp declares.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/data/examined_folder.hpp"
#include "brindle/data/folder_listing.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/image/decode.hpp"
#include "brindle/image/orientation.hpp"
#include "brindle/image/picture_quality.hpp"

namespace brindle::data {

BRINDLE_INLINE std::vector<std::int64_t> ExaminedFolder::class_counts() const {
  std::vector<std::int64_t> counts(class_names.size(), 0);
  for (const ExaminedPicture& p : pictures) counts[static_cast<std::size_t>(p.number)] += p.readable() ? 1 : 0;
  return counts;
}

namespace internal {

/// What is to be known of one file.
BRINDLE_INLINE ExaminedPicture examined(const std::filesystem::path& file, std::int64_t number,
                                        const image::DecodeOptions& options) {
  ExaminedPicture p{.file = file.string(), .number = number};
  try {
    const std::vector<std::uint8_t> bytes = read_file(file, options.most_bytes);
    p.bytes = bytes.size();
    p.hash = 14695981039346656037u;
    for (const std::uint8_t byte : bytes) p.hash = (p.hash ^ byte) * 1099511628211u;
    const image::Picture stored = image::decode(bytes, p.file, options);
    p.height = stored.height;
    p.width = stored.width;
    p.orientation = image::exif_orientation(bytes);
    p.quality = image::picture_quality(stored);
  } catch (const FileError& e) {
    p.unreadable = without_path(e.what(), file);
  }
  return p;
}

}  // namespace internal

BRINDLE_INLINE ExaminedFolder examine_image_folder(const std::filesystem::path& path, const ImageFolderOptions& options,
                                                   const Cpu& on) {
  internal::FolderListing listing = internal::list_image_folder(path, options.classes);
  ExaminedFolder all{std::move(listing.class_names), std::vector<ExaminedPicture>(listing.files.size()),
                     std::move(listing.skipped)};
  on.parallel(static_cast<std::int64_t>(listing.files.size()), [&](std::int64_t i, int) {
    const auto at = static_cast<std::size_t>(i);
    all.pictures[at] = internal::examined(listing.files[at], listing.classes[at], options.decode);
  });
  return all;
}

BRINDLE_INLINE ExaminedFolder examine_pictures(const Pictures& pictures, const image::DecodeOptions& options,
                                               const Cpu& on) {
  if (pictures.files().empty())
    detail::raise<ValueError>(
        "examine_pictures: these pictures do not know their files; load them with data::image_folder");
  ExaminedFolder all{pictures.class_names(), std::vector<ExaminedPicture>(pictures.files().size()), pictures.skipped()};
  on.parallel(pictures.size(), [&](std::int64_t i, int) {
    const auto at = static_cast<std::size_t>(i);
    all.pictures[at] =
        internal::examined(pictures.files()[at], static_cast<std::int64_t>(pictures.labels().data[i]), options);
  });
  return all;
}

}  // namespace brindle::data
