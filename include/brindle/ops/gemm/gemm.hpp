// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {

/// Borrows a matrix in row-major memory: `stride` elements from one row to the next.
template <class T, class Device = Cpu>
struct MatrixView {
  T* data = nullptr;  ///< the first element
  /// In elements; stride >= columns.
  /// @{
  std::int64_t rows = 0, columns = 0, stride = 0;
  /// @}
};

struct GemmOptions {
  bool transpose_a = false;                                    ///< a is (K, M) in memory
  bool transpose_b = false;                                    ///< b is (N, K) in memory
  bool accumulate = false;                                     ///< the product is added to c
  ActivationFunction activation = ActivationFunction::linear;  ///< last; softmax is not offered
};

namespace kernel {
template <class T, class Device>
struct gemm;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// Bytes of workspace for c (m, n) with a sum over k.
template <class T, class Device>
std::int64_t gemm_workspace(const Device& on, std::int64_t m, std::int64_t n, std::int64_t k, const GemmOptions& o) {
  return kernel::gemm<T, Device>::workspace(on, m, n, k, o);
}

/// c = f([c +] op(a) op(b) + bias).
///
///     op(a) (M, K)   op(b) (K, N)   bias (N), may be empty   c (M, N), overlapping none of the others
///
/// Throws ShapeError when sizes do not fit, ValueError for softmax.
template <class T, class Device>
void gemm(const Device& on, std::type_identity_t<MatrixView<const T, Device>> a,
          std::type_identity_t<MatrixView<const T, Device>> b, In<T, Device> bias,
          std::type_identity_t<MatrixView<T, Device>> c, const GemmOptions& o, Workspace<Device> workspace) {
  const std::int64_t m = o.transpose_a ? a.columns : a.rows, k = o.transpose_a ? a.rows : a.columns;
  const std::int64_t b_k = o.transpose_b ? b.columns : b.rows, n = o.transpose_b ? b.rows : b.columns;
  if (k != b_k || c.rows != m || c.columns != n)
    brindle::detail::raise<ShapeError>("gemm: a " + to_string(Shape{a.rows, a.columns}) +
                                       (o.transpose_a ? " transposed" : "") + ", b " +
                                       to_string(Shape{b.rows, b.columns}) + (o.transpose_b ? " transposed" : "") +
                                       " and c " + to_string(Shape{c.rows, c.columns}) + " do not fit together");
  if (!bias.empty()) brindle::detail::expect_shape("gemm", "bias", Shape{n}, bias.shape);
  if (o.activation == ActivationFunction::softmax)
    brindle::detail::raise<ValueError>("gemm: softmax is not an activation that it can apply; call softmax on c");
  brindle::detail::expect_workspace("gemm", gemm_workspace<T>(on, m, n, k, o), workspace.size());
  if (m == 0 || n == 0) return;
  kernel::gemm<T, Device>::run(on, a, b, bias, c, o, workspace);
}

namespace reference {

template <class T>
void gemm(std::type_identity_t<MatrixView<const T>> a, std::type_identity_t<MatrixView<const T>> b, In<T, Cpu> bias,
          std::type_identity_t<MatrixView<T>> c, const GemmOptions& o) {
  const std::int64_t k = o.transpose_a ? a.rows : a.columns;
  for (std::int64_t i = 0; i < c.rows; ++i)
    for (std::int64_t j = 0; j < c.columns; ++j) {
      double sum = o.accumulate ? double(c.data[i * c.stride + j]) : 0;
      if (!bias.empty()) sum += double(bias.data[j]);
      for (std::int64_t t = 0; t < k; ++t)
        sum += double(o.transpose_a ? a.data[t * a.stride + i] : a.data[i * a.stride + t]) *
               double(o.transpose_b ? b.data[j * b.stride + t] : b.data[t * b.stride + j]);
      c.data[i * c.stride + j] = static_cast<T>(kernel::activations::value(o.activation, sum));
    }
}

}  // namespace reference
}  // namespace brindle::ops
