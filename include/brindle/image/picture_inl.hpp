// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what picture.hpp declares.
#include <cstddef>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/image/picture.hpp"

namespace brindle::image {

BRINDLE_INLINE Picture::Picture(std::int64_t height_, std::int64_t width_, std::int64_t channels_)
    : height(height_),
      width(width_),
      channels(channels_),
      pixels(static_cast<std::size_t>(Shape{height_, width_, channels_}.size())) {}

BRINDLE_INLINE std::uint8_t* Picture::at(std::int64_t row, std::int64_t column) {
  BRINDLE_ASSERT(row >= 0 && row < height && column >= 0 && column < width, "pixel outside the picture");
  return pixels.data() + (row * width + column) * channels;
}

BRINDLE_INLINE const std::uint8_t* Picture::at(std::int64_t row, std::int64_t column) const {
  BRINDLE_ASSERT(row >= 0 && row < height && column >= 0 && column < width, "pixel outside the picture");
  return pixels.data() + (row * width + column) * channels;
}

}  // namespace brindle::image

namespace brindle::image::internal {

BRINDLE_INLINE void check_picture(const Picture& picture, const char* who) {
  if (picture.height < 1 || picture.width < 1 || picture.channels < 1)
    detail::raise<ShapeError>(std::string(who) + ": expected a picture of at least one pixel, got " +
                              to_string(picture.shape()));
  if (static_cast<std::int64_t>(picture.pixels.size()) != picture.shape().size())
    detail::raise<ShapeError>(std::string(who) + ": the picture is " + to_string(picture.shape()) + " but has " +
                              std::to_string(picture.pixels.size()) + " values");
}

}  // namespace brindle::image::internal
