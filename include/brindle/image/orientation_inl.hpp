// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what orientation.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "brindle/core/inline.hpp"
#include "brindle/image/orientation.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/webp.hpp"

namespace brindle::image::internal {

/// Tag 0x0112 of TIFF's first directory, as EXIF has it: 1 to 8, or 1 where there is none or it makes no sense.
BRINDLE_INLINE int tiff_orientation(std::span<const std::uint8_t> tiff) {
  if (tiff.size() < 8) return 1;
  const bool little = tiff[0] == 'I' && tiff[1] == 'I', big = tiff[0] == 'M' && tiff[1] == 'M';
  if (!little && !big) return 1;
  const auto number = [&](std::size_t at, std::size_t bytes) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | tiff[at + (little ? bytes - 1 - i : i)];
    return value;
  };
  const std::size_t directory = number(4, 4);
  if (number(2, 2) != 42 || directory > tiff.size() - 2) return 1;
  const std::size_t entries = number(directory, 2);
  for (std::size_t i = 0, at = directory + 2; i < entries && at + 12 <= tiff.size(); ++i, at += 12) {
    constexpr std::size_t orientation_tag = 0x0112, short_type = 3;
    if (number(at, 2) != orientation_tag) continue;
    if (number(at + 2, 2) != short_type || number(at + 4, 4) != 1) return 1;
    const std::size_t value = number(at + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

/// The number `bytes` bytes from `at` on, the most significant byte first.
BRINDLE_INLINE std::size_t big_endian_number(std::span<const std::uint8_t> from, std::size_t at, std::size_t bytes) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | from[at + i];
  return value;
}

}  // namespace brindle::image::internal

namespace brindle::image {

BRINDLE_INLINE int exif_orientation(std::span<const std::uint8_t> file) {
  using internal::big_endian_number;
  if (file.size() > 8 && std::memcmp(file.data(), "\x89PNG\r\n\x1a\n", 8) == 0) {
    for (std::size_t at = 8; at + 12 <= file.size();) {
      const std::size_t length = big_endian_number(file, at, 4);
      if (length > file.size() - at - 12) return 1;
      if (std::memcmp(file.data() + at + 4, "eXIf", 4) == 0)
        return internal::tiff_orientation(file.subspan(at + 8, length));
      at += 12 + length;
    }
    return 1;
  }
  if (file.size() >= 12 && std::memcmp(file.data(), "RIFF", 4) == 0 && std::memcmp(file.data() + 8, "WEBP", 4) == 0) {
    const auto exif = internal::webp_chunk(file, "EXIF");
    if (!exif) return 1;
    std::span<const std::uint8_t> tiff = file.subspan(exif->at, exif->bytes);
    // Some writers put JPEG's words in front.
    if (tiff.size() >= 6 && std::memcmp(tiff.data(), "Exif\0\0", 6) == 0) tiff = tiff.subspan(6);
    return internal::tiff_orientation(tiff);
  }
  if (file.size() < 4 || file[0] != 0xff || file[1] != 0xd8) return 1;
  for (std::size_t at = 2; at + 4 <= file.size() && file[at] == 0xff;) {
    const std::uint8_t marker = file[at + 1];
    if (marker == 0xff) {  // a byte that fills up
      ++at;
      continue;
    }
    const std::size_t length = big_endian_number(file, at + 2, 2);
    if (marker == 0xda || marker == 0xd9 || length < 2 || length > file.size() - at - 2) return 1;
    if (marker == 0xe1 && length >= 8 && std::memcmp(file.data() + at + 4, "Exif\0\0", 6) == 0)
      return internal::tiff_orientation(file.subspan(at + 10, length - 8));
    at += 2 + length;
  }
  return 1;
}

BRINDLE_INLINE Picture upright(const Picture& picture, int orientation) {
  internal::check_picture(picture, "upright");
  if (orientation < 2 || orientation > 8) return picture;
  const bool turned = orientation >= 5;
  const std::int64_t height = turned ? picture.width : picture.height;
  const std::int64_t width = turned ? picture.height : picture.width;
  Picture out(height, width, picture.channels);
  // Where row 0 and column 0 of the stored picture are seen, by orientation: EXIF's table.
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  for (std::int64_t row = 0; row < height; ++row)
    for (std::int64_t column = 0; column < width; ++column) {
      const std::int64_t r = from_bottom ? height - 1 - row : row, c = from_right ? width - 1 - column : column;
      std::copy_n(turned ? picture.at(c, r) : picture.at(r, c), picture.channels, out.at(row, column));
    }
  return out;
}

}  // namespace brindle::image
