// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/depthwise_conv2d/depthwise_conv2d.hpp"
#include "brindle/ops/filter_shape.hpp"
#include "brindle/ops/gradient_prologue.hpp"
#include "brindle/ops/prologue.hpp"

namespace brindle::ops {

/// Whether depthwise_conv2d_backward takes these filters: on the Cpu, one filter of 3x3 or 5x5 a channel, moved by one
/// or two pixels.
template <class Device>
constexpr bool depthwise_conv2d_takes_gradient_prologue(const FilterShape& w, const DepthwiseConv2DOptions& o) {
  return depthwise_conv2d_takes_prologue<Device>(w) && (w.kh == 3 || w.kh == 5) && w.kw == w.kh &&
         (o.stride == Size2(1) || o.stride == Size2(2)) && o.dilation == Size2(1);
}

/// All gradients at once, where normalizations stand around the convolution, which has no activation: as
/// conv2d_backward, where depthwise_conv2d_takes_gradient_prologue() says so.
///
///     x (N, H, W, C), dy (N, OH, OW, C), w (KH, KW, C, 1)
///         ->  dw (KH, KW, C, 1), db (C) or empty, dx (N, H, W, C) or empty, sums (C) or empty, overwritten
///
/// dw, db and dx have the bits of the ops one after the other. workspace: depthwise_conv2d_workspace with a prologue.
template <class T, class Device>
void depthwise_conv2d_backward(const Device& on, In<T, Device> x, In<T, Device> dy, In<T, Device> w, Out<T, Device> dw,
                               Out<T, Device> db, Out<T, Device> dx, const DepthwiseConv2DOptions& o,
                               Workspace<Device> workspace, const Prologue<T, Device>& prologue,
                               const GradientPrologue<T, Device>& behind, const GradientSums<T, Device>& sums = {}) {
  constexpr const char* op = "depthwise_conv2d_backward";
  detail::expect_shape(op, "dy", depthwise_conv2d_shape(x.shape, w.shape, o), dy.shape);
  detail::expect_shape(op, "dw", w.shape, dw.shape);
  if (!db.empty()) detail::expect_shape(op, "db", Shape{dy.shape.back()}, db.shape);
  if (!dx.empty() || !sums.empty()) detail::expect_shape(op, "dx", x.shape, dx.shape);
  if (!depthwise_conv2d_takes_gradient_prologue<Device>(w.shape, o))
    detail::raise<ValueError>(std::string(op) + ": takes no filters " + to_string(w.shape) +
                              " with such a stride and dilation, or none on a GPU: call "
                              "ops::batch_normalization_backward, depthwise_conv2d_backward_weights and "
                              "depthwise_conv2d_backward_data one after the other");
  detail::expect_prologue(op, true, x.shape, prologue);
  if (!behind.empty()) detail::expect_gradient_prologue(op, dy.shape, behind);
  detail::expect_gradient_sums(op, x.shape, prologue, sums);
  detail::expect_workspace(op, depthwise_conv2d_workspace<T>(on, x.shape, w.shape, o, true), workspace.size());
  kernel::depthwise_conv2d<T, Device>::backward(on, x, dy, w, dw, db, dx, o, workspace, prologue, behind, sums);
}

}  // namespace brindle::ops
