// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/tensor.hpp"
#include "brindle/image/picture_op.hpp"

namespace brindle::image {

/// Changes a picture in place.
///
///     picture (H, W, C), 0..255, C 1 or 3
///
/// What comes from outside is 0, positions take the nearest pixel, levels are cut to whole ones. Of one channel
/// saturation and hue change nothing. Throws ShapeError for other shapes.
void apply_op(PictureOp op, double amount, TensorView<std::uint8_t> picture);

}  // namespace brindle::image

#ifndef BRINDLE_COMPILED
#include "brindle/image/apply_op_inl.hpp"
#endif
