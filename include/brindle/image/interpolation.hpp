// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace brindle::image {

/// Where the new pixels of a picture come from.
enum class Interpolation {
  nearest,   ///< the pixel whose square holds the centre of the new one: Keras load_img's default
  bilinear,  ///< weighted by distance, over a wider area when shrinking (antialiased), as Pillow's BILINEAR
};

/// As saved models name it.
inline std::string to_string(Interpolation i) { return i == Interpolation::nearest ? "nearest" : "bilinear"; }

}  // namespace brindle::image
