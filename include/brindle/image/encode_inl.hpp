// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what encode.hpp declares.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/image/encode.hpp"
#include "brindle/image/picture.hpp"

#if __has_include(<stb/stb_image_write.h>) || __has_include(<stb_image_write.h>)
#define BRINDLE_HAS_STB_IMAGE_WRITE 1
#else
#define BRINDLE_HAS_STB_IMAGE_WRITE 0
#endif

#if BRINDLE_HAS_STB_IMAGE_WRITE

// What stb_image_write.h includes, so that nothing of it lands in the namespace below.
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// As in decode.hpp: a static copy in a namespace, which leaves no macro.
#pragma push_macro("STB_IMAGE_WRITE_IMPLEMENTATION")
#pragma push_macro("STB_IMAGE_WRITE_STATIC")
#pragma push_macro("INCLUDE_STB_IMAGE_WRITE_H")
#pragma push_macro("STBIWDEF")
#pragma push_macro("STBI_WRITE_NO_STDIO")
#undef STB_IMAGE_WRITE_IMPLEMENTATION
#undef STB_IMAGE_WRITE_STATIC
#undef INCLUDE_STB_IMAGE_WRITE_H
#undef STBIWDEF
#undef STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO

#include "brindle/image/stb_begin.inc"
namespace brindle::image::internal::stb {
#if __has_include(<stb/stb_image_write.h>)
#include <stb/stb_image_write.h>
#else
#include <stb_image_write.h>
#endif
}  // namespace brindle::image::internal::stb
#include "brindle/image/stb_end.inc"

#pragma pop_macro("STB_IMAGE_WRITE_IMPLEMENTATION")
#pragma pop_macro("STB_IMAGE_WRITE_STATIC")
#pragma pop_macro("INCLUDE_STB_IMAGE_WRITE_H")
#pragma pop_macro("STBIWDEF")
#pragma pop_macro("STBI_WRITE_NO_STDIO")

#endif  // BRINDLE_HAS_STB_IMAGE_WRITE

namespace brindle::image::internal {

/// Throws unless the picture can be written: 1, 3 or 4 channels (JPEG: 1 or 3), sizes that the formats can hold.
BRINDLE_INLINE void check_encode(const Picture& picture, const char* who, std::int64_t largest_side, bool alpha) {
  check_picture(picture, who);
  if (picture.channels != 1 && picture.channels != 3 && !(alpha && picture.channels == 4))
    detail::raise<ShapeError>(std::string(who) + ": expected 1 or 3 channels" + (alpha ? " or 4" : "") + ", got " +
                              to_string(picture.shape()));
  if (picture.height > largest_side || picture.width > largest_side ||
      picture.shape().size() > std::numeric_limits<int>::max() / 4)
    detail::raise<ShapeError>(std::string(who) + ": " + to_string(picture.shape()) + " is too large; sides go to " +
                              std::to_string(largest_side));
}

[[noreturn]] inline void raise_no_encoder(const char* who) {
  detail::raise<Error>(std::string(who) + ": brindle was compiled without stb_image_write and cannot write " +
                       "pictures; install it (Debian: apt-get install libstb-dev) or put stb_image_write.h on "
                       "the include path, then compile again");
}

BRINDLE_INLINE void append_bytes(void* to, void* data, int size) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

}  // namespace brindle::image::internal

namespace brindle::image {

BRINDLE_INLINE std::string encode_png(const Picture& picture) {
  internal::check_encode(picture, "encode_png", 1 << 24, true);
#if BRINDLE_HAS_STB_IMAGE_WRITE
  std::string bytes;
  if (!internal::stb::stbi_write_png_to_func(&internal::append_bytes, &bytes, static_cast<int>(picture.width),
                                             static_cast<int>(picture.height), static_cast<int>(picture.channels),
                                             picture.pixels.data(), 0))
    detail::raise<Error>("encode_png: out of memory for " + to_string(picture.shape()));
  return bytes;
#else
  internal::raise_no_encoder("encode_png");
#endif
}

BRINDLE_INLINE std::string encode_jpeg(const Picture& picture, int quality) {
  internal::check_encode(picture, "encode_jpeg", 65535, false);
  if (quality < 1 || quality > 100)
    detail::raise<ValueError>("encode_jpeg: quality is " + std::to_string(quality) + ", expected 1 to 100");
#if BRINDLE_HAS_STB_IMAGE_WRITE
  std::string bytes;
  if (!internal::stb::stbi_write_jpg_to_func(&internal::append_bytes, &bytes, static_cast<int>(picture.width),
                                             static_cast<int>(picture.height), static_cast<int>(picture.channels),
                                             picture.pixels.data(), quality))
    detail::raise<Error>("encode_jpeg: out of memory for " + to_string(picture.shape()));
  return bytes;
#else
  internal::raise_no_encoder("encode_jpeg");
#endif
}

BRINDLE_INLINE void write_png(const std::filesystem::path& path, const Picture& picture) {
  replace_file(path, encode_png(picture));
}

BRINDLE_INLINE void write_jpeg(const std::filesystem::path& path, const Picture& picture, int quality) {
  replace_file(path, encode_jpeg(picture, quality));
}

}  // namespace brindle::image
