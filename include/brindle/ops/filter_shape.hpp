// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"

namespace brindle::ops {

/// Sizes of the filters of a convolution: (KH, KW, CI, CO), CI those of one group.
struct FilterShape {
  std::int64_t kh = 0;  ///< rows
  std::int64_t kw = 0;  ///< columns
  std::int64_t ci = 0;  ///< input channels, of each group
  std::int64_t co = 0;  ///< output channels

  constexpr FilterShape() = default;
  /// Not checked.
  constexpr FilterShape(std::int64_t kh_, std::int64_t kw_, std::int64_t ci_, std::int64_t co_)
      : kh(kh_), kw(kw_), ci(ci_), co(co_) {}

  /// Throws ShapeError unless the shape has four sizes.
  constexpr FilterShape(const Shape& s) {
    if (s.rank() != 4) detail::raise<ShapeError>("expected filters (KH, KW, CI, CO), got " + to_string(s));
    kh = s[0], kw = s[1], ci = s[2], co = s[3];
  }

  constexpr operator Shape() const { return Shape{kh, kw, ci, co}; }                   ///< (kh, kw, ci, co)
  constexpr std::int64_t size() const { return kh * kw * ci * co; }                    ///< number of elements
  friend constexpr bool operator==(const FilterShape&, const FilterShape&) = default;  ///< same sizes
};

/// "(3, 3, 64, 128)".
inline std::string to_string(const FilterShape& s) { return to_string(Shape{s.kh, s.kw, s.ci, s.co}); }

}  // namespace brindle::ops
