// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/ops/padding.hpp"

namespace brindle {

/// Rows [begin, end) of a picture.
struct RowRange {
  std::int64_t begin = 0;  ///< the first one
  std::int64_t end = 0;    ///< behind the last one

  std::int64_t size() const { return end - begin; }  ///< how many there are
};

/// Of which rows of x a layer makes one row of y, where no others count: `size` rows from row r stride - zeros.top on.
struct RowWindow {
  std::int64_t size = 1;    ///< rows of x, >= 1
  std::int64_t stride = 1;  ///< step from one row of y to the next, >= 1
  Border zeros;             ///< around the whole of x; what of it no window reaches may be left out

  /// The rows of x, of which there are `height`, that rows of y see.
  RowRange seen(const RowRange& y, std::int64_t height) const {
    return {std::max<std::int64_t>(y.begin * stride - zeros.top, 0),
            std::clamp<std::int64_t>((y.end - 1) * stride - zeros.top + size, 0, height)};
  }
  /// The zeros around those.
  Border around(const RowRange& y, std::int64_t height) const {
    return {std::max<std::int64_t>(zeros.top - y.begin * stride, 0),
            std::max<std::int64_t>((y.end - 1) * stride - zeros.top + size - height, 0), zeros.left, zeros.right};
  }
};

}  // namespace brindle
