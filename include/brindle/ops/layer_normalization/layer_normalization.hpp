// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::detail {

/// Throws ShapeError unless x has a last axis with elements, and gamma and beta, where they are not empty, its size.
inline void expect_normalized(const char* op, const Shape& x, const Shape* gamma, const Shape* beta) {
  if (x.rank() < 1 || x.back() < 1)
    raise<ShapeError>(std::string(op) + ": expected x (..., C) with at least one channel, got " + to_string(x));
  if (gamma) expect_shape(op, "gamma", Shape{x.back()}, *gamma);
  if (beta) expect_shape(op, "beta", Shape{x.back()}, *beta);
}

}  // namespace brindle::detail

namespace brindle::ops {
namespace kernel {
template <class T, class Device>
struct layer_normalization;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// Each row of channels with mean 0 and variance 1, then scaled and shifted:
///
///     y = (x - mean) / sqrt(variance + epsilon) gamma + beta, mean and variance over the last axis
///
///     x, y: any shape, the same, channels last; they may be the same memory.  gamma, beta: (C), or empty: 1 and 0
///
/// variance is the mean of the squares of x - mean. Keras: layers/normalization/layer_normalization.py, axis -1.
template <class T, class Device>
void layer_normalization(const Device& on, In<T, Device> x, In<T, Device> gamma, In<T, Device> beta, Out<T, Device> y,
                         double epsilon) {
  detail::expect_normalized("layer_normalization", x.shape, gamma.empty() ? nullptr : &gamma.shape,
                            beta.empty() ? nullptr : &beta.shape);
  detail::expect_shape("layer_normalization", "y", x.shape, y.shape);
  if (x.size() > 0) kernel::layer_normalization<T, Device>::forward(on, x, gamma, beta, y, epsilon);
}

/// Bytes of workspace for layer_normalization_backward of these.
template <class T, class Device>
std::int64_t layer_normalization_workspace(const Device& on, const Shape& x) {
  detail::expect_normalized("layer_normalization", x, nullptr, nullptr);
  return kernel::layer_normalization<T, Device>::workspace(on, x);
}

/// Gradients by x, gamma and beta, the latter summed over the rows; those that are empty are not wanted.
///
///     x, dy, dx: any shape, the same; dx may be the memory of dy.  gamma: (C), or empty: 1.  dgamma, dbeta: (C)
///
/// workspace: layer_normalization_workspace.
template <class T, class Device>
void layer_normalization_backward(const Device& on, In<T, Device> x, In<T, Device> gamma, In<T, Device> dy,
                                  Out<T, Device> dx, Out<T, Device> dgamma, Out<T, Device> dbeta, double epsilon,
                                  Workspace<Device> workspace) {
  detail::expect_normalized("layer_normalization_backward", x.shape, gamma.empty() ? nullptr : &gamma.shape, nullptr);
  detail::expect_shape("layer_normalization_backward", "dy", x.shape, dy.shape);
  if (!dx.empty()) detail::expect_shape("layer_normalization_backward", "dx", x.shape, dx.shape);
  for (const auto& g : {dgamma, dbeta})
    if (!g.empty())
      detail::expect_shape("layer_normalization_backward", "a parameter's gradient", Shape{x.shape.back()}, g.shape);
  detail::expect_workspace("layer_normalization_backward", layer_normalization_workspace<T>(on, x.shape),
                           workspace.size());
  kernel::layer_normalization<T, Device>::backward(on, x, gamma, dy, dx, dgamma, dbeta, epsilon, workspace);
}

namespace reference {

template <class T>
void layer_normalization(In<T, Cpu> x, In<T, Cpu> gamma, In<T, Cpu> beta, Out<T, Cpu> y, double epsilon) {
  const std::int64_t k = x.shape.back();
  for (std::int64_t row = 0; row < x.size(); row += k) {
    double mean = 0, variance = 0;
    for (std::int64_t i = 0; i < k; ++i) mean += static_cast<double>(x.data[row + i]) / static_cast<double>(k);
    for (std::int64_t i = 0; i < k; ++i)
      variance += std::pow(static_cast<double>(x.data[row + i]) - mean, 2) / static_cast<double>(k);
    for (std::int64_t i = 0; i < k; ++i) {
      const double normal = (static_cast<double>(x.data[row + i]) - mean) / std::sqrt(variance + epsilon);
      const double scale = gamma.empty() ? 1 : static_cast<double>(gamma.data[i]);
      y.data[row + i] = static_cast<T>(normal * scale + (beta.empty() ? 0 : static_cast<double>(beta.data[i])));
    }
  }
}

template <class T>
void layer_normalization_backward(In<T, Cpu> x, In<T, Cpu> gamma, In<T, Cpu> dy, Out<T, Cpu> dx, Out<T, Cpu> dgamma,
                                  Out<T, Cpu> dbeta, double epsilon) {
  const std::int64_t k = x.shape.back();
  for (std::int64_t i = 0; i < k; ++i) dgamma.data[i] = dbeta.data[i] = 0;
  for (std::int64_t row = 0; row < x.size(); row += k) {
    double mean = 0, variance = 0, slope = 0, turn = 0;  // means: of the gradient by the normal row, and times it
    for (std::int64_t i = 0; i < k; ++i) mean += static_cast<double>(x.data[row + i]) / static_cast<double>(k);
    for (std::int64_t i = 0; i < k; ++i)
      variance += std::pow(static_cast<double>(x.data[row + i]) - mean, 2) / static_cast<double>(k);
    const double factor = 1 / std::sqrt(variance + epsilon);
    const auto normal = [&](std::int64_t i) { return (static_cast<double>(x.data[row + i]) - mean) * factor; };
    const auto by_normal = [&](std::int64_t i) {
      return static_cast<double>(dy.data[row + i]) * (gamma.empty() ? 1 : static_cast<double>(gamma.data[i]));
    };
    for (std::int64_t i = 0; i < k; ++i) {
      slope += by_normal(i) / static_cast<double>(k);
      turn += by_normal(i) * normal(i) / static_cast<double>(k);
      dgamma.data[i] += static_cast<T>(static_cast<double>(dy.data[row + i]) * normal(i));
      dbeta.data[i] += dy.data[row + i];
    }
    for (std::int64_t i = 0; i < k; ++i)
      dx.data[row + i] = static_cast<T>(factor * (by_normal(i) - slope - normal(i) * turn));
  }
}

}  // namespace reference
}  // namespace brindle::ops
