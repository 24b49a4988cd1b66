#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {
namespace kernel {
template <class T, class Device>
struct sigmoid;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// y = 1 / (1 + exp(-x)), element by element.
///
///     x, y: any shape, the same; they may be the same memory.
///
/// NaN stays NaN.
template <class T, class Device>
void sigmoid(const Device& on, In<T, Device> x, Out<T, Device> y) {
  detail::expect_shape("sigmoid", "y", x.shape, y.shape);
  kernel::sigmoid<T, Device>::forward(on, x, y);
}

/// dx = dy y (1 - y), from the output y.
///
///     y, dy, dx: the same shape; dx may be the memory of dy or y.
template <class T, class Device>
void sigmoid_backward(const Device& on, In<T, Device> y, In<T, Device> dy, Out<T, Device> dx) {
  detail::expect_shape("sigmoid_backward", "dy", y.shape, dy.shape);
  detail::expect_shape("sigmoid_backward", "dx", y.shape, dx.shape);
  kernel::sigmoid<T, Device>::backward(on, y, dy, dx);
}

namespace reference {

template <class T>
void sigmoid(In<T, Cpu> x, Out<T, Cpu> y) {
  for (std::int64_t i = 0; i < x.size(); ++i) y.data[i] = T(1) / (T(1) + std::exp(-x.data[i]));
}

template <class T>
void sigmoid_backward(In<T, Cpu> y, In<T, Cpu> dy, Out<T, Cpu> dx) {
  for (std::int64_t i = 0; i < y.size(); ++i) dx.data[i] = dy.data[i] * y.data[i] * (T(1) - y.data[i]);
}

}  // namespace reference
}  // namespace brindle::ops
