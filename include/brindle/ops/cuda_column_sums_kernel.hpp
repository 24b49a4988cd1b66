// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// Element i of sums (parts, columns): that of a column over its part of x (rows, columns), from first row to last.
template <class T>
struct ColumnSums {
  static constexpr std::int64_t most_rows = 64;  ///< of a part: few enough for many threads

  const T* x;
  const std::uint8_t* code;  ///< as x: 4 where the element does not count; null: all count
  T* sums;
  std::int64_t rows, columns;

  /// How many there are of so many rows.
  BRINDLE_HOST_DEVICE static std::int64_t parts(std::int64_t rows) { return (rows + most_rows - 1) / most_rows; }

  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t column = i % columns, first = i / columns * most_rows;
    const std::int64_t count = rows - first < most_rows ? rows - first : most_rows;
    const std::int64_t at = first * columns + column;
    T sum = 0;
    if (code)
      for (std::int64_t r = 0; r < count; ++r) sum += code[at + r * columns] == 4 ? T(0) : x[at + r * columns];
    else
      for (std::int64_t r = 0; r < count; ++r) sum += x[at + r * columns];
    sums[i] = sum;
  }
};

}  // namespace brindle::ops::kernel
