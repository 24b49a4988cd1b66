// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/cuda_column_sums_kernel.hpp"

namespace brindle::ops::kernel {

/// Elements of `scratch` that column_sums takes for these: the sums of two rounds.
inline std::int64_t column_sums_scratch(std::int64_t rows, std::int64_t columns) {
  if (rows <= ColumnSums<float>::most_rows) return 0;
  const std::int64_t parts = ColumnSums<float>::parts(rows);
  return (parts + ColumnSums<float>::parts(parts)) * columns;
}

/// sums[c] = sum of column c of x (rows, columns), the same bits each time: parts of 64 rows, then their sums likewise.
/// code, as x, or null: elements whose code is 4 are left out (what relu stopped behind a pool passes nothing back).
inline void column_sums(const Cuda& on, const float* x, const std::uint8_t* code, std::int64_t rows,
                        std::int64_t columns, float* sums, float* scratch) {
  // Each round reads what the one before wrote, by turns in two places of the scratch.
  float* place[2] = {scratch, scratch ? scratch + ColumnSums<float>::parts(rows) * columns : nullptr};
  for (int round = 0; rows > ColumnSums<float>::most_rows; ++round) {
    const std::int64_t parts = ColumnSums<float>::parts(rows);
    launch(on, parts * columns, ColumnSums<float>{x, code, place[round % 2], rows, columns});
    x = place[round % 2];
    code = nullptr;
    rows = parts;
  }
  launch(on, columns, ColumnSums<float>{x, code, sums, rows, columns});
}

}  // namespace brindle::ops::kernel
