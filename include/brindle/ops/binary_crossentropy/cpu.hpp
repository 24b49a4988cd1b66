// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/binary_crossentropy/binary_crossentropy.hpp"

namespace brindle::ops::kernel {

template <class T>
struct binary_crossentropy<T, Cpu> {
  static void logits(const Cpu& on, In<T, Cpu> z, In<T, Cpu> t, In<T, Cpu> weight, Out<T, Cpu> each, Out<T, Cpu> dz,
                     const BinaryCrossentropyOptions& o) {
    samples(on, z, t, weight, each, dz, [&o](T x, T target) { return LossElement<T>::logit(x, target, o); });
  }

  static void probabilities(const Cpu& on, In<T, Cpu> p, In<T, Cpu> t, In<T, Cpu> weight, Out<T, Cpu> each,
                            Out<T, Cpu> dp, const BinaryCrossentropyOptions& o) {
    samples(on, p, t, weight, each, dp, [&o](T x, T target) { return LossElement<T>::probability(x, target, o); });
  }

 private:
  template <class F>
  static void samples(const Cpu& on, In<T, Cpu> x, In<T, Cpu> t, In<T, Cpu> weight, Out<T, Cpu> each, Out<T, Cpu> dx,
                      F&& element) {
    const std::int64_t k = x.shape[1];
    const T count = static_cast<T>(x.size());
    on.parallel_ranges(x.shape[0], k < 1024 ? 1024 / k : 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; ++n) {
        const T factor = (weight.empty() ? T(1) : weight.data[n]) / count;
        T sum = 0;
        for (std::int64_t i = n * k; i < (n + 1) * k; ++i) {
          const LossElement<T> at = element(x.data[i], t.data[i]);
          sum += at.loss;
          if (!dx.empty()) dx.data[i] = factor * at.derivative;
        }
        each.data[n] = sum / static_cast<T>(k);
      }
    });
  }
};

}  // namespace brindle::ops::kernel
