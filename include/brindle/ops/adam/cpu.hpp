// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/adam/adam.hpp"
#include "brindle/ops/cpu_chunks.hpp"

namespace brindle::ops::kernel {

/// adam on n elements by the calling thread, for a part of the parameters; t is the number of the step, from 1. most is
/// not null with amsgrad.
template <class T>
inline void adam_range(T* w, const T* g, T* m, T* v, T* most, std::int64_t n, std::int64_t t, const AdamOptions& o) {
  const T rate = static_cast<T>(o.rate(t)), epsilon = static_cast<T>(o.epsilon), decay = static_cast<T>(o.decay);
  const T rest_1 = static_cast<T>(1 - o.beta_1), rest_2 = static_cast<T>(1 - o.beta_2);
  with_decay(o.decay, [&](auto decays) {
    if (o.amsgrad) {
      in_chunks<T>(
          n,
          [=](auto w_, auto g_, auto m_, auto v_, auto most_) {
            m_ += (g_ - m_) * rest_1;
            v_ += (g_.square() - v_) * rest_2;
            most_ = most_.max(v_);
            if constexpr (decays) w_ -= w_ * decay;
            w_ -= m_ * rate / (most_.sqrt() + epsilon);
          },
          w, g, m, v, most);
    } else {
      in_chunks<T>(
          n,
          [=](auto w_, auto g_, auto m_, auto v_) {
            m_ += (g_ - m_) * rest_1;
            v_ += (g_.square() - v_) * rest_2;
            if constexpr (decays) w_ -= w_ * decay;
            w_ -= m_ * rate / (v_.sqrt() + epsilon);
          },
          w, g, m, v);
    }
  });
}

template <class T>
struct adam<T, Cpu> {
  static void step(const Cpu& on, Out<T, Cpu> w, In<T, Cpu> g, Out<T, Cpu> m, Out<T, Cpu> v, Out<T, Cpu> most,
                   std::int64_t t, const AdamOptions& o) {
    on.parallel_ranges(w.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      adam_range(w.data + begin, g.data + begin, m.data + begin, v.data + begin,
                 o.amsgrad ? most.data + begin : nullptr, end - begin, t, o);
    });
  }
};

}  // namespace brindle::ops::kernel
