// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

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
inline std::string to_string(PictureOp op) {
  constexpr const char* names[] = {"shear_x",    "shear_y",  "translate_x",  "translate_y", "rotate",
                                   "brightness", "contrast", "saturation",   "hue",         "sharpness",
                                   "posterize",  "solarize", "autocontrast", "equalize"};
  return names[static_cast<std::size_t>(op)];
}

}  // namespace brindle
