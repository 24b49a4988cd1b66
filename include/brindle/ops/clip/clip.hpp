// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "brindle/core/host_device.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"

namespace brindle::ops {
namespace kernel {
template <class T, class Device>
struct clip;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}  // namespace kernel

/// g = g, or the nearest number in [-limit, limit], each element by itself; NaN stays.
///
///     g: any shape, in place.  limit > 0
template <class T, class Device>
void clip_by_value(const Device& on, Out<T, Device> g, double limit) {
  kernel::clip<T, Device>::value(on, g, limit);
}

/// Elements of the workspace of clip_by_norm and clip_by_global_norm.
template <class T, class Device>
std::int64_t clip_workspace(const Device& on, std::type_identity_t<std::span<const TensorView<T, Device>>> all) {
  std::int64_t most = 0;
  for (const TensorView<T, Device>& g : all) most = std::max(most, kernel::clip<T, Device>::partial_sums(on, g.size()));
  return most + 2 * static_cast<std::int64_t>(all.size());
}

/// The number by which gradients whose squares have this sum are multiplied: limit / norm, or 1 if the norm is not
/// above the limit. NaN for a norm that is not finite: what is wrong must not look like numbers.
BRINDLE_HOST_DEVICE inline double clip_factor(double square_sum, double limit) {
  if (!(square_sum - square_sum == 0)) return square_sum - square_sum;
  const double norm = std::sqrt(square_sum);
  return norm > limit ? limit / norm : 1;
}

namespace kernel {

/// global: one norm of all, else each has its own.
template <class T, class Device>
void clip_norms(const Device& on, std::type_identity_t<std::span<const TensorView<T, Device>>> all, double limit,
                bool global, Out<double, Device> workspace) {
  if (workspace.size() < clip_workspace<T>(on, all))
    detail::raise<ShapeError>("clip: expected a workspace of at least " + std::to_string(clip_workspace<T>(on, all)) +
                              " numbers, got " + std::to_string(workspace.size()));
  const auto count = static_cast<std::int64_t>(all.size());
  const TensorView<double, Device> sums{workspace.data, {count}};
  const TensorView<double, Device> factors{sums.data + count, {count}};
  for (std::int64_t i = 0; i < count; ++i)
    kernel::clip<T, Device>::square_sum(on, all[static_cast<std::size_t>(i)], {sums.data + i, {1}},
                                        factors.data + count);
  kernel::clip<T, Device>::factors(on, sums, factors, limit, global);
  for (std::int64_t i = 0; i < count; ++i)
    kernel::clip<T, Device>::scale(on, all[static_cast<std::size_t>(i)], {factors.data + i, {1}});
}

}  // namespace kernel

/// Each gradient whose norm, the root of the sum of its squares, is above the limit is scaled to that norm, in place.
/// Squares are summed in double, in an order that depends on sizes alone.
///
///     workspace: clip_workspace() numbers.  limit > 0
///
/// Keras: optimizers/base_optimizer.py, _clip_by_norm; what is below the limit keeps its bits here.
template <class T, class Device>
void clip_by_norm(const Device& on, std::type_identity_t<std::span<const TensorView<T, Device>>> all, double limit,
                  Out<double, Device> workspace) {
  kernel::clip_norms<T, Device>(on, all, limit, false, workspace);
}

/// The same with one norm, that of all gradients as one row of numbers. Keras: clip_by_global_norm.
template <class T, class Device>
void clip_by_global_norm(const Device& on, std::type_identity_t<std::span<const TensorView<T, Device>>> all,
                         double limit, Out<double, Device> workspace) {
  kernel::clip_norms<T, Device>(on, all, limit, true, workspace);
}

namespace reference {

template <class T>
void clip_by_norm(std::type_identity_t<std::span<const TensorView<T, Cpu>>> all, double limit, bool global) {
  double of_all = 0;
  for (const auto& g : all)
    for (std::int64_t i = 0; i < g.size(); ++i)
      of_all += static_cast<double>(g.data[i]) * static_cast<double>(g.data[i]);
  for (const auto& g : all) {
    double sum = 0;
    for (std::int64_t i = 0; i < g.size(); ++i) sum += static_cast<double>(g.data[i]) * static_cast<double>(g.data[i]);
    const T factor = static_cast<T>(clip_factor(global ? of_all : sum, limit));
    for (std::int64_t i = 0; i < g.size(); ++i) g.data[i] *= factor;
  }
}

}  // namespace reference
}  // namespace brindle::ops
