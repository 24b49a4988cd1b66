// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what pixels.hpp declares.
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/pixels.hpp"

namespace brindle::image::internal {

BRINDLE_INLINE std::int64_t bytes_of(PixelFormat format) {
  if (format == PixelFormat::grayscale) return 1;
  return format == PixelFormat::rgb || format == PixelFormat::bgr ? 3 : 4;
}

}  // namespace brindle::image::internal

namespace brindle::image {

BRINDLE_INLINE Picture picture_of(const std::string& who, const Pixels& pixels) {
  constexpr std::int64_t most = std::int64_t{1} << 24, most_stride = std::int64_t{1} << 32;
  const std::int64_t depth = internal::bytes_of(pixels.format);
  if (pixels.height < 1 || pixels.width < 1 || pixels.height > most || pixels.width > most)
    detail::raise<ShapeError>(who + ": expected at least one pixel, and at most 2^24 rows and columns, got " +
                              std::to_string(pixels.height) + " x " + std::to_string(pixels.width));
  const std::int64_t row_bytes = pixels.width * depth, stride = pixels.stride ? pixels.stride : row_bytes;
  if (stride < row_bytes || stride > most_stride)
    detail::raise<ShapeError>(who + ": expected a stride of at least the " + std::to_string(row_bytes) +
                              " bytes of a row of " + std::to_string(pixels.width) + " pixels, and at most 2^32, got " +
                              std::to_string(stride));
  // Rows without a gap leave no doubt about the number; with a stride the last row's gap may be missing or there.
  const std::int64_t needed = stride * (pixels.height - 1) + row_bytes;
  const auto got = static_cast<std::int64_t>(pixels.bytes.size());
  if (got < needed || (pixels.stride == 0 && got != needed))
    detail::raise<ShapeError>(who + ": expected " + std::to_string(needed) + " bytes for " +
                              std::to_string(pixels.height) + " x " + std::to_string(pixels.width) + " pixels of " +
                              std::to_string(depth) + " bytes, got " + std::to_string(got));
  const std::int64_t channels = depth == 1 ? 1 : 3;
  const bool swapped = pixels.format == PixelFormat::bgr || pixels.format == PixelFormat::bgra;
  Picture picture(pixels.height, pixels.width, channels);
  std::uint8_t* out = picture.pixels.data();
  for (std::int64_t row = 0; row < pixels.height; ++row) {
    const std::uint8_t* in = pixels.bytes.data() + row * stride;
    for (std::int64_t column = 0; column < pixels.width; ++column, in += depth)
      for (std::int64_t c = 0; c < channels; ++c) *out++ = in[swapped ? channels - 1 - c : c];
  }
  return picture;
}

}  // namespace brindle::image
