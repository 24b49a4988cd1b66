// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/add/add.hpp"
#include "brindle/ops/cpu_chunks.hpp"

namespace brindle::ops::kernel {

template <class T>
struct add<T, Cpu> {
  static void forward(const Cpu& on, In<T, Cpu> a, In<T, Cpu> b, Out<T, Cpu> y) {
    on.parallel_ranges(y.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) y.data[i] = a.data[i] + b.data[i];
    });
  }
};

}  // namespace brindle::ops::kernel
