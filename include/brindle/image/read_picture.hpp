// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "brindle/core/shape.hpp"
#include "brindle/image/decode.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/image/picture_input.hpp"
#include "brindle/image/resize.hpp"

namespace brindle::image {

/// The picture with the channels of a colour mode, from one of 1 (grey), 3 (RGB) or 4 (RGBA, of which A is dropped).
/// Throws ShapeError for another number of channels.
Picture with_color_mode(const Picture& picture, ColorMode mode);

namespace internal {

/// The middle of the picture with the proportions of `size`. Keras: utils/image_utils.py, load_img.
Box middle(const Picture& p, const Size2& size);

/// The picture in the middle of a black one with the proportions of `size`.
Picture padded(const Picture& p, const Size2& size);

/// The bytes of a file as a picture of its own size or, where the decoder can, reduced to no less than `least`, turned
/// as the description says. `least`: rows and columns behind the turn.
Picture decode_upright(std::span<const std::uint8_t> bytes, const std::string& name, const PictureInput& input,
                       const DecodeOptions& options, Size2 least);

}  // namespace internal

/// A decoded picture of any size as levels of the network's size and channels, before the preprocessing.
///
///     picture (H, W, 1, 3 or 4), 0..255  ->  (input.size.h, input.size.w, input.channels())
///
/// Throws ShapeError for an empty picture or one of other channels, ValueError for one so thin that `pad` would make
/// more than 2^28 pixels of it.
Picture fit(const Picture& picture, const PictureInput& input);

/// What the network sees of a picture, in the picture's own resolution and channels: without what `crop` cuts off, with
/// the black that `pad` adds. What is laid over a photo, as report::grad_cam()'s map, is laid over this.
///
///     picture (H, W, C), any size  ->  (h, w, C) with about the proportions of input.size; stretch: as it is
///
/// Throws ShapeError for an empty picture.
Picture seen(const Picture& picture, const PictureInput& input);

/// The bytes of a file as a picture of its own size, turned as the description says. Throws FileError that begins with
/// `name`, as decode().
Picture read_upright(std::span<const std::uint8_t> bytes, const std::string& name, const PictureInput& input,
                     const DecodeOptions& options = {});

/// The same from a file.
Picture read_upright(const std::filesystem::path& path, const PictureInput& input, const DecodeOptions& options = {});

/// The bytes of a file as levels of the network's size and channels. Throws FileError that begins with `name`, as
/// decode().
Picture read_picture(std::span<const std::uint8_t> bytes, const std::string& name, const PictureInput& input,
                     const DecodeOptions& options = {});

/// The same from a file.
Picture read_picture(const std::filesystem::path& path, const PictureInput& input, const DecodeOptions& options = {});

}  // namespace brindle::image

#ifndef BRINDLE_COMPILED
#include "brindle/image/read_picture_inl.hpp"
#endif
