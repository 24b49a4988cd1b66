#pragma once

#include <Eigen/Core>
#include <cstdint>

namespace brindle::ops::kernel {

/// A matrix in row-major memory.
template <class T>
struct Matrix {
  T* data;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t stride;  ///< elements from one row to the next
};

/// c = a b, or c += a b with `add`, by the calling thread; a or b may be read transposed.
///
///     op(a) (M, K), op(b) (K, N), c (M, N)
template <bool transpose_a, bool transpose_b, class T>
inline void product(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool add) {
  using Rows = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Stride = Eigen::OuterStride<>;
  const Eigen::Map<const Rows, 0, Stride> a_(a.data, a.rows, a.columns, Stride(a.stride));
  const Eigen::Map<const Rows, 0, Stride> b_(b.data, b.rows, b.columns, Stride(b.stride));
  Eigen::Map<Rows, 0, Stride> c_(c.data, c.rows, c.columns, Stride(c.stride));
  const auto write = [&](const auto& expression) {
    if (add)
      c_.noalias() += expression;
    else
      c_.noalias() = expression;
  };
  if constexpr (transpose_a)
    write(a_.transpose() * b_);
  else if constexpr (transpose_b)
    write(a_ * b_.transpose());
  else
    write(a_ * b_);
}

}  // namespace brindle::ops::kernel
