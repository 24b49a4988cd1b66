// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/parameter_update.hpp"

namespace brindle::ops {

struct AdamOptions {
  double learning_rate = 1e-3;  ///< rate(t) before its correction
  double beta_1 = 0.9;          ///< how much of the mean of g stays each step
  double beta_2 = 0.999;        ///< how much of the mean of g^2 stays each step
  double epsilon = 1e-7;        ///< added to sqrt(v)
  bool amsgrad = false;         ///< divide by the largest v so far
  double decay = 0;             ///< share of w that is taken off before the step: rate times weight decay

  /// The learning rate of step t >= 1, corrected for means that started at 0.
  double rate(std::int64_t t) const {
    const double steps = static_cast<double>(t);
    return learning_rate * std::sqrt(1 - std::pow(beta_2, steps)) / (1 - std::pow(beta_1, steps));
  }
};

namespace kernel {
template <class T, class Device>
struct adam;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}  // namespace kernel

/// One Adam step in place: m += (1 - beta_1)(g - m), v += (1 - beta_2)(g^2 - v), then
/// w = w - rate(t) m / (sqrt(v) + epsilon), as Keras 3 (optimizers/adam.py). With decay, w = w - decay w first, which
/// is AdamW. With amsgrad, most = max(most, v) stands under the root instead of v.
///
///     w, g, m, v: any shape, the same; most: the same with amsgrad, else empty. m, v and most start at 0 and are kept
///     between steps.
///
/// t is the number of the step, from 1. Throws ValueError for t < 1.
template <class T, class Device>
void adam(const Device& on, Out<T, Device> w, In<T, Device> g, Out<T, Device> m, Out<T, Device> v, Out<T, Device> most,
          std::int64_t t, const AdamOptions& o) {
  if (t < 1) detail::raise<ValueError>("adam: expected a step number of at least 1, got " + std::to_string(t));
  detail::expect_shape("adam", "g", w.shape, g.shape);
  detail::expect_shape("adam", "m", w.shape, m.shape);
  detail::expect_shape("adam", "v", w.shape, v.shape);
  if (o.amsgrad) detail::expect_shape("adam", "most (amsgrad)", w.shape, most.shape);
  kernel::adam<T, Device>::step(on, w, g, m, v, most, t, o);
}

/// adam of several parameters, those that do not decay (ParameterUpdate::decays) without decay; on a GPU in one launch.
/// Slots: m, v, most.
template <class T, class Device>
void adam_all(const Device& on, std::type_identity_t<std::span<const ParameterUpdate<T, Device>>> all, std::int64_t t,
              const AdamOptions& o) {
  if constexpr (requires { kernel::adam<T, Device>::step_all(on, all, t, o); })
    kernel::adam<T, Device>::step_all(on, all, t, o);
  else
    for (const ParameterUpdate<T, Device>& p : all)
      adam<T>(on, p.w, p.g, p.slot[0], p.slot[1], p.slot[2], t, p.decays ? o : without_decay(o));
}

namespace reference {

template <class T>
void adam(Out<T, Cpu> w, In<T, Cpu> g, Out<T, Cpu> m, Out<T, Cpu> v, Out<T, Cpu> most, std::int64_t t,
          const AdamOptions& o) {
  for (std::int64_t i = 0; i < w.size(); ++i) {
    const double gradient = static_cast<double>(g.data[i]);
    const double mean = o.beta_1 * static_cast<double>(m.data[i]) + (1 - o.beta_1) * gradient;
    double square = o.beta_2 * static_cast<double>(v.data[i]) + (1 - o.beta_2) * gradient * gradient;
    m.data[i] = static_cast<T>(mean);
    v.data[i] = static_cast<T>(square);
    if (o.amsgrad) {
      square = std::max(square, static_cast<double>(most.data[i]));
      most.data[i] = static_cast<T>(square);
    }
    const double kept = static_cast<double>(w.data[i]) * (1 - o.decay);
    w.data[i] = static_cast<T>(kept - o.rate(t) * mean / (std::sqrt(square) + o.epsilon));
  }
}

}  // namespace reference
}  // namespace brindle::ops
