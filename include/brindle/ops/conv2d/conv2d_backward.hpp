// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/filter_shape.hpp"
#include "brindle/ops/gradient_prologue.hpp"
#include "brindle/ops/padding.hpp"
#include "brindle/ops/prologue.hpp"

namespace brindle::ops {

/// Whether conv2d_backward takes these filters, which put no zeros around x: on the Cpu, 1x1 filters that see every
/// pixel, so few that they, and the sums of their gradient, stay in the level 2 cache beside the pixels.
template <class T, class Device>
constexpr bool conv2d_takes_gradient_prologue(const FilterShape& w, const Conv2DOptions& o) {
  constexpr std::int64_t most = (128 << 10) / static_cast<std::int64_t>(sizeof(T)), packet = 16;
  const bool pads = o.padding.given && !(o.padding.zeros == Border{});
  return conv2d_takes_prologue<Device>(w, o) && !pads && w.ci * ((w.co + packet - 1) / packet * packet) <= most;
}

/// All gradients of a convolution without an activation at once, where normalizations stand around it: what the one
/// behind makes of dy is never stored, and dy is read once; the sums for the one in front are made of dx while it is in
/// the cache.
///
///     x (N, H, W, CI), dy (N, H, W, CO), w (1, 1, CI, CO)
///         ->  dw (1, 1, CI, CO), db (CO) or empty, dx (N, H, W, CI) or empty, sums (CI) or empty, overwritten
///
/// Where conv2d_takes_gradient_prologue() says so; dw, db and dx with the bits of batch_normalization_backward,
/// conv2d_backward_weights and conv2d_backward_data one after the other. dx overlaps no input. workspace:
/// conv2d_workspace with a prologue. prologue: that of the forward pass, or empty, and then there are no sums. behind:
/// empty where dy is the gradient by this op's output.
template <class T, class Device>
void conv2d_backward(const Device& on, In<T, Device> x, In<T, Device> dy, In<T, Device> w, Out<T, Device> dw,
                     Out<T, Device> db, Out<T, Device> dx, const Conv2DOptions& o, Workspace<Device> workspace,
                     const Prologue<T, Device>& prologue, const GradientPrologue<T, Device>& behind,
                     const GradientSums<T, Device>& sums = {}) {
  detail::expect_shape("conv2d_backward", "dy", conv2d_shape(x.shape, w.shape, o), dy.shape);
  detail::expect_shape("conv2d_backward", "dw", w.shape, dw.shape);
  if (!db.empty()) detail::expect_shape("conv2d_backward", "db", Shape{w.shape[3]}, db.shape);
  if (!dx.empty() || !sums.empty()) detail::expect_shape("conv2d_backward", "dx", x.shape, dx.shape);
  if (!conv2d_takes_gradient_prologue<T, Device>(w.shape, o))
    detail::raise<ValueError>("conv2d_backward: takes no filters " + to_string(w.shape) + " of x " +
                              to_string(x.shape) +
                              " here, or none on a GPU: call ops::batch_normalization_backward, "
                              "conv2d_backward_weights and conv2d_backward_data one after the other");
  detail::expect_prologue("conv2d_backward", true, x.shape, prologue);
  if (!behind.empty()) detail::expect_gradient_prologue("conv2d_backward", dy.shape, behind);
  detail::expect_gradient_sums("conv2d_backward", x.shape, prologue, sums);
  detail::expect_workspace("conv2d_backward", conv2d_workspace<T>(on, x.shape, w.shape, o, true), workspace.size());
  kernel::conv2d<T, Device>::backward(on, x, dy, w, dw, db, dx, o, workspace, prologue, behind, sums);
}

}  // namespace brindle::ops
