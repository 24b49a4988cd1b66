// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {

/// Whether batch_normalization applies this activation in its own pass: one whose gradient follows from where y lies.
template <class Device>
constexpr bool batch_normalization_activates(ActivationFunction f) {
  const bool clamps = f == ActivationFunction::relu || f == ActivationFunction::relu6;
  return f == ActivationFunction::linear || (clamps && std::is_same_v<Device, Cpu>);
}

/// A normalization by numbers that stand still, for a convolution that does it in its own pass:
///
///     y = (x - mean) factor + shift,  by batch_normalization_factors
template <class T, class Device>
struct ChannelNormalization {
  TensorView<const T, Device> mean;    ///< (C)
  TensorView<const T, Device> factor;  ///< (C)
  TensorView<const T, Device> shift;   ///< (C)
};

}  // namespace brindle::ops

namespace brindle::detail {

template <class Device>
void expect_activates(const char* op, ActivationFunction f) {
  if (!ops::batch_normalization_activates<Device>(f))
    raise<ValueError>(std::string(op) + ": expected activation linear, or on the Cpu relu or relu6, got " +
                      to_string(f) + ": apply ops::activate");
}

/// Throws ShapeError unless x has rows of channels, and each of the others one number a channel or none at all.
template <class... Shapes>
void expect_channels(const char* op, const Shape& x, const Shapes&... others) {
  if (x.rank() < 2 || x.size() < 1)
    raise<ShapeError>(std::string(op) + ": expected x (N, ..., C) with at least one element, got " + to_string(x));
  const auto expect = [&](const auto& view) {
    if (!view.empty()) expect_shape(op, "an array of channels", Shape{x.back()}, view.shape);
  };
  (expect(others), ...);
}

/// Throws ShapeError unless all three have a number for each channel.
template <class T, class Device>
void expect_normalization(const char* op, std::int64_t channels, const ops::ChannelNormalization<T, Device>& by) {
  expect_shape(op, "mean", Shape{channels}, by.mean.shape);
  expect_shape(op, "factor", Shape{channels}, by.factor.shape);
  expect_shape(op, "shift", Shape{channels}, by.shift.shape);
}

}  // namespace brindle::detail

