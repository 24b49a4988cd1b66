// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/ops/gemm/gemm.hpp"

namespace brindle::ops::kernel {

/// A product of row-major matrices as cuBLAS, which thinks in columns, is told of it: memory that holds rows of c holds
/// columns of c transposed, and c^T = op(b)^T op(a)^T. So b comes first, and nothing is moved.
struct ColumnMajorProduct {
  std::int64_t m, n, k;                                  ///< c^T is (m, n), the sum over k
  bool transpose_first, transpose_second;                ///< first: the memory of b, second: that of a
  std::int64_t first_rows, first_columns, first_stride;  ///< as columns lie in memory
  std::int64_t second_rows, second_columns, second_stride;
  std::int64_t c_stride;

  template <class A, class C>
  static ColumnMajorProduct of(const A& a, const A& b, const C& c, const GemmOptions& o) {
    return {.m = c.columns,
            .n = c.rows,
            .k = o.transpose_a ? a.rows : a.columns,
            .transpose_first = o.transpose_b,
            .transpose_second = o.transpose_a,
            .first_rows = b.columns,
            .first_columns = b.rows,
            .first_stride = b.stride,
            .second_rows = a.columns,
            .second_columns = a.rows,
            .second_stride = a.stride,
            .c_stride = c.stride};
  }
};

}  // namespace brindle::ops::kernel
