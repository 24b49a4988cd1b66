// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "brindle/image/picture.hpp"

namespace brindle::image {

/// The bytes of a PNG file.
///
///     picture (H, W, 1), (H, W, 3) or (H, W, 4)
///
/// Throws ShapeError for an empty picture, other channels or a picture too large for the encoder, Error where brindle
/// was compiled without stb_image_write.
std::string encode_png(const Picture& picture);

/// The bytes of a JPEG file.
///
///     picture (H, W, 1) or (H, W, 3)
///
/// quality: 1 (small) to 100 (faithful); above 90 colour is kept at full resolution. Throws as encode_png(), and
/// ValueError for another quality.
std::string encode_jpeg(const Picture& picture, int quality = 90);

/// Writes a PNG file, whole or not at all. Throws FileError that begins with the path, and what encode_png() throws.
void write_png(const std::filesystem::path& path, const Picture& picture);

/// Writes a JPEG file, whole or not at all. Throws FileError that begins with the path, and what encode_jpeg() throws.
void write_jpeg(const std::filesystem::path& path, const Picture& picture, int quality = 90);

}  // namespace brindle::image

#ifndef BRINDLE_COMPILED
#include "brindle/image/encode_inl.hpp"
#endif
