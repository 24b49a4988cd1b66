// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/categorical_crossentropy/categorical_crossentropy.hpp"

namespace brindle::ops::kernel {

template <class T>
struct categorical_crossentropy<T, Cpu> {
  static void logits(const Cpu& on, In<T, Cpu> z, In<T, Cpu> t, In<T, Cpu> weight, Out<T, Cpu> each, Out<T, Cpu> dz,
                     const CategoricalCrossentropyOptions& o) {
    samples(on, z, t, weight, each, dz, o, reference::categorical_crossentropy_logits<T>);
  }

  static void probabilities(const Cpu& on, In<T, Cpu> p, In<T, Cpu> t, In<T, Cpu> weight, Out<T, Cpu> each,
                            Out<T, Cpu> dp, const CategoricalCrossentropyOptions& o) {
    samples(on, p, t, weight, each, dp, o, reference::categorical_crossentropy<T>);
  }

 private:
  template <class F>
  static void samples(const Cpu& on, In<T, Cpu> x, In<T, Cpu> t, In<T, Cpu> weight, Out<T, Cpu> each, Out<T, Cpu> dx,
                      const CategoricalCrossentropyOptions& o, F&& row) {
    const std::int64_t count = x.shape[0], k = x.shape[1];
    on.parallel_ranges(count, k < 1024 ? 1024 / k : 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; ++n) {
        const T factor = (weight.empty() ? T(1) : weight.data[n]) / static_cast<T>(count);
        each.data[n] = row(x.data + n * k, t.data + n * k, k, factor, dx.empty() ? nullptr : dx.data + n * k, o);
      }
    });
  }
};

}  // namespace brindle::ops::kernel
