// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/sparse_categorical_crossentropy/sparse_categorical_crossentropy.hpp"

namespace brindle::ops::kernel {

template <class T>
struct sparse_categorical_crossentropy<T, Cpu> {
  static void logits(const Cpu& on, In<T, Cpu> z, In<std::int32_t, Cpu> classes, In<T, Cpu> weight, Out<T, Cpu> each,
                     Out<T, Cpu> dz, const SparseCategoricalCrossentropyOptions& o) {
    samples(on, z, classes, weight, each, dz, o, reference::sparse_categorical_crossentropy_logits<T>);
  }

  static void probabilities(const Cpu& on, In<T, Cpu> p, In<std::int32_t, Cpu> classes, In<T, Cpu> weight,
                            Out<T, Cpu> each, Out<T, Cpu> dp, const SparseCategoricalCrossentropyOptions& o) {
    samples(on, p, classes, weight, each, dp, o, reference::sparse_categorical_crossentropy<T>);
  }

  static void class_numbers(const Cpu&, In<T, Cpu> labels, Out<std::int32_t, Cpu> classes) {
    for (std::int64_t i = 0; i < labels.size(); ++i) classes.data[i] = static_cast<std::int32_t>(labels.data[i]);
  }

 private:
  template <class F>
  static void samples(const Cpu& on, In<T, Cpu> x, In<std::int32_t, Cpu> classes, In<T, Cpu> weight, Out<T, Cpu> each,
                      Out<T, Cpu> dx, const SparseCategoricalCrossentropyOptions& o, F&& row) {
    const std::int64_t count = x.shape[0], k = x.shape[1];
    for (std::int64_t n = 0; n < count; ++n)
      if (classes.data[n] < 0 || classes.data[n] >= k)
        detail::raise<ValueError>("sparse_categorical_crossentropy: expected classes from 0 to " +
                                  std::to_string(k - 1) + " (x is " + to_string(x.shape) + "), got " +
                                  std::to_string(classes.data[n]) + " for sample " + std::to_string(n));
    const T smoothing = static_cast<T>(o.label_smoothing);
    on.parallel_ranges(count, k < 1024 ? 1024 / k : 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; ++n) {
        const T factor = (weight.empty() ? T(1) : weight.data[n]) / static_cast<T>(count);
        each.data[n] =
            row(x.data + n * k, k, classes.data[n], smoothing, factor, dx.empty() ? nullptr : dx.data + n * k);
      }
    });
  }
};

}  // namespace brindle::ops::kernel
