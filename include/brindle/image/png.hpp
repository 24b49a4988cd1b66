// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/crc32.hpp"
#include "brindle/image/picture_file.hpp"

namespace brindle::image::internal {

/// Bytes of a PNG's rows before they are compressed, with the byte before each row that names its filter.
inline std::uint64_t png_raw_bytes(std::uint64_t width, std::uint64_t height, std::uint64_t pixel_bits,
                                   bool interlaced) {
  const auto pass = [&](std::uint64_t w, std::uint64_t h) {
    return w == 0 || h == 0 ? 0 : h * (1 + (w * pixel_bits + 7) / 8);
  };
  if (!interlaced) return pass(width, height);
  std::uint64_t bytes = 0;  // Adam7: the first column and row of each pass, and its steps
  for (const auto& [x, y, dx, dy] : std::array<std::array<std::uint64_t, 4>, 7>{
           {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}})
    bytes += pass((width + dx - 1 - x) / dx, (height + dy - 1 - y) / dy);
  return bytes;
}

/// What stb_image does not look at: the checksum of each chunk that must be read, and of all before the pixels, as
/// Pillow does; and whether the data can fill the picture. Throws FileError. A file that is cut short is left to stb.
///
/// Returns the bytes that stb is to read instead, if any: it reads memory of its own where a pixel names a colour that
/// the palette lacks, so such palettes are made longer, by black, as Pillow has it.
inline std::vector<std::uint8_t> check_png(const PictureFile& file) {
  const auto begins = [&](std::size_t at, const char* type) {
    return std::equal(type, type + 4, file.bytes.begin() + static_cast<std::ptrdiff_t>(at));
  };
  if (file.has(8, 16) && begins(12, "IHDR")) file.check_size(file.big4(16), file.big4(20));
  std::uint64_t compressed = 0;  // bytes in IDAT
  std::size_t palette_at = 0, palette_bytes = 0, at = 8;
  bool ended = false;
  for (; !ended && file.has(at, 12) && file.has(at + 12, file.big4(at)); at += 12 + file.big4(at)) {
    const std::size_t length = file.big4(at), type = at + 4;
    if (begins(type, "CgBI")) file.rare("Apple's changes of the format (chunk \"CgBI\")");
    const bool critical = (file.bytes[type] & 0x20u) == 0;
    if ((critical || compressed == 0) &&
        detail::crc32_of(file.bytes.subspan(type, 4 + length)) != file.big4(at + 8 + length))
      file.broken("its chunk \"" +
                  std::string(file.bytes.begin() + static_cast<std::ptrdiff_t>(type),
                              file.bytes.begin() + static_cast<std::ptrdiff_t>(type + 4)) +
                  "\" at byte " + std::to_string(at) + " does not have its checksum");
    if (begins(type, "IDAT")) compressed += length;
    if (begins(type, "PLTE") && compressed == 0) palette_at = at, palette_bytes = length;
    ended = begins(type, "IEND");
  }
  if (!ended && file.has(at, 8) && begins(at + 4, "IEND") && file.big4(at) != 0)
    file.broken("its chunk \"IEND\" at byte " + std::to_string(at) + " has a length");
  if (!ended || !file.has(8, 25) || !begins(12, "IHDR")) return {};
  const std::int64_t width = file.big4(16), height = file.big4(20);
  const std::uint32_t depth = file.bytes[24], kind = file.bytes[25];
  constexpr std::uint32_t channels[] = {1, 1, 3, 1, 2, 1, 4};
  if (kind > 6 || depth > 16) return {};  // stb says so
  // Deflate writes at most 258 bytes by the two bits of one length and one distance.
  constexpr std::uint64_t most = 258 * 8 / 2;
  const std::uint64_t frame = 6;  // zlib's header and checksum
  file.check_filled(width, height, compressed > frame ? (compressed - frame) * most + most : most,
                    png_raw_bytes(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height),
                                  std::uint64_t{depth} * channels[kind], file.bytes[28] != 0),
                    "bytes");

  const std::size_t colours = std::size_t{1} << std::min(depth, 8u);
  if (kind != 3 || palette_at == 0 || palette_bytes % 3 != 0 || palette_bytes >= 3 * colours) return {};
  const auto end = file.bytes.begin() + static_cast<std::ptrdiff_t>(palette_at + 8 + palette_bytes);
  std::vector<std::uint8_t> longer(file.bytes.begin(), end);
  longer[palette_at + 2] = static_cast<std::uint8_t>(3 * colours >> 8);
  longer[palette_at + 3] = static_cast<std::uint8_t>(3 * colours & 0xffu);
  longer.resize(palette_at + 8 + 3 * colours);
  longer.insert(longer.end(), end, file.bytes.end());
  return longer;
}

}  // namespace brindle::image::internal
