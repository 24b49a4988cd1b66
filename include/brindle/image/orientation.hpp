// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "brindle/image/picture.hpp"

namespace brindle::image {

/// How a camera was held, as EXIF has it in a JPEG's APP1 segment or a PNG's eXIf chunk: 1 (upright) to 8; 1 where the
/// file does not say.
///
/// Source: EXIF 2.32, tag Orientation; what is damaged counts as upright, as in Pillow's ImageOps.exif_transpose.
int exif_orientation(std::span<const std::uint8_t> file);

/// The picture turned and mirrored as an EXIF orientation asks, so that it stands upright.
///
///     picture (H, W, C), orientation 1 to 8  ->  (H, W, C), or (W, H, C) from 5 on
///
/// Throws ShapeError for an empty picture.
Picture upright(const Picture& picture, int orientation);

}  // namespace brindle::image

#ifndef BRINDLE_COMPILED
#include "brindle/image/orientation_inl.hpp"
#endif
