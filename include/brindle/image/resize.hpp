// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "brindle/core/shape.hpp"
#include "brindle/image/interpolation.hpp"
#include "brindle/image/picture.hpp"

namespace brindle::image {

/// A part of a picture, in pixels from its top left corner.
struct Box {
  std::int64_t top = 0;     ///< first row
  std::int64_t left = 0;    ///< first column
  std::int64_t height = 0;  ///< rows, >= 1
  std::int64_t width = 0;   ///< columns, >= 1
};

namespace internal {

/// Positions [begin, begin + size) of an axis of `whole`.
struct Interval {
  std::int64_t begin = 0, size = 0, whole = 0;
};

/// Which old positions make up each new one, and how much each counts, as whole numbers that add up to about 2^22.
struct ResizeWeights {
  static constexpr int precision = 32 - 8 - 2;  ///< bits after the point; 8 bits of pixel and 2 to spare fill an int

  std::vector<std::int64_t> first;   ///< (out): the first old position
  std::vector<std::int64_t> count;   ///< (out): how many
  std::vector<std::int32_t> weight;  ///< (out, most)
  std::int64_t most = 0;

  /// Old positions beside the interval count as well, where there are any: Pillow's resize with a box.
  ResizeWeights(const Interval& in, std::int64_t out);
};

inline constexpr std::int32_t half_level = 1 << (ResizeWeights::precision - 1);

}  // namespace internal

/// A part of the picture in another size: Pillow's resize(size, resample, box).
///
///     picture (H, W, C)  ->  (size.h, size.w, C)
///
/// Throws ShapeError for an empty picture, a box that is not inside it or a size below 1.
Picture resize(const Picture& picture, const Size2& size, Interpolation interpolation, const Box& box);

/// The picture in another size, without keeping its proportions: the pixels of Keras load_img(target_size=(h, w)).
///
///     picture (H, W, C)  ->  (size.h, size.w, C)
///
/// Throws ShapeError for an empty picture or a size below 1.
Picture resize(const Picture& picture, const Size2& size, Interpolation interpolation = Interpolation::nearest);

}  // namespace brindle::image

namespace brindle::image::internal {

/// The picture with its proportions, bilinear, at most `side` rows and columns; a smaller one as it is.
Picture at_most(const Picture& picture, std::int64_t side);

/// For each of `out` new positions the old one, of `in`: floor((i + 0.5) * in / out) as Pillow computes it, adding up
/// steps in double. Where the exact value is a whole number its sum can fall just below (one row less in 9 of 100 pairs
/// of sizes).
std::vector<std::int64_t> nearest_positions(const Interval& in, std::int64_t out);

}  // namespace brindle::image::internal

#ifndef BRINDLE_COMPILED
#include "brindle/image/resize_inl.hpp"
#endif
