// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/image/picture.hpp"

namespace brindle::image {

/// What can be measured of a photo without knowing what is on it.
struct PictureQuality {
  double brightness = 0;  ///< mean level, 0 (black) to 1 (white)
  double contrast = 0;    ///< standard deviation of the levels, 0 (one level) to 0.5
  double colour = 0;      ///< mean distance of a pixel's largest from its smallest channel, 0 (grey) to 1
  /// How much fine detail there is beside coarse: the standard deviation of the Laplacian of the levels over that of
  /// the picture at half the size. About 0.5 to 0.8 where something is in focus, whatever is on the photo, and below
  /// 0.4 where nothing is; 0 for a picture of one level, or of less than 8 rows or columns.
  double sharpness = 0;
};

/// Measured on a copy of at most 256 rows and columns, which is about what networks see.
///
///     picture (H, W, 1 or 3), 0..255
///
/// Throws ShapeError for an empty picture or one of other channels.
PictureQuality picture_quality(const Picture& picture);

}  // namespace brindle::image

#ifndef BRINDLE_COMPILED
#include "brindle/image/picture_quality_inl.hpp"
#endif
