// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {

/// Shape of y = dense(x, w): x (N, I), w (I, O) -> (N, O). Throws ShapeError if the two I differ.
inline Shape dense_shape(const Shape& x, const Shape& w) {
  if (x.rank() != 2 || w.rank() != 2 || x[1] != w[0])
    detail::raise<ShapeError>("dense: expected x (N, I) and w (I, O), got x " + to_string(x) + " and w " +
                              to_string(w));
  return {x[0], w[1]};
}

/// What dense_backward_update calls: (first_row, dw_block).
template <class T, class Device>
using DenseUpdate =
    std::type_identity_t<FunctionRef<void(std::int64_t first_row, TensorView<const T, Device> dw_block)>>;

namespace kernel {
template <class T, class Device>
struct dense;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// Bytes of workspace with which every dense call for these shapes runs.
template <class T, class Device>
std::int64_t dense_workspace(const Device& on, const Shape& x, const Shape& w) {
  dense_shape(x, w);
  return kernel::dense<T, Device>::workspace(on, x[0], w[0], w[1]);
}

/// y = activation(x w + bias).
///
///     x (N, I), w (I, O), bias (O) or empty  ->  y (N, O)
///
/// y overlaps no input. workspace: dense_workspace.
template <class T, class Device>
void dense(const Device& on, In<T, Device> x, In<T, Device> w, In<T, Device> bias, Out<T, Device> y,
           ActivationFunction activation, Workspace<Device> workspace) {
  detail::expect_shape("dense", "y", dense_shape(x.shape, w.shape), y.shape);
  if (!bias.empty()) detail::expect_shape("dense", "bias", Shape{w.shape[1]}, bias.shape);
  if (y.size() == 0) return;
  detail::expect_workspace("dense", dense_workspace<T>(on, x.shape, w.shape), workspace.size());
  kernel::dense<T, Device>::forward(on, x, w, bias, y, activation, workspace);
}

/// Gradient by x, from the gradient by the sum before the activation.
///
///     dz (N, O), w (I, O)  ->  dx (N, I) = dz w^T, overwritten
template <class T, class Device>
void dense_backward_data(const Device& on, In<T, Device> dz, In<T, Device> w, Out<T, Device> dx,
                         Workspace<Device> workspace) {
  detail::expect_shape("dense_backward_data", "dz", dense_shape(dx.shape, w.shape), dz.shape);
  if (dx.size() == 0) return;
  detail::expect_workspace("dense_backward_data", dense_workspace<T>(on, dx.shape, w.shape), workspace.size());
  kernel::dense<T, Device>::backward_data(on, dz, w, dx, workspace);
}

/// Gradients by w and bias, from the gradient by the sum before the activation, summed over the batch.
///
///     x (N, I), dz (N, O)  ->  dw (I, O) = x^T dz, db (O) or empty, overwritten
template <class T, class Device>
void dense_backward_weights(const Device& on, In<T, Device> x, In<T, Device> dz, Out<T, Device> dw, Out<T, Device> db,
                            Workspace<Device> workspace) {
  detail::expect_shape("dense_backward_weights", "dz", dense_shape(x.shape, dw.shape), dz.shape);
  if (!db.empty()) detail::expect_shape("dense_backward_weights", "db", Shape{dw.shape[1]}, db.shape);
  detail::expect_workspace("dense_backward_weights", dense_workspace<T>(on, x.shape, dw.shape), workspace.size());
  kernel::dense<T, Device>::backward_weights(on, x, dz, dw, db, workspace);
}

/// Both gradients in one pass over w, a block of rows at a time, so that the gradient of w is never stored whole.
///
///     x (N, I), dz (N, O), w (I, O)  ->  dx (N, I) or empty, db (O) or empty, overwritten
///
/// update(first_row, dw_block) gets rows [first_row, first_row + dw_block.shape[0]) of dw, after that part of dx is
/// made, and may then change these rows of w. It is called from several threads at once, for each row once.
/// state (I, O) or empty: what update() reads and writes besides; its rows are called for from memory ahead of time.
template <class T, class Device>
void dense_backward_update(const Device& on, In<T, Device> x, In<T, Device> dz, In<T, Device> w, Out<T, Device> dx,
                           Out<T, Device> db, DenseUpdate<T, Device> update, Workspace<Device> workspace,
                           In<T, Device> state = {}) {
  detail::expect_shape("dense_backward_update", "dz", dense_shape(x.shape, w.shape), dz.shape);
  if (!dx.empty()) detail::expect_shape("dense_backward_update", "dx", x.shape, dx.shape);
  if (!db.empty()) detail::expect_shape("dense_backward_update", "db", Shape{w.shape[1]}, db.shape);
  if (!state.empty()) detail::expect_shape("dense_backward_update", "state", w.shape, state.shape);
  detail::expect_workspace("dense_backward_update", dense_workspace<T>(on, x.shape, w.shape), workspace.size());
  kernel::dense<T, Device>::backward_update(on, x, dz, w, dx, db, update, state, workspace);
}

namespace reference {

template <class T>
void dense(In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y, ActivationFunction activation) {
  const std::int64_t inputs = w.shape[0], outputs = w.shape[1];
  for (std::int64_t n = 0; n < x.shape[0]; ++n)
    for (std::int64_t o = 0; o < outputs; ++o) {
      T sum = bias.empty() ? T(0) : bias.data[o];
      for (std::int64_t i = 0; i < inputs; ++i) sum += x.data[n * inputs + i] * w.data[i * outputs + o];
      y.data[n * outputs + o] = sum;
    }
  activate<T>(activation, y, y);
}

template <class T>
void dense_backward_data(In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx) {
  const std::int64_t inputs = w.shape[0], outputs = w.shape[1];
  for (std::int64_t n = 0; n < dz.shape[0]; ++n)
    for (std::int64_t i = 0; i < inputs; ++i) {
      T sum = 0;
      for (std::int64_t o = 0; o < outputs; ++o) sum += dz.data[n * outputs + o] * w.data[i * outputs + o];
      dx.data[n * inputs + i] = sum;
    }
}

template <class T>
void dense_backward_weights(In<T, Cpu> x, In<T, Cpu> dz, Out<T, Cpu> dw, Out<T, Cpu> db) {
  const std::int64_t inputs = dw.shape[0], outputs = dw.shape[1], samples = x.shape[0];
  for (std::int64_t i = 0; i < inputs; ++i)
    for (std::int64_t o = 0; o < outputs; ++o) {
      T sum = 0;
      for (std::int64_t n = 0; n < samples; ++n) sum += x.data[n * inputs + i] * dz.data[n * outputs + o];
      dw.data[i * outputs + o] = sum;
    }
  if (db.empty()) return;
  for (std::int64_t o = 0; o < outputs; ++o) {
    db.data[o] = 0;
    for (std::int64_t n = 0; n < samples; ++n) db.data[o] += dz.data[n * outputs + o];
  }
}

}  // namespace reference
}  // namespace brindle::ops
