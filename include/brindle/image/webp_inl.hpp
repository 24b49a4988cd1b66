// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what webp.hpp declares.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/picture_file.hpp"
#include "brindle/image/webp.hpp"

// Defined by the CMake target brindle::webp, for all units of a program or for none: it changes what functions do, not
// what a class contains. In the compiled form that of the library counts, and no other unit sees this file.
#ifdef BRINDLE_WEBP
#include <webp/decode.h>
#endif

namespace brindle::image::internal {

BRINDLE_INLINE std::optional<RiffChunk> webp_chunk(std::span<const std::uint8_t> file, const char* name) {
  // "RIFF", a length, "WEBP", then chunks of a name, a length and so many bytes, and one more where that is odd.
  for (std::size_t at = 12; at + 8 <= file.size();) {
    std::size_t bytes = 0;
    for (std::size_t i = 4; i-- > 0;) bytes = bytes << 8 | file[at + 4 + i];
    if (bytes > file.size() - at - 8) return std::nullopt;
    if (std::memcmp(file.data() + at, name, 4) == 0) return RiffChunk{at + 8, bytes};
    at += 8 + bytes + bytes % 2;
  }
  return std::nullopt;
}

BRINDLE_INLINE Picture read_webp(const PictureFile& file) {
#ifdef BRINDLE_WEBP
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config))
    detail::raise<Error>(file.name + ": the libwebp that was found is not the one that brindle was compiled with");
  const auto check = [&](VP8StatusCode status) {
    if (status == VP8_STATUS_OK) return;
    if (status == VP8_STATUS_NOT_ENOUGH_DATA || status == VP8_STATUS_SUSPENDED) file.cut_short();
    if (status == VP8_STATUS_UNSUPPORTED_FEATURE) file.rare("a feature that libwebp does not read");
    if (status == VP8_STATUS_OUT_OF_MEMORY) detail::raise<Error>(file.name + ": libwebp ran out of memory");
    file.broken("libwebp cannot read its bits");
  };
  check(WebPGetFeatures(file.bytes.data(), file.bytes.size(), &config.input));
  const std::int64_t width = config.input.width, height = config.input.height;
  file.check_size(width, height);
  if (config.input.has_animation) file.rare("several frames");
  // A picture of one colour takes a few bytes whatever its size, so the format has no bound of its own.
  file.check_filled(width, height, 4'000'000 + 16384 * std::uint64_t{file.bytes.size()},
                    static_cast<std::uint64_t>(width * height), "pixels");
  Picture picture(height, width, 3);
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = picture.pixels.data();
  config.output.u.RGBA.stride = static_cast<int>(3 * width);
  config.output.u.RGBA.size = picture.pixels.size();
  const VP8StatusCode status = WebPDecode(file.bytes.data(), file.bytes.size(), &config);
  WebPFreeDecBuffer(&config.output);
  check(status);
  return picture;
#else
  detail::raise<FileError>(file.name +
                           ": is a WebP, and brindle was compiled without libwebp, which reads them; install " +
                           "it (Debian: apt-get install libwebp-dev) and link brindle::webp, which defines "
                           "BRINDLE_WEBP; or convert the picture");
#endif
}

}  // namespace brindle::image::internal
