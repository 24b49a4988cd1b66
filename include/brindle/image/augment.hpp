// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "brindle/core/random.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/affine.hpp"
#include "brindle/image/augment_settings.hpp"

namespace brindle {

/// "rotation 50, zoom 0.7 to 1.3, flip_horizontal": the settings that change something, exact; "none".
std::string to_string(const Augment& a);

/// "theta 12.5, tx -4, ty 3.25, shear 0.1, zx 0.9, zy 1.2, flip_horizontal"; "unchanged".
std::string to_string(const AugmentDraw& d);

namespace image {

/// Throws ValueError for settings that have no meaning.
void check_augment(const Augment& a);

/// The parameters for use `index` of a picture of some size. The same for the same (random, index), on any device.
AugmentDraw draw(const Augment& a, const Size2& size, const Random& random, std::uint64_t index);

/// The warp of a draw with its flips, from output to input.
///
/// With x before y, the matrix is R(theta) T(tx, ty) S(shear) Z(zx, zy) about a centre; x is the column, and the centre
/// (width, height) / 2 - 0.5. In Keras 3 the centre is (height, width) / 2 - 0.5 in this order, so that a picture that
/// is not square turns beside its middle, and tx, drawn from the height, moves columns; in 2018 x was the row, and the
/// centre size / 2 + 0.5.
Affine affine(const Augment& augment, const AugmentDraw& d, const Size2& size);

/// What a draw makes of a picture, each level then standardised.
///
///     picture (H, W, C), 0..255  ->  out (H, W, C)
///
/// Throws ShapeError for sizes that differ, and for steps of pictures whose C is neither 1 nor 3.
template <class T>
void apply(const Augment& augment, const AugmentDraw& d, TensorView<const std::uint8_t> picture,
           std::type_identity_t<TensorView<T>> out, const Standardize& to);

}  // namespace image
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/image/augment_inl.hpp"
#endif
