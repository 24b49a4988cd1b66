#pragma once

#include <cstddef>
#include <cstdint>

#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/relu/relu.hpp"
#include "brindle/ops/sigmoid/sigmoid.hpp"
#include "brindle/ops/softmax/softmax.hpp"

namespace brindle::ops {

/// y = f(x). x and y have the same shape and may be the same memory; softmax works on the last axis.
template <class T, class Device>
void activate(const Device& on, ActivationFunction f, In<T, Device> x, Out<T, Device> y) {
  switch (f) {
    case ActivationFunction::relu:
      return relu<T>(on, x, y);
    case ActivationFunction::sigmoid:
      return sigmoid<T>(on, x, y);
    case ActivationFunction::softmax:
      return softmax<T>(on, x, y);
    case ActivationFunction::linear:
      break;
  }
  detail::expect_shape("activate", "y", x.shape, y.shape);
  if (x.data != y.data) Memory<Device>::copy(on, y.data, x.data, static_cast<std::size_t>(x.size()) * sizeof(T));
}

/// dx = dy f'(x), from the output y = f(x). y, dy and dx have the same shape; dx may be the memory of dy or y.
template <class T, class Device>
void activation_backward(const Device& on, ActivationFunction f, In<T, Device> y, In<T, Device> dy, Out<T, Device> dx) {
  switch (f) {
    case ActivationFunction::relu:
      return relu_backward<T>(on, y, dy, dx);
    case ActivationFunction::sigmoid:
      return sigmoid_backward<T>(on, y, dy, dx);
    case ActivationFunction::softmax:
      return softmax_backward<T>(on, y, dy, dx);
    case ActivationFunction::linear:
      break;
  }
  detail::expect_shape("activation_backward", "dx", dy.shape, dx.shape);
  if (dy.data != dx.data) Memory<Device>::copy(on, dx.data, dy.data, static_cast<std::size_t>(dy.size()) * sizeof(T));
}

namespace reference {

template <class T>
void activate(ActivationFunction f, In<T, Cpu> x, Out<T, Cpu> y) {
  switch (f) {
    case ActivationFunction::relu:
      return relu<T>(x, y);
    case ActivationFunction::sigmoid:
      return sigmoid<T>(x, y);
    case ActivationFunction::softmax:
      return softmax<T>(x, y);
    case ActivationFunction::linear:
      break;
  }
  for (std::int64_t i = 0; i < x.size(); ++i) y.data[i] = x.data[i];
}

}  // namespace reference
}  // namespace brindle::ops
