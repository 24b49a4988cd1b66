// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what decode.hpp declares.
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
#include "brindle/core/inline.hpp"
#include "brindle/image/bmp.hpp"
#include "brindle/image/byte_reader.hpp"
#include "brindle/image/decode.hpp"
#include "brindle/image/gif.hpp"
#include "brindle/image/jpeg.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/picture_file.hpp"
#include "brindle/image/png.hpp"
#include "brindle/image/stb.hpp"
#include "brindle/image/turbojpeg.hpp"
#include "brindle/image/webp.hpp"

namespace brindle::image::internal {

BRINDLE_INLINE std::string kind_of_file(std::span<const std::uint8_t> bytes) {
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

#if BRINDLE_HAS_STB_IMAGE
/// RGB by stb_image, from the file's bytes or those that stand for them.
BRINDLE_INLINE Picture decode_by_stb(const PictureFile& file, std::span<const std::uint8_t> bytes) {
  stb::stbi_io_callbacks callbacks;
  callbacks.read = [](void* from, char* to, int count) { return static_cast<ByteReader*>(from)->read(to, count); };
  callbacks.skip = [](void* from, int count) { static_cast<ByteReader*>(from)->skip(count); };
  callbacks.eof = [](void* from) {
    const auto* reader = static_cast<ByteReader*>(from);
    return reader->position == reader->bytes.size() ? 1 : 0;
  };

  int width = 0, height = 0, stored = 0;
  const auto fail = [&](const ByteReader& at, bool header) {
    const char* given = stb::brindle_stbi_failure_reason();
    const std::string reason = given ? given : "no reason given";
    if (at.past_end || reason == "outofdata") file.cut_short();
    if (reason == "outofmem" && !header)
      file.broken("it needs more memory than a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                  " pixels");
    if (header)
      detail::raise<FileError>(file.name + ": the header of the " + file.kind +
                               " is broken, or its picture of a rare kind; convert it or delete it");
    detail::raise<FileError>(file.name + ": the " + file.kind + " is broken near byte " + std::to_string(at.position) +
                             " (" + reason + "); fetch it again or delete it");
  };

  ByteReader header{bytes};
  largest_block() = std::size_t{1} << 20;
  if (!stb::brindle_stbi_info_from_callbacks(&callbacks, &header, &width, &height, &stored) || width < 1 || height < 1)
    fail(header, true);
  file.check_size(width, height);

  // 16 bytes a pixel (8 of them, and buffers that grow by doubling), a JPEG's blocks past the edges, the file's own.
  largest_block() =
      16 * static_cast<std::size_t>(width + 64) * static_cast<std::size_t>(height + 64) + 2 * bytes.size();
  ByteReader reader{bytes};
  std::uint8_t* pixels = stb::brindle_stbi_load_from_callbacks(&callbacks, &reader, &width, &height, &stored, 3);
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
}
#endif

BRINDLE_INLINE Picture decode_by(Decoder decoder, std::span<const std::uint8_t> bytes, const std::string& name,
                                 const DecodeOptions& options, const Size2& least) {
  using detail::raise;
  if (bytes.empty()) raise<FileError>(name + ": is empty (0 bytes); delete it or fetch it again");
  if (options.most_pixels < 1 || options.most_pixels > std::int64_t{1} << 28)
    raise<ValueError>("decode: most_pixels is " + std::to_string(options.most_pixels) + ", expected 1 to 2^28");
  const std::string kind = kind_of_file(bytes);
  const bool known = kind == "JPEG" || kind == "PNG" || kind == "BMP" || kind == "GIF" || kind == "WebP";
  if (!known)
    raise<FileError>(name + ": is no picture that can be read: expected JPEG, PNG, BMP, GIF or WebP, got " +
                     (kind.empty() ? std::string("something else") : kind) + "; convert or remove it");
  const PictureFile file{bytes, name, kind.c_str(), options.most_pixels};
  if (kind == "WebP") return read_webp(file);
  if (kind == "JPEG" && decoder != Decoder::stb) {
    const JpegSegments segments(file);  // says what is wrong with the file
    const bool reduced = decoder == Decoder::libjpeg_turbo_reduced;
    if (std::optional<Picture> picture = read_by_turbojpeg(file, reduced ? least : Size2{0, 0}))
      return *std::move(picture);
  }
#if BRINDLE_HAS_STB_IMAGE
  if (kind == "GIF") return read_gif(file);
  if (kind == "BMP") return read_bmp(file);
  const std::vector<std::uint8_t> other = kind == "PNG" ? check_png(file) : JpegSegments(file).in_stb_words();
  return decode_by_stb(file, other.empty() ? bytes : std::span<const std::uint8_t>(other));
#else
  raise<Error>(name + ": brindle was compiled without stb_image and cannot decode pictures; install it (Debian: " +
               "apt-get install libstb-dev) or put stb_image.h on the include path, then compile again");
#endif
}

}  // namespace brindle::image::internal

namespace brindle::image {

BRINDLE_INLINE Picture decode(std::span<const std::uint8_t> bytes, const std::string& name,
                              const DecodeOptions& options) {
  return internal::decode_by(Decoder::stb, bytes, name, options, {0, 0});
}

BRINDLE_INLINE Picture decode(const std::filesystem::path& path, const DecodeOptions& options) {
  return decode(read_file(path, options.most_bytes), path.string(), options);
}

}  // namespace brindle::image
