// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/folder_listing.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/image/decode.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/image/read_picture.hpp"

namespace brindle::data {

/// What to do with a picture that cannot be decoded.
enum class BadFile {
  raise,  ///< one error that lists them
  skip,   ///< leave it out and list it in skipped()
};

struct ImageFolderOptions {
  Size2 size = {150, 150};                                             ///< rows and columns that pictures get
  image::Interpolation interpolation = image::Interpolation::nearest;  ///< Keras's default
  AspectRatio aspect_ratio = AspectRatio::stretch;                     ///< how they are fitted into size
  ColorMode color_mode = ColorMode::rgb;                               ///< grayscale: one channel
  Orientation orientation = Orientation::as_stored;                    ///< exif: turned as the camera was held
  Preprocessing preprocessing = Preprocessing::unit_rgb;               ///< what makes the network's numbers of pixels
  Decoder decoder = Decoder::stb;                                      ///< of JPEG
  BadFile on_bad_file = BadFile::raise;   ///< what to do with pictures that cannot be decoded
  std::vector<std::string> classes = {};  ///< the order of the classes, if it should be another's: train.class_names()
  image::DecodeOptions decode = {};       ///< how large a picture may be
  /// A folder that keeps each picture as it came out, reduced and without preprocessing, so that the next reading takes
  /// it from there: worth its room for large photos. The samples are the same with it and without it. Empty: none. A
  /// copy that cannot be written, as on a full disk, is an Error, also with BadFile::skip.
  std::filesystem::path cache = {};

  /// How each file becomes a sample, in one value: what a saved model keeps.
  PictureInput picture_input() const;

  /// The options with which a folder is read as `input` says, with the classes of a model or of other data.
  static ImageFolderOptions of(const PictureInput& input, const std::vector<std::string>& class_names = {});
};

/// Decodes every picture of a folder, on all threads, and keeps none of them in memory: to be called ahead of a long
/// run.
///
/// Gives the pictures that cannot be decoded, in the order of their paths, each with the reason; they are no error
/// here, whatever options.on_bad_file says. With options.cache the reduced copies are made on the way. Throws FileError
/// if the folder is missing, DataError as image_folder() for a folder that has no classes, ValueError for a decoder
/// that brindle was compiled without or a class that options.classes names twice.
std::vector<SkippedFile> check_image_folder(const std::filesystem::path& path, const ImageFolderOptions& options = {},
                                            const Cpu& on = Cpu());

/// The pictures of a folder, decoded and resized on all threads, with their classes.
///
/// A picture's class is its file's name up to the first dot (cat.12.jpg), or, if the pictures are in subfolders, the
/// subfolder's name. Classes are in alphabetical order, files in the order of their paths, both compared byte by byte
/// (cat.10.jpg before cat.9.jpg), on every machine. Folders below that of a class belong to it. Other files and hidden
/// ones are listed in skipped(), where `harmless` tells them from lost pictures.
///
/// Throws FileError if the folder is missing, if pictures cannot be decoded (one error for all of them; with
/// BadFile::skip only if none can), or if the folder of options.cache cannot be used. Throws DataError for no pictures,
/// one class only, both layouts, three classes or more of one picture each, subfolders that are parts of a data set
/// (train, test) instead of classes, and a subfolder without pictures. With BadFile::skip such a subfolder is skipped,
/// too, but a class that has lost all of its pictures is a DataError. Where options.classes names the classes, each may
/// have any number of pictures, and a picture of another class is a DataError. Throws ValueError for options without a
/// meaning.
Pictures image_folder(const std::filesystem::path& path, const ImageFolderOptions& options = {}, const Cpu& on = Cpu());

}  // namespace brindle::data

namespace brindle::data::internal {

/// A file of a folder with these options, from the folder's cache where it has one.
image::Picture read_picture(const std::filesystem::path& file, const ImageFolderOptions& options);

/// A folder that image_folder() is reading:
///
///     FolderReading folder(path, options);
///     folder.read(on, 0, folder.size());
///     return std::move(folder).pictures();
class FolderReading {
 public:
  /// Lists the pictures, and takes memory for them. Throws as image_folder() does before it decodes.
  FolderReading(const std::filesystem::path& path, const ImageFolderOptions& options);

  std::int64_t size() const { return static_cast<std::int64_t>(listing_.files.size()); }  ///< files, in listing's order
  const FolderListing& listing() const { return listing_; }                               ///< what is read

  /// Decodes files [begin, end).
  void read(const Cpu& on, std::int64_t begin, std::int64_t end);

  /// (N, H, W, C): what was decoded; of no meaning where reason() says why not.
  TensorView<std::uint8_t> pixels() { return pixels_.view(); }
  /// Why a file cannot be read; empty: it has been, or will be.
  std::string& reason(std::int64_t i) { return reasons_[static_cast<std::size_t>(i)]; }

  /// Of all files, which have been read. Throws as image_folder().
  Pictures pictures() &&;

 private:
  std::filesystem::path path_;
  ImageFolderOptions options_;
  FolderListing listing_;
  Tensor<std::uint8_t> pixels_;
  std::vector<std::string> reasons_;
};

}  // namespace brindle::data::internal

#ifndef BRINDLE_COMPILED
#include "brindle/data/image_folder_inl.hpp"
#endif
