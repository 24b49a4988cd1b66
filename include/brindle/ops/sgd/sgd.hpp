// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/parameter_update.hpp"

namespace brindle::ops {

struct SGDOptions {
  double learning_rate = 0.01;  ///< of the gradient, what is taken off
  double momentum = 0;          ///< how much of the last move is made again
  bool nesterov = false;        ///< look ahead by the new move; with momentum only
  double decay = 0;             ///< share of w that is taken off before the step: rate times weight decay
};

namespace kernel {
template <class T, class Device>
struct sgd;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}  // namespace kernel

/// One step of gradient descent in place: w = w - rate g; with momentum v = momentum v - rate g, then w = w + v
/// (nesterov: w = w + momentum v - rate g), as Keras 3 (optimizers/sgd.py). With decay, w = w - decay w first.
///
///     w, g, v: any shape, the same. v starts at 0 and is kept between steps; empty without momentum.
template <class T, class Device>
void sgd(const Device& on, Out<T, Device> w, In<T, Device> g, Out<T, Device> v, const SGDOptions& o) {
  detail::expect_shape("sgd", "g", w.shape, g.shape);
  if (o.momentum != 0) detail::expect_shape("sgd", "v (momentum)", w.shape, v.shape);
  kernel::sgd<T, Device>::step(on, w, g, v, o);
}

/// sgd of several parameters, those that do not decay (ParameterUpdate::decays) without decay; on a GPU in one launch.
/// Slot: v with momentum.
template <class T, class Device>
void sgd_all(const Device& on, std::type_identity_t<std::span<const ParameterUpdate<T, Device>>> all,
             const SGDOptions& o) {
  if constexpr (requires { kernel::sgd<T, Device>::step_all(on, all, o); })
    kernel::sgd<T, Device>::step_all(on, all, o);
  else
    for (const ParameterUpdate<T, Device>& p : all) sgd<T>(on, p.w, p.g, p.slot[0], p.decays ? o : without_decay(o));
}

namespace reference {

template <class T>
void sgd(Out<T, Cpu> w, In<T, Cpu> g, Out<T, Cpu> v, const SGDOptions& o) {
  for (std::int64_t i = 0; i < w.size(); ++i) {
    double move = -o.learning_rate * static_cast<double>(g.data[i]);
    if (o.momentum != 0) {
      const double velocity = o.momentum * static_cast<double>(v.data[i]) + move;
      v.data[i] = static_cast<T>(velocity);
      move = o.nesterov ? o.momentum * velocity + move : velocity;
    }
    w.data[i] = static_cast<T>(static_cast<double>(w.data[i]) * (1 - o.decay) + move);
  }
}

}  // namespace reference
}  // namespace brindle::ops
