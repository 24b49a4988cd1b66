#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/stb.hpp"

namespace brindle::image {

struct DecodeOptions {
  std::int64_t most_pixels = std::int64_t{1} << 28;   ///< height times width; checked before memory is taken, <= 2^28
  std::uint64_t most_bytes = std::uint64_t{1} << 30;  ///< of the file, < 2^31
};

namespace internal {

/// How the bytes of a file begin, by its well-known signatures.
inline std::string kind_of_file(std::span<const std::uint8_t> bytes) {
  const auto begins = [&](std::size_t at, const char* text, std::size_t length) {
    return bytes.size() >= at + length && std::memcmp(bytes.data() + at, text, length) == 0;
  };
  if (begins(0, "\xff\xd8\xff", 3)) return "JPEG";
  if (begins(0, "\x89PNG\r\n\x1a\n", 8)) return "PNG";
  if (begins(0, "GIF8", 4)) return "GIF";
  if (begins(0, "BM", 2)) return "BMP";
  if (begins(0, "RIFF", 4) && begins(8, "WEBP", 4)) return "WebP";
  if (begins(4, "ftyp", 4)) return "HEIC, AVIF or video";
  if (begins(0, "II*\0", 4) || begins(0, "MM\0*", 4)) return "TIFF";
  if (begins(0, "<", 1)) return "HTML, SVG or XML";
  return "";
}

inline std::int64_t big_endian(std::span<const std::uint8_t> bytes, std::size_t at) {
  std::int64_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | bytes[i];
  return value;
}

/// Whether every Huffman table of a JPEG has at most 256 codes. stb_image before 2.28 writes what is more beyond its
/// own array. Walks the segments as stb does, past the scans, to the end of the picture.
inline bool huffman_tables_fit(std::span<const std::uint8_t> bytes) {
  const std::size_t end = bytes.size();
  std::size_t at = 2;
  const auto length = [&] { return at + 2 <= end ? std::size_t{bytes[at]} << 8 | bytes[at + 1] : std::size_t{0}; };
  while (at < end) {
    if (bytes[at++] != 0xff) continue;
    while (at < end && bytes[at] == 0xff) ++at;
    if (at >= end) break;
    const std::uint8_t marker = bytes[at++];
    const bool restart = marker >= 0xd0 && marker <= 0xd7;
    if (marker == 0x00 || marker == 0x01 || marker == 0xd8 || restart) continue;
    if (marker == 0xd9) break;
    const std::size_t size = length();
    if (size < 2) break;  // stb stops here too
    if (marker != 0xc4) {
      at += size;
      continue;
    }
    at += 2;
    for (auto left = static_cast<std::int64_t>(size) - 2; left > 0;) {
      if (at + 17 > end) return true;  // cut short: found when it is decoded
      std::size_t codes = 0;
      for (std::size_t i = 1; i <= 16; ++i) codes += bytes[at + i];
      if (codes > 256) return false;
      at += 17 + codes;
      left -= 17 + static_cast<std::int64_t>(codes);
    }
  }
  return true;
}

}  // namespace internal

/// A picture from the bytes of a JPEG, PNG, BMP or GIF file: RGB (H, W, 3), whatever it is stored as.
///
/// Grey, palette, CMYK and YCCK become RGB, 16 bits become 8, alpha is dropped and not blended, a stored rotation
/// (EXIF) is ignored, of an animation the first frame is taken: as Keras load_img does. The file's contents decide, not
/// its name. Throws FileError that begins with `name` if it is empty, broken, cut short, larger than allowed or of
/// another kind.
inline Picture decode(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options = {}) {
  using detail::raise;
  if (bytes.empty()) raise<FileError>(name + ": is empty (0 bytes); delete it or fetch it again");
  if (options.most_pixels < 1 || options.most_pixels > std::int64_t{1} << 28)
    raise<ValueError>("decode: most_pixels is " + std::to_string(options.most_pixels) + ", expected 1 to 2^28");
#if BRINDLE_HAS_STB_IMAGE
  internal::stb::stbi_io_callbacks callbacks;
  callbacks.read = [](void* from, char* to, int count) {
    return static_cast<internal::ByteReader*>(from)->read(to, count);
  };
  callbacks.skip = [](void* from, int count) { static_cast<internal::ByteReader*>(from)->skip(count); };
  callbacks.eof = [](void* from) {
    const auto* reader = static_cast<internal::ByteReader*>(from);
    return reader->position == reader->bytes.size() ? 1 : 0;
  };

  const std::string kind = internal::kind_of_file(bytes);
  const bool known = kind == "JPEG" || kind == "PNG" || kind == "BMP" || kind == "GIF";
  if (!known)
    raise<FileError>(name + ": is no picture that can be read: expected JPEG, PNG, BMP or GIF, got " +
                     (kind.empty() ? std::string("something else") : kind) + "; convert or remove it");

  int width = 0, height = 0, stored = 0;
  const auto fail = [&](const internal::ByteReader& at, bool header) {
    const char* given = internal::stb::brindle_stbi_failure_reason();
    const std::string reason = given ? given : "no reason given";
    if (at.past_end || reason == "outofdata")
      raise<FileError>(name + ": the " + kind + " is cut short: it goes on after its end at byte " +
                       std::to_string(bytes.size()) + "; fetch it again or delete it");
    if (reason == "outofmem" && !header)
      raise<FileError>(name + ": the " + kind + " is broken: it needs more memory than a picture of " +
                       std::to_string(width) + " x " + std::to_string(height) +
                       " pixels; fetch it again or delete it");
    if (header)
      raise<FileError>(name + ": the header of the " + kind +
                       " is broken, or its picture of a rare kind; convert it or delete it");
    raise<FileError>(name + ": the " + kind + " is broken near byte " + std::to_string(at.position) + " (" + reason +
                     "); fetch it again or delete it");
  };

  if (kind == "JPEG" && !internal::huffman_tables_fit(bytes))
    raise<FileError>(name +
                     ": the JPEG is broken: a Huffman table has more than 256 codes; fetch it again or delete it");
  const auto check_size = [&](std::int64_t w, std::int64_t h) {
    if (w > 0 && h > options.most_pixels / w)
      raise<FileError>(name + ": is " + std::to_string(w) + " x " + std::to_string(h) +
                       " pixels, more than the limit of " + std::to_string(options.most_pixels) +
                       "; make it smaller or raise the limit");
  };
  // stb says of a PNG that is too large only that it is no picture.
  if (kind == "PNG" && bytes.size() >= 24 && bytes[12] == 'I')
    check_size(internal::big_endian(bytes, 16), internal::big_endian(bytes, 20));
  internal::ByteReader header{bytes};
  internal::largest_block() = std::size_t{1} << 20;
  if (!internal::stb::brindle_stbi_info_from_callbacks(&callbacks, &header, &width, &height, &stored) || width < 1 ||
      height < 1)
    fail(header, true);
  check_size(width, height);

  // 16 bytes a pixel (8 of them, and buffers that grow by doubling), a JPEG's blocks past the edges, the file's own.
  internal::largest_block() = 16 * static_cast<std::size_t>(width + 64) * static_cast<std::size_t>(height + 64) +
                              2 * bytes.size();
  internal::ByteReader reader{bytes};
  std::uint8_t* pixels =
      internal::stb::brindle_stbi_load_from_callbacks(&callbacks, &reader, &width, &height, &stored, 3);
  const bool whole = pixels != nullptr && !reader.past_end;
  Picture picture;
  if (whole) {
    picture.height = height;
    picture.width = width;
    picture.channels = 3;
    const std::size_t size = static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3;
    try {
      picture.pixels.assign(pixels, pixels + size);
    } catch (...) {
      std::free(pixels);
      throw;
    }
  }
  std::free(pixels);
  if (!whole) fail(reader, false);
  return picture;
#else
  raise<Error>(name + ": brindle was compiled without stb_image and cannot decode pictures; install it (Debian: " +
               "apt-get install libstb-dev) or put stb_image.h on the include path, then compile again");
#endif
}

/// The same from a file; see above.
inline Picture decode(const std::filesystem::path& path, const DecodeOptions& options = {}) {
  return decode(read_file(path, options.most_bytes), path.string(), options);
}

}  // namespace brindle::image
