// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/clip/clip.hpp"

namespace brindle::ops {
namespace kernel {
template <class T, class Device>
struct l2_penalty;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}  // namespace kernel

/// Elements of the workspace of l2_penalty for n weights.
template <class T, class Device>
std::int64_t l2_penalty_workspace(const Device& on, std::int64_t n) {
  return kernel::clip<T, Device>::partial_sums(on, n) + 1;
}

/// total = total + factor sum(w^2): what large weights add to a loss.
///
///     w: any shape;  total (1);  workspace: l2_penalty_workspace() numbers.  factor >= 0
///
/// Squares are summed in double, in an order that depends on sizes alone. Keras: regularizers.py, L2.
template <class T, class Device>
void l2_penalty(const Device& on, In<T, Device> w, double factor, Out<double, Device> total,
                Out<double, Device> workspace) {
  if (workspace.size() < l2_penalty_workspace<T>(on, w.size()))
    detail::raise<ShapeError>("l2_penalty: expected a workspace of at least " +
                              std::to_string(l2_penalty_workspace<T>(on, w.size())) + " numbers, got " +
                              std::to_string(workspace.size()));
  detail::expect_shape("l2_penalty", "total", Shape{1}, total.shape);
  kernel::l2_penalty<T, Device>::add(on, w, factor, total, workspace);
}

/// g = g + 2 factor w: its gradient by w, added to that of the loss.
///
///     w, g: the same shape.  factor >= 0
template <class T, class Device>
void l2_penalty_backward(const Device& on, In<T, Device> w, double factor, Out<T, Device> g) {
  detail::expect_shape("l2_penalty_backward", "gradient", w.shape, g.shape);
  kernel::l2_penalty<T, Device>::backward(on, w, factor, g);
}

namespace reference {

template <class T>
double l2_penalty(In<T, Cpu> w, double factor) {
  double sum = 0;
  for (std::int64_t i = 0; i < w.size(); ++i) sum += static_cast<double>(w.data[i]) * static_cast<double>(w.data[i]);
  return factor * sum;
}

}  // namespace reference
}  // namespace brindle::ops
