// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/shape.hpp"
#include "brindle/image/decoder.hpp"
#include "brindle/image/interpolation.hpp"
#include "brindle/image/preprocessing.hpp"

namespace brindle {

/// The channels that a network sees: Keras's color_mode.
enum class ColorMode {
  rgb,        ///< three channels; grey pictures get the same level in all
  grayscale,  ///< one channel: (19595 R + 38470 G + 7471 B) / 2^16, Pillow's L
};

/// What happens to a picture whose proportions are not those of the wanted size.
enum class AspectRatio {
  stretch,  ///< it is stretched: Keras load_img's default
  crop,     ///< what is too long is cut off on both sides: load_img(keep_aspect_ratio=True)
  pad,      ///< black is added on both sides: image_dataset_from_directory(pad_to_aspect_ratio=True)
};

/// What a rotation that the camera noted in the file (EXIF) means.
enum class Orientation {
  as_stored,  ///< nothing, as in Keras
  exif,       ///< the picture is turned upright first
};

/// How a picture becomes what a network takes, from the file to the numbers: the data source says it, the trainer
/// compares it, the saved model keeps it, and whatever classifies does the same.
///
///     file  ->  decoder  ->  orientation  ->  color_mode  ->  aspect_ratio, size, interpolation  ->  preprocessing
struct PictureInput {
  Size2 size = {0, 0};                                                 ///< rows and columns, >= 1
  image::Interpolation interpolation = image::Interpolation::nearest;  ///< of resizing; Keras's default
  AspectRatio aspect_ratio = AspectRatio::stretch;                     ///< how the picture is fitted into size
  ColorMode color_mode = ColorMode::rgb;                               ///< channels
  Orientation orientation = Orientation::as_stored;                    ///< whether EXIF turns the picture
  Preprocessing preprocessing = Preprocessing::unit_rgb;               ///< what makes the network's numbers of levels
  Decoder decoder = Decoder::stb;                                      ///< of files

  std::int64_t channels() const { return color_mode == ColorMode::grayscale ? 1 : 3; }  ///< of the network's input
  Shape shape() const { return {size.h, size.w, channels()}; }                          ///< of one sample, (H, W, C)

  friend bool operator==(const PictureInput&, const PictureInput&) = default;  ///< the same numbers of every picture
};

/// As saved models name them.
/// @{
inline std::string to_string(ColorMode m) { return m == ColorMode::rgb ? "rgb" : "grayscale"; }
std::string to_string(AspectRatio a);
inline std::string to_string(Orientation o) { return o == Orientation::as_stored ? "as_stored" : "exif"; }
/// @}

namespace detail {

/// What the description says, setting by setting, exact.
struct NamedSetting {
  const char* name;
  std::string value;
};
std::vector<NamedSetting> settings_of(const PictureInput& p);

}  // namespace detail

/// "size (150, 150), interpolation nearest, aspect_ratio stretch, ...", exact: equal texts, equal descriptions.
std::string to_string(const PictureInput& p);

namespace detail {

/// What differs: "interpolation bilinear instead of nearest, ..."; empty for equal ones.
std::string differences(const PictureInput& got, const PictureInput& expected);

}  // namespace detail

namespace image {

/// Throws ValueError for a description without a meaning; `who` is named.
void check_picture_input(const std::string& who, const PictureInput& input);

}  // namespace image
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/image/picture_input_inl.hpp"
#endif
