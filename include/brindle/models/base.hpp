// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/shape.hpp"

namespace brindle::models::detail {

/// Throws ShapeError unless the input is pictures (H, W, C) of at least 32x32, ValueError for a top of no classes. who:
/// the function that makes the base.
void check_base(const std::string& who, const Shape& input, std::int64_t classes);

/// filters alpha, cut down to a whole number, of a network that is alpha times as wide as the paper's. Throws
/// ValueError unless alpha is above 0 and leaves a filter.
std::int64_t scaled_filters(const std::string& who, std::int64_t filters, double alpha);

}  // namespace brindle::models::detail

#ifndef BRINDLE_COMPILED
#include "brindle/models/base_inl.hpp"
#endif
