// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/activation/rectifier.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/check.hpp"

// The activations that work element by element; ops/activation.hpp has softmax besides.

namespace brindle::ops {
namespace kernel {
template <class T, class Device>
struct activation;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one

template <class T, class Device>
void activate_elements(const Device& on, ActivationFunction f, In<T, Device> x, Out<T, Device> y) {
  brindle::detail::expect_shape(brindle::detail::activation_name(f), "y", x.shape, y.shape);
  kernel::activation<T, Device>::forward(on, f, x, y);
}

template <class T, class Device>
void activate_elements_backward(const Device& on, ActivationFunction f, In<T, Device> z, In<T, Device> dy,
                                Out<T, Device> dx) {
  if (!(z.shape == dy.shape && z.shape == dx.shape)) {
    const std::string who = std::string(brindle::detail::activation_name(f)) + "_backward";
    brindle::detail::expect_shape(who.c_str(), "dy", z.shape, dy.shape);
    brindle::detail::expect_shape(who.c_str(), "dx", z.shape, dx.shape);
  }
  kernel::activation<T, Device>::backward(on, f, z, dy, dx);
}

}  // namespace kernel

/// y = max(x, 0), element by element.
///
///     x, y: any shape, the same; they may be the same memory.
///
/// NaN stays NaN.
template <class T, class Device>
void relu(const Device& on, In<T, Device> x, Out<T, Device> y) {
  kernel::activate_elements<T>(on, ActivationFunction::relu, x, y);
}

/// dx = dy where y > 0, else 0, from the output y.
///
///     y, dy, dx: the same shape; dx may be the memory of dy or y.
template <class T, class Device>
void relu_backward(const Device& on, In<T, Device> y, In<T, Device> dy, Out<T, Device> dx) {
  kernel::activate_elements_backward<T>(on, ActivationFunction::relu, y, dy, dx);
}

/// y = 1 / (1 + exp(-x)), element by element.
///
///     x, y: any shape, the same; they may be the same memory.
///
/// NaN stays NaN.
template <class T, class Device>
void sigmoid(const Device& on, In<T, Device> x, Out<T, Device> y) {
  kernel::activate_elements<T>(on, ActivationFunction::sigmoid, x, y);
}

/// dx = dy y (1 - y), from the output y.
///
///     y, dy, dx: the same shape; dx may be the memory of dy or y.
template <class T, class Device>
void sigmoid_backward(const Device& on, In<T, Device> y, In<T, Device> dy, Out<T, Device> dx) {
  kernel::activate_elements_backward<T>(on, ActivationFunction::sigmoid, y, dy, dx);
}

/// y = min(x, max_value) above the threshold, else negative_slope (x - threshold), element by element.
///
///     x, y: any shape, the same; they may be the same memory.
///
/// NaN stays NaN. Keras: activations/activations.py, relu with all its arguments.
template <class T, class Device>
void rectify(const Device& on, In<T, Device> x, Out<T, Device> y, const RectifierOptions& o) {
  detail::expect_shape("rectify", "y", x.shape, y.shape);
  kernel::activation<T, Device>::rectify(on, x, y, o);
}

/// dx = dy between the threshold and max_value, 0 above, negative_slope dy below, from the input x.
///
///     x, dy, dx: the same shape; dx may be the memory of dy or x.
template <class T, class Device>
void rectify_backward(const Device& on, In<T, Device> x, In<T, Device> dy, Out<T, Device> dx,
                      const RectifierOptions& o) {
  detail::expect_shape("rectify_backward", "dy", x.shape, dy.shape);
  detail::expect_shape("rectify_backward", "dx", x.shape, dx.shape);
  kernel::activation<T, Device>::rectify_backward(on, x, dy, dx, o);
}

/// y = x above 0, else alpha (exp(x) - 1), element by element.
///
///     x, y: any shape, the same; they may be the same memory. alpha >= 0
template <class T, class Device>
void elu(const Device& on, In<T, Device> x, Out<T, Device> y, double alpha) {
  detail::expect_shape("elu", "y", x.shape, y.shape);
  kernel::activation<T, Device>::elu(on, x, y, alpha);
}

/// dx = dy where y > 0, else dy (y + alpha), from the output y.
///
///     y, dy, dx: the same shape; dx may be the memory of dy or y.
template <class T, class Device>
void elu_backward(const Device& on, In<T, Device> y, In<T, Device> dy, Out<T, Device> dx, double alpha) {
  detail::expect_shape("elu_backward", "dy", y.shape, dy.shape);
  detail::expect_shape("elu_backward", "dx", y.shape, dx.shape);
  kernel::activation<T, Device>::elu_backward(on, y, dy, dx, alpha);
}

namespace reference {

template <class T>
void activate_elements(ActivationFunction f, In<T, Cpu> x, Out<T, Cpu> y) {
  for (std::int64_t i = 0; i < x.size(); ++i) y.data[i] = kernel::activations::value(f, x.data[i]);
}

template <class T>
void activate_elements_backward(ActivationFunction f, In<T, Cpu> z, In<T, Cpu> dy, Out<T, Cpu> dx) {
  for (std::int64_t i = 0; i < z.size(); ++i) dx.data[i] = kernel::activations::gradient(f, z.data[i], dy.data[i]);
}

template <class T>
void rectify(In<T, Cpu> x, Out<T, Cpu> y, const RectifierOptions& o) {
  for (std::int64_t i = 0; i < x.size(); ++i) y.data[i] = kernel::activations::Rectifier(o).value(x.data[i]);
}

template <class T>
void rectify_backward(In<T, Cpu> x, In<T, Cpu> dy, Out<T, Cpu> dx, const RectifierOptions& o) {
  for (std::int64_t i = 0; i < x.size(); ++i)
    dx.data[i] = kernel::activations::Rectifier(o).gradient(x.data[i], dy.data[i]);
}

}  // namespace reference
}  // namespace brindle::ops
