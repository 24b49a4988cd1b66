// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what base.hpp declares.
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/models/base.hpp"

namespace brindle::models::detail {

BRINDLE_INLINE void check_base(const std::string& who, const Shape& input, std::int64_t classes) {
  if (input.rank() != 3 || input[0] < 32 || input[1] < 32)
    brindle::detail::raise<ShapeError>(who + ": expected pictures (H, W, C) of at least 32x32, got " +
                                       to_string(input));
  if (classes < 1)
    brindle::detail::raise<ValueError>(who + ": classes must be at least 1, got " + std::to_string(classes));
}

BRINDLE_INLINE std::int64_t scaled_filters(const std::string& who, std::int64_t filters, double alpha) {
  if (!(alpha > 0 && alpha <= 100))
    brindle::detail::raise<ValueError>(who + ": alpha must be above 0 and at most 100, got " +
                                       brindle::detail::number_text(alpha));
  const auto scaled = static_cast<std::int64_t>(static_cast<double>(filters) * alpha);
  if (scaled < 1)
    brindle::detail::raise<ValueError>(who + ": alpha " + brindle::detail::number_text(alpha) + " leaves none of " +
                                       std::to_string(filters) + " filters; make it larger");
  return scaled;
}

}  // namespace brindle::models::detail
