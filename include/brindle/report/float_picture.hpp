// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/tensor.hpp"
#include "brindle/image/picture.hpp"

namespace brindle::report {

/// Values as a picture that can be seen: low becomes black, high white, what lies outside is cut off; what is no number
/// is black.
///
///     values (H, W), (H, W, 1) or (H, W, 3)  ->  (H, W, 1) or (H, W, 3)
///
/// Throws ShapeError for another shape, ValueError unless low is below high.
image::Picture float_picture(In<float, Cpu> values, double low = 0, double high = 1);

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/float_picture_inl.hpp"
#endif
