// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/sgd/sgd.hpp"

namespace brindle::ops::kernel {

/// sgd on n elements by the calling thread, for a part of the parameters. v is not null with momentum.
template <class T>
inline void sgd_range(T* w, const T* g, T* v, std::int64_t n, const SGDOptions& o) {
  const T rate = static_cast<T>(o.learning_rate), momentum = static_cast<T>(o.momentum);
  const T decay = static_cast<T>(o.decay);
  with_decay(o.decay, [&](auto decays) {
    if (o.momentum == 0) {
      in_chunks<T>(
          n,
          [=](auto w_, auto g_) {
            if constexpr (decays) w_ -= w_ * decay;
            w_ -= rate * g_;
          },
          w, g);
    } else if (o.nesterov) {
      in_chunks<T>(
          n,
          [=](auto w_, auto g_, auto v_) {
            v_ = momentum * v_ - rate * g_;
            if constexpr (decays) w_ -= w_ * decay;
            w_ += momentum * v_ - rate * g_;
          },
          w, g, v);
    } else {
      in_chunks<T>(
          n,
          [=](auto w_, auto g_, auto v_) {
            v_ = momentum * v_ - rate * g_;
            if constexpr (decays) w_ -= w_ * decay;
            w_ += v_;
          },
          w, g, v);
    }
  });
}

template <class T>
struct sgd<T, Cpu> {
  static void step(const Cpu& on, Out<T, Cpu> w, In<T, Cpu> g, Out<T, Cpu> v, const SGDOptions& o) {
    on.parallel_ranges(w.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      sgd_range(w.data + begin, g.data + begin, o.momentum != 0 ? v.data + begin : nullptr, end - begin, o);
    });
  }
};

}  // namespace brindle::ops::kernel
