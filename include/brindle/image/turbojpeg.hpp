// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "brindle/core/shape.hpp"
#include "brindle/image/decoder.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/picture_file.hpp"

namespace brindle::image::internal {

/// By how much a picture of h rows and w columns may be reduced so that at least `least` is left: 1, 2, 4 or 8.
/// Pillow's rule (JpegImagePlugin.draft). A size of 0: 1.
inline std::int64_t jpeg_reduction(std::int64_t h, std::int64_t w, const Size2& least) {
  if (least.h < 1 || least.w < 1) return 1;
  for (const std::int64_t by : {8, 4, 2})
    if (h >= by * least.h && w >= by * least.w) return by;
  return 1;
}

/// Throws ValueError, beginning with who, for a decoder that brindle was compiled without.
void check_decoder(const std::string& who, Decoder decoder);

/// RGB of a JPEG by libjpeg-turbo where brindle was compiled with it (BRINDLE_TURBOJPEG); else the error names the
/// package. least: the size that must be left when it is decoded in a reduced size, {0, 0}: it is not. None for CMYK
/// and YCCK, which libjpeg-turbo does not make RGB of: stb_image decodes these.
std::optional<Picture> read_by_turbojpeg(const PictureFile& file, const Size2& least);

}  // namespace brindle::image::internal

#ifndef BRINDLE_COMPILED
#include "brindle/image/turbojpeg_inl.hpp"
#endif
