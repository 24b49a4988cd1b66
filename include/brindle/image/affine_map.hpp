// SPDX-License-Identifier: MIT
#pragma once

namespace brindle {

/// What a warp finds outside of the picture a b c d, as scipy.ndimage has it.
enum class Fill {
  nearest,   ///< a a a a | a b c d | d d d d
  constant,  ///< k k k k | a b c d | k k k k, without a blend at the border
  reflect,   ///< d c b a | a b c d | d c b a
  wrap,      ///< b c d | a b c d | b c d: the period is one pixel short of the picture, its last pixel covers the first
};

}  // namespace brindle

namespace brindle::image {

/// Where an output pixel comes from:
///
///     column of the input = xx column + xy row + x0
///     row of the input    = yx column + yy row + y0
///
/// with column and row those of the output, all counted from the middle of the pixel at the top left.
struct Affine {
  /// Of the formulas above; at first every pixel stays.
  /// @{
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;
  /// @}

  friend bool operator==(const Affine&, const Affine&) = default;  ///< the same six numbers
};

}  // namespace brindle::image
