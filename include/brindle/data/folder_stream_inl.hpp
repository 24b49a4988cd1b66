// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what folder_stream.hpp declares.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/function_ref.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/folder_stream.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/data/picture_source.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/image/read_picture.hpp"
#include "brindle/image/reduced_copy.hpp"
#include "brindle/image/turbojpeg.hpp"

namespace brindle::data {

BRINDLE_INLINE FolderStream::FolderStream(const std::filesystem::path& path, const ImageFolderOptions& options,
                                          const Cpu& on)
    : options_(options) {
  image::check_picture_input("FolderStream", options.picture_input());
  image::internal::check_decoder("FolderStream", options.decoder);
  if (!options.cache.empty()) image::internal::make_copies_folder("FolderStream", options.cache);
  internal::FolderListing listing = internal::list_image_folder(path, options.classes);
  if (options.on_bad_file == BadFile::raise && options.classes.empty()) internal::check_empty_classes(path, listing);
  class_names_ = std::move(listing.class_names);
  skipped_ = std::move(listing.skipped);
  std::vector<SkippedFile> bad;
  if (options.on_bad_file == BadFile::skip) bad = check_image_folder(path, options, on);
  std::size_t next_bad = 0;
  for (std::size_t i = 0; i < listing.files.size(); ++i) {
    std::string file = listing.files[i].string();
    if (next_bad < bad.size() && bad[next_bad].path == file) {
      skipped_.push_back(bad[next_bad++]);
      continue;
    }
    files_.push_back(std::move(file));
    classes_.push_back(listing.classes[i]);
  }
  if (files_.empty())
    detail::raise<FileError>(path.string() + ": none of its " + std::to_string(bad.size()) +
                             " pictures can be read; the first is " + bad[0].path + ": " + bad[0].reason);
  const std::vector<std::int64_t> counts = class_counts();
  if (options.classes.empty() && std::find(counts.begin(), counts.end(), 0) != counts.end())
    detail::raise<DataError>(path.string() + ": after " + std::to_string(bad.size()) +
                             " pictures that cannot be read were skipped, a class has none left; repair them");
  std::sort(skipped_.begin(), skipped_.end(),
            [](const SkippedFile& a, const SkippedFile& b) { return a.path < b.path; });
  labels_ = Tensor<float>(Shape{size(), 1});
  for (std::int64_t i = 0; i < size(); ++i) labels_[i] = static_cast<float>(classes_[static_cast<std::size_t>(i)]);
}

BRINDLE_INLINE void FolderStream::with_pixels(std::int64_t row, FunctionRef<void(const std::uint8_t*)> use) const {
  const std::filesystem::path file = files_[static_cast<std::size_t>(row)];
  const image::Picture picture = internal::read_picture(file, options_);
  use(picture.pixels.data());
}

BRINDLE_INLINE std::string FolderStream::fingerprint(const Cpu& on) const {
  Checksum sum;
  for (const std::string& file : files_) {
    std::error_code ignored;
    sum.add(std::to_string(std::filesystem::file_size(file, ignored)) + "\n");
  }
  return PictureSource::fingerprint(on) + sum.text();
}

BRINDLE_INLINE std::vector<std::int64_t> FolderStream::class_counts() const {
  std::vector<std::int64_t> counts(class_names_.size());
  for (const std::int64_t c : classes_) ++counts[static_cast<std::size_t>(c)];
  return counts;
}

}  // namespace brindle::data
