// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include "brindle/image/affine_map.hpp"
#include "brindle/image/picture_op.hpp"
#include "brindle/image/random_box.hpp"

namespace brindle {

/// Factors from low to high; one number z stands for 1 - z to 1 + z, as Keras has it.
struct Zoom {
  double low = 1;   ///< above 0
  double high = 1;  ///< >= low

  constexpr Zoom() = default;
  constexpr Zoom(double by) : low(1 - by), high(1 + by) {}               ///< 1 - by to 1 + by
  constexpr Zoom(double low_, double high_) : low(low_), high(high_) {}  ///< both given
};

/// Factors from low to high.
struct Brightness {
  double low = 1;   ///< >= 0
  double high = 1;  ///< >= low
};

/// Colours that change at random, each setting z by a factor from 1 - z (at least 0) to 1 + z, in a random order:
/// torchvision's ColorJitter.
struct ColorJitter {
  double brightness = 0;  ///< >= 0
  double contrast = 0;    ///< >= 0
  double saturation = 0;  ///< >= 0; of one channel none
  double hue = 0;         ///< up to so much of the circle to either side, 0 to 0.5; of one channel none
};

/// Changes of a whole picture, drawn from fourteen: torchvision's RandAugment (Cubuk et al., 2020), with nearest pixels
/// and black outside of the picture.
struct RandAugment {
  std::int64_t num_ops = 0;    ///< changes one after the other, 0 (none) to 4; 2 in the paper
  std::int64_t magnitude = 9;  ///< how strong each is, 0 to 30
};

/// A part of each picture that is made its value: torchvision's RandomErasing (Zhong et al., 2020).
struct RandomErasing {
  double probability = 0;                                                               ///< of a picture, 0 to 1
  BoxRange box = {.least = 0.02, .most = 0.33, .least_ratio = 0.3, .most_ratio = 3.3};  ///< the part
  double value = 0;  ///< what the network gets there, after the preprocessing
};

/// How pictures are changed at random each time they are used: Keras's ImageDataGenerator.
///
///     Augment{.rotation = 50, .width_shift = 0.2, .height_shift = 0.2, .shear = 0.2, .zoom = 0.3, .flip_horizontal =
///     true}
///
/// Turned about the middle, moved, sheared and zoomed in one warp (bilinear), then the shift of levels, the flips, the
/// brightness: as Keras 3 does, but for its columns and rows. There (keras3) width_shift moves rows and height_shift
/// columns, and a picture that is not square turns beside its middle; square ones with equal shifts are the same.
/// 2018's Keras (keras2) turned the other way and about another point, and stretched levels to 255 before it changed
/// brightness.
///
/// What torchvision has comes around these: color_jitter and rand_augment change the bytes first; resized_crop
/// (torchvision's RandomResizedCrop, which has 0.08 to 1 of the area) is what the warp then turns, moves and zooms;
/// random_erasing is last. Meaning: keras/src/legacy/preprocessing/image.py (Keras 3), keras_preprocessing/image.py
/// (1.0.5).
struct Augment {
  double rotation = 0;           ///< up to so many degrees to either side
  double width_shift = 0;        ///< to the left or right by up to this share of the width; from 1 on, pixels
  double height_shift = 0;       ///< up or down by up to this share of the height; from 1 on, pixels
  double shear = 0;              ///< up to so many degrees to either side (0.2 does next to nothing)
  Zoom zoom = {};                ///< columns and rows independently; a factor above 1 shows more: things become smaller
  bool flip_horizontal = false;  ///< left and right change places, with probability 1/2
  bool flip_vertical = false;    ///< top and bottom change places, with probability 1/2
  Brightness brightness = {};    ///< levels times a factor, cut to whole ones of 0..255
  double channel_shift = 0;      ///< up to so many levels added, within the picture's own range
  ColorJitter color_jitter = {};  ///< before the warp, like rand_augment, which comes after it
  RandAugment rand_augment = {};  ///< as strong as the literature has it, with one number to choose
  /// A part that is made as large as the picture; of least 1: the whole.
  BoxRange resized_crop = {.least_ratio = 3.0 / 4, .most_ratio = 4.0 / 3};
  RandomErasing random_erasing = {};  ///< at last
  Fill fill = Fill::nearest;          ///< what is outside of the picture
  double cval = 0;                    ///< the level of Fill::constant
  bool keras2 = false;                ///< as in 2018
  bool keras3 = false;                ///< as in Keras 3, whose shifts and centre have rows and columns swapped
};

/// A change of a whole picture with its amount.
struct PictureStep {
  PictureOp op = PictureOp::brightness;  ///< which
  double amount = 1;                     ///< by how much

  friend bool operator==(const PictureStep&, const PictureStep&) = default;  ///< the same change
};

/// One draw of the parameters, for one use of one picture: what was done to it, to be printed, kept and done again.
struct AugmentDraw {
  double theta = 0;  ///< degrees
  double tx = 0;     ///< pixels along x, the columns; see image::affine for what x is in Keras
  double ty = 0;     ///< pixels along y, the rows
  double shear = 0;  ///< degrees
  /// Factors along x and y.
  /// @{
  double zx = 1, zy = 1;
  /// @}
  bool flip_horizontal = false;           ///< left and right changed places
  bool flip_vertical = false;             ///< top and bottom did
  double brightness = 1;                  ///< factor
  double channel_shift = 0;               ///< levels
  std::array<PictureStep, 8> steps = {};  ///< on the bytes, before all else
  std::int64_t step_count = 0;            ///< how many of them there are
  PixelBox crop = {};                     ///< the part that is warped; of no height: the whole
  PixelBox erased = {};                   ///< the part that is erased; of no height: none

  friend bool operator==(const AugmentDraw&, const AugmentDraw&) = default;  ///< the same change
};

}  // namespace brindle
