// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what float_picture.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/report/float_picture.hpp"

namespace brindle::report {

BRINDLE_INLINE image::Picture float_picture(In<float, Cpu> values, double low, double high) {
  const Shape& s = values.shape;
  if ((s.rank() != 2 && s.rank() != 3) || s.size() < 1 || (s.rank() == 3 && s[2] != 1 && s[2] != 3))
    detail::raise<ShapeError>("float_picture: expected values (H, W), (H, W, 1) or (H, W, 3), got " + to_string(s));
  if (!(low < high)) detail::raise<ValueError>("float_picture: low must be below high");
  image::Picture picture(s[0], s[1], s.rank() == 3 ? s[2] : 1);
  for (std::int64_t i = 0; i < s.size(); ++i) {
    const double share = (static_cast<double>(values.data[i]) - low) / (high - low);
    picture.pixels[static_cast<std::size_t>(i)] =
        std::isnan(share) ? std::uint8_t{0} : static_cast<std::uint8_t>(std::clamp(share, 0.0, 1.0) * 255 + 0.5);
  }
  return picture;
}

}  // namespace brindle::report
