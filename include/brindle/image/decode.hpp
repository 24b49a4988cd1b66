// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>

#include "brindle/core/shape.hpp"
#include "brindle/image/decoder.hpp"
#include "brindle/image/picture.hpp"

namespace brindle::image {

struct DecodeOptions {
  std::int64_t most_pixels = std::int64_t{1} << 28;   ///< height times width; checked before memory is taken, <= 2^28
  std::uint64_t most_bytes = std::uint64_t{1} << 30;  ///< of the file, < 2^31
};

/// A picture from the bytes of a JPEG, PNG, BMP, GIF or WebP file: RGB (H, W, 3), whatever it is stored as.
///
/// Grey, palette, CMYK and YCCK become RGB, 16 bits become 8, alpha is dropped and not blended, a stored rotation
/// (EXIF) is ignored, of a GIF the first frame is taken: as Keras load_img does. WebP needs libwebp, the CMake target
/// brindle::webp, and one with several frames is refused. The file's contents decide, not
/// its name. Throws FileError that begins with `name` if it is empty, broken, cut short, larger than allowed, claims
/// more pixels than its bytes can fill, or is of another kind; a PNG also if a checksum is not that of its bytes.
Picture decode(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options = {});

/// The same from a file; see above.
Picture decode(const std::filesystem::path& path, const DecodeOptions& options = {});

}  // namespace brindle::image

namespace brindle::image::internal {

/// How the bytes of a file begin, by its well-known signatures.
std::string kind_of_file(std::span<const std::uint8_t> bytes);

/// As decode(), a JPEG by this decoder. least: the size that must be left where it decodes in a reduced size; {0, 0}:
/// it does not.
Picture decode_by(Decoder decoder, std::span<const std::uint8_t> bytes, const std::string& name,
                  const DecodeOptions& options, const Size2& least);

}  // namespace brindle::image::internal

#ifndef BRINDLE_COMPILED
#include "brindle/image/decode_inl.hpp"
#endif