namespace brindle::ops {
namespace kernel {
template <class T, class Device>
struct batch_normalization;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// Bytes of workspace for batch_statistics and batch_normalization_backward of an x of this shape.
template <class T, class Device>
std::int64_t batch_normalization_workspace(const Device& on, const Shape& x) {
  return kernel::batch_normalization<T, Device>::workspace(on, x);
}

/// Mean and variance of each channel over the samples and positions of a batch; the variance is the mean of the squares
/// of x - mean.
///
///     x (N, ..., C)  ->  mean, variance (C)
///
/// The rows are cut into blocks of a fixed size, and what these give is put together in their order (T. Chan, G. Golub,
/// R. LeVeque, 1979): the same bits for any number of threads, and a large mean does not drown the variance.
template <class T, class Device>
void batch_statistics(const Device& on, In<T, Device> x, Out<T, Device> mean, Out<T, Device> variance,
                      Workspace<Device> workspace) {
  detail::expect_channels("batch_statistics", x.shape, mean, variance);
  detail::expect_workspace("batch_statistics", batch_normalization_workspace<T>(on, x.shape), workspace.size());
  kernel::batch_normalization<T, Device>::statistics(on, x, mean, variance, workspace);
}

/// Each channel with the mean and variance taken out, then scaled and shifted:
///
///     y = f((x - mean) / sqrt(variance + epsilon) gamma + beta)
///
///     x, y (N, ..., C): they may be the same memory.  mean, variance (C).  gamma, beta (C), or empty: 1 and 0
///
/// f: linear, and on the Cpu relu and relu6 (batch_normalization_activates); others throw a ValueError.
/// Keras: layers/normalization/batch_normalization.py.
template <class T, class Device>
void batch_normalization(const Device& on, In<T, Device> x, In<T, Device> mean, In<T, Device> variance,
                         In<T, Device> gamma, In<T, Device> beta, Out<T, Device> y, double epsilon,
                         ActivationFunction f = ActivationFunction::linear) {
  detail::expect_channels("batch_normalization", x.shape, mean, variance, gamma, beta);
  detail::expect_shape("batch_normalization", "y", x.shape, y.shape);
  detail::expect_activates<Device>("batch_normalization", f);
  kernel::batch_normalization<T, Device>::forward(on, x, mean, variance, gamma, beta, y, epsilon, f);
}

/// What batch_normalization multiplies x - mean by and adds, for a ChannelNormalization:
///
///     factor = gamma / sqrt(variance + epsilon), shift = beta
///
///     variance, factor, shift (C).  gamma, beta (C), or empty: 1 and 0
template <class T, class Device>
void batch_normalization_factors(const Device& on, In<T, Device> variance, In<T, Device> gamma, In<T, Device> beta,
                                 double epsilon, Out<T, Device> factor, Out<T, Device> shift) {
  const auto expect = [&](const char* what, const auto& view) {
    detail::expect_shape("batch_normalization_factors", what, variance.shape, view.shape);
  };
  if (!gamma.empty()) expect("gamma", gamma);
  if (!beta.empty()) expect("beta", beta);
  expect("factor", factor);
  expect("shift", shift);
  kernel::batch_normalization<T, Device>::factors(on, variance, gamma, beta, epsilon, factor, shift);
}

/// Gradients by x, gamma and beta; those that are empty are not wanted. of_batch: mean and variance are those of x,
/// which change with it; else they stand still.
///
///     x, dy, dx (N, ..., C): dx may be the memory of dy.  mean, variance, dgamma, dbeta (C).  gamma, beta (C), or
///     empty: 1 and 0
///
/// f: the activation of the forward pass; beta is read with one alone. workspace: batch_normalization_workspace.
template <class T, class Device>
void batch_normalization_backward(const Device& on, bool of_batch, In<T, Device> x, In<T, Device> mean,
                                  In<T, Device> variance, In<T, Device> gamma, In<T, Device> dy, Out<T, Device> dx,
                                  Out<T, Device> dgamma, Out<T, Device> dbeta, double epsilon,
                                  Workspace<Device> workspace, In<T, Device> beta = {},
                                  ActivationFunction f = ActivationFunction::linear) {
  detail::expect_channels("batch_normalization_backward", x.shape, mean, variance, gamma, beta, dgamma, dbeta);
  detail::expect_activates<Device>("batch_normalization_backward", f);
  detail::expect_shape("batch_normalization_backward", "dy", x.shape, dy.shape);
  if (!dx.empty()) detail::expect_shape("batch_normalization_backward", "dx", x.shape, dx.shape);
  detail::expect_workspace("batch_normalization_backward", batch_normalization_workspace<T>(on, x.shape),
                           workspace.size());
  kernel::batch_normalization<T, Device>::backward(on, of_batch, x, mean, variance, gamma, dy, dx, dgamma, dbeta,
                                                   epsilon, workspace, beta, f);
}

/// A moving average follows: value = momentum value + (1 - momentum) now.
///
///     value, now: any shape, the same
template <class T, class Device>
void follow(const Device& on, Out<T, Device> value, In<T, Device> now, double momentum) {
  detail::expect_shape("follow", "now", value.shape, now.shape);
  kernel::batch_normalization<T, Device>::follow(on, value, now, momentum);
}

namespace reference {

template <class T>
void batch_statistics(In<T, Cpu> x, Out<T, Cpu> mean, Out<T, Cpu> variance) {
  const std::int64_t channels = x.shape.back(), rows = x.size() / channels;
  for (std::int64_t c = 0; c < channels; ++c) {
    double sum = 0, squares = 0;
    for (std::int64_t r = 0; r < rows; ++r) sum += static_cast<double>(x.data[r * channels + c]);
    const double m = sum / static_cast<double>(rows);
    for (std::int64_t r = 0; r < rows; ++r)
      squares +=
          (static_cast<double>(x.data[r * channels + c]) - m) * (static_cast<double>(x.data[r * channels + c]) - m);
    mean.data[c] = static_cast<T>(m);
    variance.data[c] = static_cast<T>(squares / static_cast<double>(rows));
  }
}

template <class T>
void batch_normalization(In<T, Cpu> x, In<T, Cpu> mean, In<T, Cpu> variance, In<T, Cpu> gamma, In<T, Cpu> beta,
                         Out<T, Cpu> y, double epsilon) {
  const std::int64_t channels = x.shape.back();
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::int64_t c = i % channels;
    const double normal = (static_cast<double>(x.data[i]) - static_cast<double>(mean.data[c])) /
                          std::sqrt(static_cast<double>(variance.data[c]) + epsilon);
    y.data[i] = static_cast<T>(normal * (gamma.empty() ? 1 : static_cast<double>(gamma.data[c])) +
                               (beta.empty() ? 0 : static_cast<double>(beta.data[c])));
  }
}

template <class T>
void batch_normalization_backward(bool of_batch, In<T, Cpu> x, In<T, Cpu> mean, In<T, Cpu> variance, In<T, Cpu> gamma,
                                  In<T, Cpu> dy, Out<T, Cpu> dx, Out<T, Cpu> dgamma, Out<T, Cpu> dbeta,
                                  double epsilon) {
  const std::int64_t channels = x.shape.back(), rows = x.size() / channels;
  for (std::int64_t c = 0; c < channels; ++c) {
    const double factor = 1 / std::sqrt(static_cast<double>(variance.data[c]) + epsilon);
    const auto normal = [&](std::int64_t i) {
      return (static_cast<double>(x.data[i]) - static_cast<double>(mean.data[c])) * factor;
    };
    double scale = 0, shift = 0;
    for (std::int64_t i = c; i < x.size(); i += channels) {
      scale += static_cast<double>(dy.data[i]) * normal(i);
      shift += static_cast<double>(dy.data[i]);
    }
    const double by = factor * (gamma.empty() ? 1 : static_cast<double>(gamma.data[c]));
    for (std::int64_t i = c; i < x.size(); i += channels) {
      const double turn = of_batch ? (shift + normal(i) * scale) / static_cast<double>(rows) : 0;
      dx.data[i] = static_cast<T>(by * (static_cast<double>(dy.data[i]) - turn));
    }
    dgamma.data[c] = static_cast<T>(scale);
    dbeta.data[c] = static_cast<T>(shift);
  }
}

}  // namespace reference
}  // namespace brindle::ops
