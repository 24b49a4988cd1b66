// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "brindle/core/shape.hpp"

namespace brindle::image {

/// A picture in memory: rows from the top, columns from the left, channels last (RGB, or one channel of grey), 0..255.
struct Picture {
  std::int64_t height = 0;           ///< rows
  std::int64_t width = 0;            ///< columns
  std::int64_t channels = 0;         ///< of a pixel
  std::vector<std::uint8_t> pixels;  ///< (height, width, channels)

  Picture() = default;

  /// A black picture. Throws ShapeError for a negative size.
  Picture(std::int64_t height_, std::int64_t width_, std::int64_t channels_);

  /// (H, W, C).
  Shape shape() const { return Shape{height, width, channels}; }

  /// The levels of one pixel, `channels` of them. Whether the pixel is there only BRINDLE_ASSERT checks.
  /// @{
  std::uint8_t* at(std::int64_t row, std::int64_t column);
  const std::uint8_t* at(std::int64_t row, std::int64_t column) const;

  /// @}
  friend bool operator==(const Picture&, const Picture&) = default;  ///< the same size and levels
};

namespace internal {

/// Throws ShapeError unless the sizes are positive and agree with the number of pixels.
void check_picture(const Picture& picture, const char* who);

}  // namespace internal
}  // namespace brindle::image

#ifndef BRINDLE_COMPILED
#include "brindle/image/picture_inl.hpp"
#endif
