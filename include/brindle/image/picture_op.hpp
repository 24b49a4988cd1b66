// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"

namespace brindle {

/// A change of a whole picture by one amount, on its bytes; torchvision's (transforms/v2/functional, of uint8).
enum class PictureOp {
  shear_x,       ///< columns move by the amount times their row, counted from the top
  shear_y,       ///< rows move by the amount times their column, counted from the left
  translate_x,   ///< columns move to the right by the amount, whole pixels
  translate_y,   ///< rows move down by the amount, whole pixels
  rotate,        ///< degrees against the clock, about the middle
  brightness,    ///< levels times the amount
  contrast,      ///< distance from the mean of the grey picture times the amount
  saturation,    ///< distance from the grey picture times the amount
  hue,           ///< the amount, -0.5 to 0.5, added to the hue as a share of the circle
  sharpness,     ///< distance from a smoothed picture times the amount
  posterize,     ///< the amount's uppermost bits of each level
  solarize,      ///< levels from the amount on become 255 less them
  autocontrast,  ///< levels of each channel stretched to 0..255; no amount
  equalize       ///< levels of each channel as often as each other; no amount
};

/// "shear_x".
std::string to_string(PictureOp op);

namespace image {

/// Changes a picture in place.
///
///     picture (H, W, C), 0..255, C 1 or 3
///
/// What comes from outside is 0, positions take the nearest pixel, levels are cut to whole ones. Of one channel
/// saturation and hue change nothing. Throws ShapeError for other shapes.
void apply_op(PictureOp op, double amount, TensorView<std::uint8_t> picture);

}  // namespace image
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/image/picture_op_inl.hpp"
#endif
