// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "brindle/image/picture.hpp"
#include "brindle/image/picture_file.hpp"

namespace brindle::image::internal {

/// One colour of a pixel of 16 or 32 bits: where its bits stand.
struct BmpMask {
  std::uint32_t bits = 0;

  std::uint8_t level(std::uint32_t pixel) const {
    const int shift = std::countr_zero(bits);
    return static_cast<std::uint8_t>(std::uint64_t{(pixel & bits) >> shift} * 255u / (bits >> shift));
  }
};

/// What a BMP's headers say.
struct BmpHeader {
  std::int64_t width = 0, height = 0;                      ///< height > 0
  bool from_top = false;                                   ///< the first row in the file is the upper one
  std::uint32_t bits = 0;                                  ///< of a pixel
  std::size_t row_bytes = 0;                               ///< whole bytes, without what fills them up to 4
  std::size_t pixels_at = 0;                               ///< in the file
  std::array<BmpMask, 3> masks{};                          ///< red, green, blue, with 16 and 32 bits
  std::array<std::array<std::uint8_t, 3>, 256> colours{};  ///< with 1, 4 and 8 bits; those that are missing are black
};

/// Headers of 12 (OS/2), 40, 52, 56, 64 (OS/2), 108 and 124 bytes. Throws FileError; the picture's size is checked.
inline BmpHeader read_bmp_header(const PictureFile& file) {
  BmpHeader header;
  if (!file.has(0, 18)) file.cut_short();
  const std::size_t size = file.little4(14);
  constexpr std::size_t known[] = {12, 40, 52, 56, 64, 108, 124};
  if (std::find(std::begin(known), std::end(known), size) == std::end(known))
    file.rare("a header of " + std::to_string(size) + " bytes");
  if (!file.has(14, size)) file.cut_short();
  std::uint32_t compression = 0, colours = 0;
  if (size == 12) {
    header.width = file.little2(18);
    header.height = file.little2(20);
    header.bits = file.little2(24);
  } else {
    header.width = static_cast<std::int32_t>(file.little4(18));
    header.height = static_cast<std::int32_t>(file.little4(22));
    header.bits = file.little2(28);
    compression = file.little4(30);
    colours = file.little4(46);
  }
  header.from_top = header.height < 0;
  if (header.from_top) header.height = -header.height;
  file.check_size(header.width, header.height);
  const std::uint32_t bits = header.bits;
  if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32)
    file.rare(std::to_string(bits) + " bits a pixel");
  // With the header of OS/2, 3 and 4 mean other things.
  if (compression == 1 || compression == 2) file.rare("run-length encoding");
  const bool masked = compression == 3 && size != 64 && bits >= 16;
  if (compression != 0 && !masked) file.rare("compression " + std::to_string(compression));

  const bool wide = size != 12;
  std::size_t end = 14 + size;  // of the headers
  if (bits == 16) header.masks = {BmpMask{31u << 10}, {31u << 5}, {31u}};
  if (bits >= 24) header.masks = {BmpMask{0xffu << 16}, {0xffu << 8}, {0xffu}};
  if (masked) {  // the masks stand behind a header of 40 bytes and inside the longer ones, at the same place
    end = std::max<std::size_t>(end, 14 + 40 + 12);
    if (!file.has(0, end)) file.cut_short();
    const std::array<BmpMask, 3> masks = {BmpMask{file.little4(54)}, {file.little4(58)}, {file.little4(62)}};
    const bool none = masks[0].bits == 0 && masks[1].bits == 0 && masks[2].bits == 0;
    if (!(none && bits == 32)) header.masks = masks;
    for (const BmpMask& mask : header.masks) {
      const std::uint32_t low = mask.bits == 0 ? 0 : mask.bits >> std::countr_zero(mask.bits);
      const bool fits = bits == 32 || mask.bits >> (bits % 32) == 0;
      if (low == 0 || (low & (low + 1)) != 0 || !fits) file.broken("the masks of its colours are no rows of bits");
    }
    if (bits == 24 && (header.masks[0].bits != 0xff0000u || header.masks[2].bits != 0xffu))
      file.rare("other masks than usual with 24 bits a pixel");
  }
  header.pixels_at = file.little4(10);
  if (bits <= 8) {
    const std::size_t bytes = wide ? 4 : 3, most = std::size_t{1} << bits;
    if (colours == 0) colours = static_cast<std::uint32_t>(most);
    if (header.pixels_at == 0 || header.pixels_at == end) header.pixels_at = end + bytes * colours;
    const std::size_t room = header.pixels_at > end ? (header.pixels_at - end) / bytes : 0;
    const std::size_t count = std::min({most, std::size_t{colours}, room});
    if (!file.has(end, count * bytes)) file.cut_short();
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t c = 0; c < 3; ++c) header.colours[i][c] = file.bytes[end + i * bytes + 2 - c];
  }
  if (header.pixels_at == 0) header.pixels_at = end;
  if (header.pixels_at < end)
    file.broken("its pixels begin at byte " + std::to_string(header.pixels_at) + ", inside its header");
  header.row_bytes = (static_cast<std::size_t>(header.width) * bits + 7) / 8;
  return header;
}

/// A BMP that is not compressed, from below or from above: RGB, a fourth channel is dropped. Throws FileError, before
/// memory is taken if the file has fewer bytes than its pixels.
inline Picture read_bmp(const PictureFile& file) {
  const BmpHeader header = read_bmp_header(file);
  const std::size_t stride = (header.row_bytes + 3) / 4 * 4;
  const auto rows = static_cast<std::size_t>(header.height);
  if (!file.has(header.pixels_at, (rows - 1) * stride + header.row_bytes)) file.cut_short();
  Picture picture(header.height, header.width, 3);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint8_t* from = file.bytes.data() + header.pixels_at + row * stride;
    std::uint8_t* to = picture.at(static_cast<std::int64_t>(header.from_top ? row : rows - 1 - row), 0);
    if (header.bits <= 8) {
      const std::uint32_t bits = header.bits, a_byte = 8 / bits, mask = (1u << bits) - 1;
      for (std::uint32_t i = 0; i < header.width; ++i, to += 3) {
        const std::uint32_t shift = 8 - bits - i % a_byte * bits;
        std::copy_n(header.colours[from[i / a_byte] >> shift & mask].data(), 3, to);
      }
    } else if (header.bits == 24) {
      for (std::int64_t i = 0; i < header.width; ++i, from += 3, to += 3) {
        to[0] = from[2];
        to[1] = from[1];
        to[2] = from[0];
      }
    } else {
      const std::size_t bytes = header.bits / 8;
      for (std::int64_t i = 0; i < header.width; ++i, from += bytes, to += 3) {
        std::uint32_t pixel = from[0] | std::uint32_t{from[1]} << 8;
        if (bytes == 4) pixel |= std::uint32_t{from[2]} << 16 | std::uint32_t{from[3]} << 24;
        for (std::size_t c = 0; c < 3; ++c) to[c] = header.masks[c].level(pixel);
      }
    }
  }
  return picture;
}

}  // namespace brindle::image::internal
