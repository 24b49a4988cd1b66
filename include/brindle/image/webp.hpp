// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "brindle/image/picture.hpp"
#include "brindle/image/picture_file.hpp"

namespace brindle::image::internal {

/// A part of a RIFF file: its first byte behind name and length, and its length, which the file has.
struct RiffChunk {
  std::size_t at = 0, bytes = 0;
};

/// The first chunk of this name in a WebP file, "EXIF"; none where there is none, or the file is cut short before it.
std::optional<RiffChunk> webp_chunk(std::span<const std::uint8_t> file, const char* name);

/// RGB of a WebP file, lossy or lossless, without its alpha, by libwebp where it was compiled with it (BRINDLE_WEBP);
/// else the error names the package. Throws FileError for an animation, too: convert it.
Picture read_webp(const PictureFile& file);

}  // namespace brindle::image::internal

#ifndef BRINDLE_COMPILED
#include "brindle/image/webp_inl.hpp"
#endif
