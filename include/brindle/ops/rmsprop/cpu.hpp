// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/rmsprop/rmsprop.hpp"

namespace brindle::ops::kernel {

/// rmsprop on n elements by the calling thread, for a part of the parameters. mean is not null if centered, move is not
/// null with momentum.
template <class T>
inline void rmsprop_range(T* w, const T* g, T* v, T* mean, T* move, std::int64_t n, const RMSpropOptions& o) {
  const T rate = static_cast<T>(o.learning_rate), rho = static_cast<T>(o.rho), rest = static_cast<T>(1 - o.rho);
  const T momentum = static_cast<T>(o.momentum), epsilon = static_cast<T>(o.epsilon);
  const T decay = static_cast<T>(o.decay);
  if (!o.centered && o.momentum == 0 && !o.keras2) {
    with_decay(o.decay, [&](auto decays) {
      in_chunks<T>(
          n,
          [=](auto w_, auto g_, auto v_) {
            v_ = rho * v_ + rest * g_.square();
            if constexpr (decays) w_ -= w_ * decay;
            w_ -= rate * g_ * (v_ + epsilon).rsqrt();
          },
          w, g, v);
    });
    return;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    v[i] = rho * v[i] + rest * g[i] * g[i];
    T square = v[i];
    if (o.centered) {
      mean[i] = rho * mean[i] + rest * g[i];
      square -= mean[i] * mean[i];
      if (square < T(0)) square = T(0);  // by rounding only
    }
    T step = rate * g[i] / (o.keras2 ? std::sqrt(square) + epsilon : std::sqrt(square + epsilon));
    if (o.momentum != 0) step = move[i] = momentum * move[i] + step;
    if (decay != T(0)) w[i] -= w[i] * decay;
    w[i] -= step;
  }
}

template <class T>
struct rmsprop<T, Cpu> {
  static void step(const Cpu& on, Out<T, Cpu> w, In<T, Cpu> g, Out<T, Cpu> v, Out<T, Cpu> mean, Out<T, Cpu> move,
                   const RMSpropOptions& o) {
    on.parallel_ranges(w.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      rmsprop_range(w.data + begin, g.data + begin, v.data + begin, o.centered ? mean.data + begin : nullptr,
                    o.momentum != 0 ? move.data + begin : nullptr, end - begin, o);
    });
  }
};

}  // namespace brindle::ops::kernel
