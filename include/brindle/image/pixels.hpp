// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "brindle/image/picture.hpp"

namespace brindle::image {

/// The order of a pixel's bytes.
enum class PixelFormat {
  grayscale,  ///< one byte
  rgb,        ///< three, as decode() gives them
  bgr,        ///< three, as OpenCV has them
  rgba,       ///< four; A is dropped
  bgra,       ///< four, as Windows and Direct3D have them; A is dropped
};

namespace internal {

/// Bytes of a pixel, 1, 3 or 4.
std::int64_t bytes_of(PixelFormat format);

}  // namespace internal

/// A picture that lies in somebody else's memory: a camera's frame, a texture, another library's matrix.
///
///     const image::Pixels frame{.bytes = buffer, .height = 480, .width = 640, .format = image::PixelFormat::bgra,
///                               .stride = 2560};
struct Pixels {
  std::span<const std::uint8_t> bytes;    ///< row by row from the top, 0..255
  std::int64_t height = 0;                ///< rows, >= 1
  std::int64_t width = 0;                 ///< columns, >= 1
  PixelFormat format = PixelFormat::rgb;  ///< of each pixel
  std::int64_t stride = 0;                ///< bytes from one row's first to the next row's; 0: no gap between rows
};

/// A copy as decode() gives pictures: RGB, or grey of one channel. Throws ShapeError, beginning with `who`, if there
/// are not the bytes that height, width, format and stride ask for.
Picture picture_of(const std::string& who, const Pixels& pixels);

}  // namespace brindle::image

#ifndef BRINDLE_COMPILED
#include "brindle/image/pixels_inl.hpp"
#endif
