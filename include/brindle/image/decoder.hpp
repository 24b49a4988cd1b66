// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace brindle {

/// Who decodes JPEG: decoders differ by a few levels, so a model keeps the one of its training photos.
enum class Decoder {
  stb,            ///< stb_image, which is always there
  libjpeg_turbo,  ///< libjpeg-turbo, as Pillow and Keras, bit for bit, and faster; the CMake target brindle::turbojpeg
  /// The same, but a photo of at least twice, four or eight times the wanted size is decoded at a half, a quarter or an
  /// eighth, which phone photos take a fraction of the time for: Pillow's Image.draft().
  libjpeg_turbo_reduced,
};

/// As saved models name them.
inline std::string to_string(Decoder d) {
  return d == Decoder::stb ? "stb" : d == Decoder::libjpeg_turbo ? "libjpeg_turbo" : "libjpeg_turbo_reduced";
}

}  // namespace brindle
