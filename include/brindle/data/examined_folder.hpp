// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/image/decode.hpp"
#include "brindle/image/picture_quality.hpp"

namespace brindle::data {

/// What is to be known of a picture's file before it is trained on.
struct ExaminedPicture {
  std::string file;                    ///< path
  std::int64_t number = 0;             ///< of its class
  std::int64_t height = 0;             ///< rows, as it is stored; 0: it cannot be read
  std::int64_t width = 0;              ///< columns, the same
  std::uint64_t bytes = 0;             ///< of the file
  std::uint64_t hash = 0;              ///< of the file: FNV-1a, 64 bits; equal files have equal ones
  int orientation = 1;                 ///< as EXIF has it: 1 (upright) to 8
  image::PictureQuality quality = {};  ///< of the upright picture
  std::string unreadable = {};         ///< why it cannot be decoded; empty: it can

  bool readable() const { return unreadable.empty(); }  ///< whether it can be decoded
};

/// A folder of pictures, each looked at once.
struct ExaminedFolder {
  std::vector<std::string> class_names;   ///< by number
  std::vector<ExaminedPicture> pictures;  ///< in the order of image_folder(), those that cannot be read among them
  std::vector<SkippedFile> skipped;       ///< what is no picture, and folders without pictures

  /// Pictures of each class that can be read, by its number.
  std::vector<std::int64_t> class_counts() const;
};

/// Decodes every picture of a folder, without keeping it, on all threads, and measures it.
///
/// Classes and order are those of image_folder(); of the options `classes` and `decode` count. Throws FileError if the
/// folder is missing, DataError as image_folder() for a folder that has no classes; a picture that cannot be read is no
/// error.
ExaminedFolder examine_image_folder(const std::filesystem::path& path, const ImageFolderOptions& options = {},
                                    const Cpu& on = Cpu());

/// The same of the files that pictures were loaded from, in their order, such as a part that split() gave.
///
/// Throws ValueError for pictures that do not know their files; one that is gone since is a picture that cannot be
/// read.
ExaminedFolder examine_pictures(const Pictures& pictures, const image::DecodeOptions& options = {},
                                const Cpu& on = Cpu());

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/examined_folder_inl.hpp"
#endif
