// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/gradient_prologue.hpp"
#include "brindle/ops/prologue.hpp"

// batch_normalization_backward in three parts, with its bits. On the Cpu a convolution behind can make the sums as it
// writes dy, and one in front dx as it reads it: conv2d_backward, depthwise_conv2d_backward.
namespace brindle::ops {

/// The sums of each channel that the gradients are made of.
///
///     x, dy (N, ..., C); forward: the pass before, of x's channels  ->  sums (C)
///
/// workspace: batch_normalization_workspace.
template <class T, class Device>
void batch_normalization_gradient_sums(const Device& on, In<T, Device> x, const Prologue<T, Device>& forward,
                                       In<T, Device> dy, const GradientSums<T, Device>& sums,
                                       Workspace<Device> workspace) {
  constexpr const char* op = "batch_normalization_gradient_sums";
  detail::expect_channels(op, x.shape, sums.scale, sums.shift);
  detail::expect_shape(op, "dy", x.shape, dy.shape);
  detail::expect_activates<Device>(op, forward.activation);
  detail::expect_normalization(op, x.shape.back(), forward.normalization);
  detail::expect_workspace(op, batch_normalization_workspace<T>(on, x.shape), workspace.size());
  kernel::batch_normalization<T, Device>::gradient_sums(on, x, forward, dy, sums, workspace);
}

/// Gradients by gamma and beta, and what a GradientPrologue takes beside what the forward pass had.
///
///     sums, of `rows` rows; variance (C), gamma (C) or empty  ->  dgamma, dbeta (C) or empty; along, rest (C)
///
/// of_batch: as in batch_normalization_backward; else along and rest are 0, and without dgamma and dbeta the sums are
/// not read.
template <class T, class Device>
void batch_normalization_gradient_factors(const Device& on, bool of_batch, std::int64_t rows, In<T, Device> variance,
                                          In<T, Device> gamma, double epsilon, const GradientSums<T, Device>& sums,
                                          Out<T, Device> dgamma, Out<T, Device> dbeta, Out<T, Device> along,
                                          Out<T, Device> rest) {
  const auto expect = [&](const char* what, const auto& view) {
    detail::expect_shape("batch_normalization_gradient_factors", what, variance.shape, view.shape);
  };
  if (!gamma.empty()) expect("gamma", gamma);
  if (!dgamma.empty()) expect("dgamma", dgamma);
  if (!dbeta.empty()) expect("dbeta", dbeta);
  expect("sums", sums.scale);
  expect("sums", sums.shift);
  expect("along", along);
  expect("rest", rest);
  kernel::batch_normalization<T, Device>::gradient_factors(on, of_batch, rows, variance, gamma, epsilon, sums, dgamma,
                                                           dbeta, along, rest);
}

/// Gradient by x, which is by.z.
///
///     dy  ->  dx (N, ..., C): it may be the memory of dy
template <class T, class Device>
void batch_normalization_backward_data(const Device& on, const GradientPrologue<T, Device>& by, In<T, Device> dy,
                                       Out<T, Device> dx) {
  detail::expect_gradient_prologue("batch_normalization_backward_data", dy.shape, by);
  detail::expect_shape("batch_normalization_backward_data", "dx", dy.shape, dx.shape);
  kernel::batch_normalization<T, Device>::backward_data(on, by, dy, dx);
}

}  // namespace brindle::ops
