// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {
namespace kernel {
template <class T, class Device>
struct softmax;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// y = exp(x - m) / sum of exp(x - m) over the last axis, m its largest value: no overflow for any finite x.
///
///     x, y: (..., K), the same shape with at least one axis; they may be the same memory.
template <class T, class Device>
void softmax(const Device& on, In<T, Device> x, Out<T, Device> y) {
  detail::expect_shape("softmax", "y", x.shape, y.shape);
  if (x.shape.rank() == 0) detail::raise<ShapeError>("softmax: expected x with at least one axis, got ()");
  if (x.size() > 0) kernel::softmax<T, Device>::forward(on, x, y);
}

/// dx = y (dy - sum of dy y over the last axis), from the output y.
///
///     y, dy, dx: (..., K), the same shape; dx may be the memory of dy or y.
template <class T, class Device>
void softmax_backward(const Device& on, In<T, Device> y, In<T, Device> dy, Out<T, Device> dx) {
  detail::expect_shape("softmax_backward", "dy", y.shape, dy.shape);
  detail::expect_shape("softmax_backward", "dx", y.shape, dx.shape);
  if (y.shape.rank() == 0) detail::raise<ShapeError>("softmax_backward: expected y with at least one axis, got ()");
  if (y.size() > 0) kernel::softmax<T, Device>::backward(on, y, dy, dx);
}

namespace reference {

template <class T>
void softmax(In<T, Cpu> x, Out<T, Cpu> y) {
  const std::int64_t k = x.shape.back();
  for (std::int64_t row = 0; row < x.size(); row += k) {
    T largest = x.data[row];
    for (std::int64_t i = 1; i < k; ++i) largest = std::max(largest, x.data[row + i]);
    T sum = 0;
    for (std::int64_t i = 0; i < k; ++i) sum += y.data[row + i] = std::exp(x.data[row + i] - largest);
    for (std::int64_t i = 0; i < k; ++i) y.data[row + i] /= sum;
  }
}

template <class T>
void softmax_backward(In<T, Cpu> y, In<T, Cpu> dy, Out<T, Cpu> dx) {
  const std::int64_t k = y.shape.back();
  for (std::int64_t row = 0; row < y.size(); row += k) {
    T sum = 0;
    for (std::int64_t i = row; i < row + k; ++i) sum += dy.data[i] * y.data[i];
    for (std::int64_t i = row; i < row + k; ++i) dx.data[i] = y.data[i] * (dy.data[i] - sum);
  }
}

}  // namespace reference
}  // namespace brindle::ops
