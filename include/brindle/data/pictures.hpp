// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/picture_source.hpp"

namespace brindle::data {

/// A file that was not taken, and why.
struct SkippedFile {
  std::string path;      ///< as it was found
  std::string reason;    ///< in words
  bool harmless = true;  ///< no picture was lost: hidden files, Thumbs.db, notes; false: a picture or a class was
};

/// One line that says what was lost, for a program to print once: "left out: 2 pictures (a/1.jpg: is empty; ...)";
/// empty if nothing but harmless files was left out.
std::string lost_text(std::span<const SkippedFile> skipped);

/// Pictures in memory, a byte a channel, with the numbers of their classes.
class Pictures : public PictureSource {
 public:
  struct Parts {
    Tensor<std::uint8_t> pixels;                            ///< (N, H, W, C)
    std::vector<std::int64_t> classes;                      ///< (N): the number of each picture's class
    std::vector<std::string> class_names;                   ///< by number
    std::vector<std::string> files;                         ///< (N), or empty: what messages call each picture
    std::vector<SkippedFile> skipped;                       ///< files that were left out
    Preprocessing preprocessing = Preprocessing::unit_rgb;  ///< what read() makes of pixels
    /// How files became the pixels, with the same preprocessing; none: not known, and a model that was trained on them
    /// does not know how photos become its input.
    std::optional<PictureInput> input = {};
  };

  /// Throws ShapeError if there are no pictures or the sizes do not fit together, ValueError if the preprocessing needs
  /// other channels or `input` says another size or preprocessing, DataError if a picture's class has no name.
  explicit Pictures(Parts parts);

  std::int64_t size() const override { return parts_.pixels.shape()[0]; }
  Shape sample_shape() const override { return parts_.pixels.shape().sample(); }
  TensorView<const float> labels() const override { return labels_; }
  std::vector<std::string> class_names() const override { return parts_.class_names; }
  std::string describe(std::int64_t row) const override;

  /// (N, H, W, C), 0..255.
  TensorView<const std::uint8_t> pixels() const { return parts_.pixels; }

  /// Names of the pictures' files in their order; empty if they have none.
  const std::vector<std::string>& files() const { return parts_.files; }

  /// Files that were left out when the pictures were loaded, each with the reason.
  const std::vector<SkippedFile>& skipped() const { return parts_.skipped; }

  Preprocessing preprocessing() const override { return parts_.preprocessing; }
  std::optional<PictureInput> picture_input() const override { return parts_.input; }
  /// The pixels that are handed over stay where they are as long as this object.
  void with_pixels(std::int64_t row, FunctionRef<void(const std::uint8_t*)> use) const override;

  /// Of the names and of all pixels.
  std::string fingerprint(const Cpu&) const override;

  /// Pictures of each class, by its number.
  std::vector<std::int64_t> class_counts() const;

  /// Copies of the pictures `rows`, in that order, with all class names; skipped() of the copy is empty. Throws
  /// ValueError for a row that there is not, or none.
  Pictures subset(std::span<const std::int64_t> rows) const;

  /// Copies in two parts: of each class about `share` of its pictures, picked by the seed, in the second (to validate
  /// with), the rest in the first, at least one of each class; of a class of few pictures the second may get none. Both
  /// keep the order; skipped() of both is empty. Throws ValueError unless 0 < share < 1 and both parts get some.
  std::pair<Pictures, Pictures> split(double share, std::uint64_t seed) const;

 protected:
  std::string who() const override { return "data::Pictures"; }

 private:
  Parts parts_;
  Tensor<float> labels_;
};

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/pictures_inl.hpp"
#endif
