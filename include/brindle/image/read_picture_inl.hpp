// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what read_picture.hpp declares.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/image/decode.hpp"
#include "brindle/image/orientation.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/image/read_picture.hpp"
#include "brindle/image/resize.hpp"

namespace brindle::image {

BRINDLE_INLINE Picture with_color_mode(const Picture& picture, ColorMode mode) {
  internal::check_picture(picture, "with_color_mode");
  const std::int64_t from = picture.channels, to = mode == ColorMode::grayscale ? 1 : 3;
  if (from != 1 && from != 3 && from != 4)
    detail::raise<ShapeError>("expected a picture of 1, 3 or 4 channels, got " + to_string(picture.shape()));
  if (from == to) return picture;
  Picture out(picture.height, picture.width, to);
  const std::uint8_t* in = picture.pixels.data();
  for (std::uint8_t* level = out.pixels.data(); level != out.pixels.data() + out.pixels.size(); level += to, in += from)
    if (to == 1)
      *level = static_cast<std::uint8_t>((in[0] * 19595 + in[1] * 38470 + in[2] * 7471 + 0x8000) >> 16);
    else
      for (std::int64_t c = 0; c < 3; ++c) level[c] = in[from == 1 ? 0 : c];
  return out;
}

}  // namespace brindle::image

namespace brindle::image::internal {

BRINDLE_INLINE Box middle(const Picture& p, const Size2& size) {
  const std::int64_t height = std::min(p.height, std::max<std::int64_t>(p.width * size.h / size.w, 1));
  const std::int64_t width = std::min(p.width, std::max<std::int64_t>(p.height * size.w / size.h, 1));
  return {(p.height - height) / 2, (p.width - width) / 2, height, width};
}

/// Of the picture with black around it, in the proportions of `size`.
inline Size2 padded_size(const Picture& p, const Size2& size) {
  return {std::max(p.height, p.width * size.h / size.w), std::max(p.width, p.height * size.w / size.h)};
}

/// Throws E, beginning with `who`, for a picture so thin that it would take more than `most` pixels with black around
/// it.
template <class E>
void expect_room(const std::string& who, const Picture& p, const Size2& size, std::int64_t most) {
  const auto [height, width] = padded_size(p, size);
  if (height > most / std::max<std::int64_t>(width, 1))
    brindle::detail::raise<E>(who + ": a picture of " + std::to_string(p.height) + "x" + std::to_string(p.width) +
                              " (height x width) takes " + std::to_string(height) + "x" + std::to_string(width) +
                              " with black around it, more than the " + std::to_string(most) +
                              " pixels that a picture may have; crop or stretch it (aspect_ratio)");
}

BRINDLE_INLINE Picture padded(const Picture& p, const Size2& size) {
  expect_room<ValueError>("pad", p, size, DecodeOptions{}.most_pixels);
  const auto [height, width] = padded_size(p, size);
  if (height == p.height && width == p.width) return p;
  Picture out(height, width, p.channels);
  const std::int64_t top = (height - p.height) / 2, left = (width - p.width) / 2;
  for (std::int64_t row = 0; row < p.height; ++row)
    std::copy_n(p.at(row, 0), p.width * p.channels, out.at(top + row, left));
  return out;
}

BRINDLE_INLINE Picture decode_upright(std::span<const std::uint8_t> bytes, const std::string& name,
                                      const PictureInput& input, const DecodeOptions& options, Size2 least) {
  const int turned = input.orientation == Orientation::exif ? exif_orientation(bytes) : 1;
  if (turned > 4) std::swap(least.h, least.w);  // rows and columns change places
  Picture picture = decode_by(input.decoder, bytes, name, options, least);
  return turned == 1 ? picture : upright(picture, turned);
}

}  // namespace brindle::image::internal

namespace brindle::image {

BRINDLE_INLINE Picture fit(const Picture& picture, const PictureInput& input) {
  const bool same = picture.channels == input.channels();
  const Picture converted = same ? Picture() : with_color_mode(picture, input.color_mode);
  const Picture& from = same ? picture : converted;
  switch (input.aspect_ratio) {
    case AspectRatio::crop:
      return resize(from, input.size, input.interpolation, internal::middle(from, input.size));
    case AspectRatio::pad:
      internal::check_picture(from, "fit");
      return resize(internal::padded(from, input.size), input.size, input.interpolation);
    case AspectRatio::stretch:
      break;
  }
  return resize(from, input.size, input.interpolation);
}

BRINDLE_INLINE Picture seen(const Picture& picture, const PictureInput& input) {
  internal::check_picture(picture, "seen");
  if (input.aspect_ratio == AspectRatio::stretch) return picture;
  if (input.aspect_ratio == AspectRatio::pad) return internal::padded(picture, input.size);
  const Box box = internal::middle(picture, input.size);
  Picture out(box.height, box.width, picture.channels);
  for (std::int64_t row = 0; row < box.height; ++row)
    std::copy_n(picture.at(box.top + row, box.left), box.width * picture.channels, out.at(row, 0));
  return out;
}

BRINDLE_INLINE Picture read_upright(std::span<const std::uint8_t> bytes, const std::string& name,
                                    const PictureInput& input, const DecodeOptions& options) {
  return internal::decode_upright(bytes, name, input, options, {0, 0});
}

BRINDLE_INLINE Picture read_upright(const std::filesystem::path& path, const PictureInput& input,
                                    const DecodeOptions& options) {
  return read_upright(read_file(path, options.most_bytes), path.string(), input, options);
}

BRINDLE_INLINE Picture read_picture(std::span<const std::uint8_t> bytes, const std::string& name,
                                    const PictureInput& input, const DecodeOptions& options) {
  const Picture picture = internal::decode_upright(bytes, name, input, options, input.size);
  if (input.aspect_ratio == AspectRatio::pad)
    internal::expect_room<FileError>(name, picture, input.size, options.most_pixels);
  return fit(picture, input);
}

BRINDLE_INLINE Picture read_picture(const std::filesystem::path& path, const PictureInput& input,
                                    const DecodeOptions& options) {
  return read_picture(read_file(path, options.most_bytes), path.string(), input, options);
}

}  // namespace brindle::image
