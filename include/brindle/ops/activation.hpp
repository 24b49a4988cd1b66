// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation/activation.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/softmax/softmax.hpp"

namespace brindle::ops {

/// y = f(x). x and y have the same shape and may be the same memory; softmax works on the last axis.
template <class T, class Device>
void activate(const Device& on, ActivationFunction f, In<T, Device> x, Out<T, Device> y) {
  if (f == ActivationFunction::softmax) return softmax<T>(on, x, y);
  if (f != ActivationFunction::linear) return kernel::activate_elements<T>(on, f, x, y);
  detail::expect_shape("activate", "y", x.shape, y.shape);
  if (x.data != y.data) Memory<Device>::copy(on, y.data, x.data, static_cast<std::size_t>(x.size()) * sizeof(T));
}

/// dx = dy f'(x). z: the output y = f(x), or the input x where gradient_from_input(f) says so. z, dy and dx have the
/// same shape; dx may be the memory of dy or z.
template <class T, class Device>
void activation_backward(const Device& on, ActivationFunction f, In<T, Device> z, In<T, Device> dy, Out<T, Device> dx) {
  if (f == ActivationFunction::softmax) return softmax_backward<T>(on, z, dy, dx);
  if (f != ActivationFunction::linear) return kernel::activate_elements_backward<T>(on, f, z, dy, dx);
  detail::expect_shape("activation_backward", "dx", dy.shape, dx.shape);
  if (dy.data != dx.data) Memory<Device>::copy(on, dx.data, dy.data, static_cast<std::size_t>(dy.size()) * sizeof(T));
}

namespace reference {

template <class T>
void activate(ActivationFunction f, In<T, Cpu> x, Out<T, Cpu> y) {
  if (f == ActivationFunction::softmax) return softmax<T>(x, y);
  activate_elements<T>(f, x, y);
}

}  // namespace reference
}  // namespace brindle::ops
