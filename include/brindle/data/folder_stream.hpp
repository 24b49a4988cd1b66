// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/function_ref.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/data/picture_source.hpp"
#include "brindle/image/picture_input.hpp"

namespace brindle::data {

/// The pictures of a folder, read and decoded each time they are used: for folders that do not fit in memory.
///
/// Files, their order, classes and errors are those of image_folder(), and so are the samples. With BadFile::raise a
/// picture that cannot be decoded is an error when it is used (check_image_folder() finds it before); with
/// BadFile::skip all are decoded once to begin with.
class FolderStream : public PictureSource {
 public:
  /// Lists the folder's pictures, and classes as image_folder() does. Throws what it throws, but for pictures that
  /// cannot be decoded, see above.
  explicit FolderStream(const std::filesystem::path& path, const ImageFolderOptions& options = {},
                        const Cpu& on = Cpu());

  std::int64_t size() const override { return static_cast<std::int64_t>(files_.size()); }
  Shape sample_shape() const override { return options_.picture_input().shape(); }
  TensorView<const float> labels() const override { return labels_; }
  std::vector<std::string> class_names() const override { return class_names_; }
  std::string describe(std::int64_t row) const override { return files_[static_cast<std::size_t>(row)]; }
  Preprocessing preprocessing() const override { return options_.preprocessing; }
  std::optional<PictureInput> picture_input() const override { return options_.picture_input(); }

  /// Reads and decodes the file. Throws FileError, the path first.
  void with_pixels(std::int64_t row, FunctionRef<void(const std::uint8_t*)> use) const override;

  /// Of the names and sizes of all files and of 64 pictures.
  std::string fingerprint(const Cpu& on) const override;

  const std::vector<std::string>& files() const { return files_; }  ///< paths, by row
  /// What is no picture; with BadFile::skip, what cannot be decoded, too.
  const std::vector<SkippedFile>& skipped() const { return skipped_; }

  /// Pictures of each class, by its number.
  std::vector<std::int64_t> class_counts() const;

 protected:
  std::string who() const override { return "data::FolderStream"; }

 private:
  ImageFolderOptions options_;
  std::vector<std::string> files_, class_names_;
  std::vector<std::int64_t> classes_;
  std::vector<SkippedFile> skipped_;
  Tensor<float> labels_;
};

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/folder_stream_inl.hpp"
#endif
