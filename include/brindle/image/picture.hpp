#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
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
  Picture(std::int64_t height_, std::int64_t width_, std::int64_t channels_)
      : height(height_),
        width(width_),
        channels(channels_),
        pixels(static_cast<std::size_t>(Shape{height_, width_, channels_}.size())) {}

  /// (H, W, C).
  Shape shape() const { return Shape{height, width, channels}; }

  /// The levels of one pixel, `channels` of them.
  /// @{
  std::uint8_t* at(std::int64_t row, std::int64_t column) {
    BRINDLE_ASSERT(row >= 0 && row < height && column >= 0 && column < width, "pixel outside the picture");
    return pixels.data() + (row * width + column) * channels;
  }
  const std::uint8_t* at(std::int64_t row, std::int64_t column) const {
    BRINDLE_ASSERT(row >= 0 && row < height && column >= 0 && column < width, "pixel outside the picture");
    return pixels.data() + (row * width + column) * channels;
  }

  /// @}
  friend bool operator==(const Picture&, const Picture&) = default;  ///< the same size and levels
};

namespace internal {

/// Throws ShapeError unless the sizes are positive and agree with the number of pixels.
inline void check_picture(const Picture& picture, const char* who) {
  if (picture.height < 1 || picture.width < 1 || picture.channels < 1)
    detail::raise<ShapeError>(std::string(who) + ": expected a picture of at least one pixel, got " +
                              to_string(picture.shape()));
  if (static_cast<std::int64_t>(picture.pixels.size()) != picture.shape().size())
    detail::raise<ShapeError>(std::string(who) + ": the picture is " + to_string(picture.shape()) + " but has " +
                              std::to_string(picture.pixels.size()) + " values");
}

}  // namespace internal
}  // namespace brindle::image
