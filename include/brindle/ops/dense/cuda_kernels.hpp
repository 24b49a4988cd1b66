#pragma once

#include <cstdint>

#include "brindle/core/host_device.hpp"

namespace brindle::ops::kernel {

/// sums[c] = sum of column c of x (rows, columns), from the first row to the last.
template <class T>
struct ColumnSum {
  const T* x;
  T* sums;
  std::int64_t rows, columns;

  BRINDLE_HOST_DEVICE void operator()(std::int64_t c) const {
    T sum = 0;
    for (std::int64_t r = 0; r < rows; ++r) sum += x[r * columns + c];
    sums[c] = sum;
  }
};

}  // namespace brindle::ops::kernel
