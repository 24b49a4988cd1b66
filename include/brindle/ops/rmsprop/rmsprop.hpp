// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <type_traits>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/parameter_update.hpp"

namespace brindle::ops {

struct RMSpropOptions {
  double learning_rate = 1e-3;  ///< of the gradient over its running size
  double rho = 0.9;             ///< how much of the mean of g^2 stays each step
  double momentum = 0;          ///< how much of the last move is made again
  double epsilon = 1e-7;        ///< added to v
  bool centered = false;        ///< divide by the deviation of g instead of its root mean square
  bool keras2 = false;          ///< sqrt(v) + epsilon as in Keras 2, instead of sqrt(v + epsilon)
  double decay = 0;             ///< share of w that is taken off before the step: rate times weight decay
};

namespace kernel {
template <class T, class Device>
struct rmsprop;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}  // namespace kernel

/// One RMSprop step in place: v = rho v + (1 - rho) g^2, then w = w - rate g / sqrt(v + epsilon). With decay,
/// w = w - decay w first.
///
///     w, g, v, mean, move: any shape, the same. v, mean and move start at 0 and are kept between steps.
///
/// mean = rho mean + (1 - rho) g is used (and needed) if centered: then v - mean^2 stands in the root; else empty.
/// move = momentum move + rate g / sqrt(..), w = w - move, if momentum > 0; else empty.
/// epsilon stands inside the root, as in Keras 3 (optimizers/rmsprop.py); Keras 2 had sqrt(v) + epsilon.
template <class T, class Device>
void rmsprop(const Device& on, Out<T, Device> w, In<T, Device> g, Out<T, Device> v, Out<T, Device> mean,
             Out<T, Device> move, const RMSpropOptions& o) {
  detail::expect_shape("rmsprop", "g", w.shape, g.shape);
  detail::expect_shape("rmsprop", "v", w.shape, v.shape);
  if (o.centered) detail::expect_shape("rmsprop", "mean (centered)", w.shape, mean.shape);
  if (o.momentum != 0) detail::expect_shape("rmsprop", "move (momentum)", w.shape, move.shape);
  kernel::rmsprop<T, Device>::step(on, w, g, v, mean, move, o);
}

/// rmsprop of several parameters, those that do not decay (ParameterUpdate::decays) without decay; on a GPU in one
/// launch. Slots, as Keras orders them: v, then move if momentum > 0, then mean if centered.
template <class T, class Device>
void rmsprop_all(const Device& on, std::type_identity_t<std::span<const ParameterUpdate<T, Device>>> all,
                 const RMSpropOptions& o) {
  const TensorView<T, Device> none;
  const bool moves = o.momentum != 0;
  if constexpr (requires { kernel::rmsprop<T, Device>::step_all(on, all, o); })
    kernel::rmsprop<T, Device>::step_all(on, all, o);
  else
    for (const ParameterUpdate<T, Device>& p : all)
      rmsprop<T>(on, p.w, p.g, p.slot[0], o.centered ? p.slot[moves ? 2 : 1] : none, moves ? p.slot[1] : none,
                 p.decays ? o : without_decay(o));
}

namespace reference {

template <class T>
void rmsprop(Out<T, Cpu> w, In<T, Cpu> g, Out<T, Cpu> v, Out<T, Cpu> mean, Out<T, Cpu> move, const RMSpropOptions& o) {
  for (std::int64_t i = 0; i < w.size(); ++i) {
    const double gradient = static_cast<double>(g.data[i]);
    double square = o.rho * static_cast<double>(v.data[i]) + (1 - o.rho) * gradient * gradient;
    v.data[i] = static_cast<T>(square);
    if (o.centered) {
      const double m = o.rho * static_cast<double>(mean.data[i]) + (1 - o.rho) * gradient;
      mean.data[i] = static_cast<T>(m);
      square -= m * m;
    }
    double step =
        o.learning_rate * gradient / (o.keras2 ? std::sqrt(square) + o.epsilon : std::sqrt(square + o.epsilon));
    if (o.momentum != 0) {
      step += o.momentum * static_cast<double>(move.data[i]);
      move.data[i] = static_cast<T>(step);
    }
    w.data[i] = static_cast<T>(static_cast<double>(w.data[i]) * (1 - o.decay) - step);
  }
}

}  // namespace reference
}  // namespace brindle::ops
