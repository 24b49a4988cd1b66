// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/add/add.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/cpu_lanes.hpp"

namespace brindle::ops::kernel {

template <class T>
struct add<T, Cpu> {
  static void forward(const Cpu& on, In<T, Cpu> a, In<T, Cpu> b, Out<T, Cpu> y, ActivationFunction f) {
    activations::with_function(f, [&](auto function) {
      on.parallel_ranges(y.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
        in_lanes<T>(
            end - begin, [function](auto one, auto other) { return function.value(one + other); }, y.data + begin,
            a.data + begin, b.data + begin);
      });
    });
  }
};

}  // namespace brindle::ops::kernel
