#pragma once

#include <cstdint>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {
namespace kernel {
template <class T, class Device>
struct relu;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// y = max(x, 0), element by element.
///
///     x, y: any shape, the same; they may be the same memory.
///
/// NaN stays NaN.
template <class T, class Device>
void relu(const Device& on, In<T, Device> x, Out<T, Device> y) {
  detail::expect_shape("relu", "y", x.shape, y.shape);
  kernel::relu<T, Device>::forward(on, x, y);
}

/// dx = dy where y > 0, else 0, from the output y.
///
///     y, dy, dx: the same shape; dx may be the memory of dy or y.
template <class T, class Device>
void relu_backward(const Device& on, In<T, Device> y, In<T, Device> dy, Out<T, Device> dx) {
  detail::expect_shape("relu_backward", "dy", y.shape, dy.shape);
  detail::expect_shape("relu_backward", "dx", y.shape, dx.shape);
  kernel::relu<T, Device>::backward(on, y, dy, dx);
}

namespace reference {

template <class T>
void relu(In<T, Cpu> x, Out<T, Cpu> y) {
  for (std::int64_t i = 0; i < x.size(); ++i) y.data[i] = x.data[i] < T(0) ? T(0) : x.data[i];
}

template <class T>
void relu_backward(In<T, Cpu> y, In<T, Cpu> dy, Out<T, Cpu> dx) {
  for (std::int64_t i = 0; i < y.size(); ++i) dx.data[i] = y.data[i] > T(0) ? dy.data[i] : T(0);
}

}  // namespace reference
}  // namespace brindle::ops
