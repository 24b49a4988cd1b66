// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/clip/cpu.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/l2_penalty/l2_penalty.hpp"

namespace brindle::ops::kernel {

template <class T>
struct l2_penalty<T, Cpu> {
  static void add(const Cpu& on, In<T, Cpu> w, double factor, Out<double, Cpu> total, Out<double, Cpu> workspace) {
    clip<T, Cpu>::square_sum(on, w, {workspace.data, {1}}, workspace.data + 1);
    total.data[0] += factor * workspace.data[0];
  }

  static void backward(const Cpu& on, In<T, Cpu> w, double factor, Out<T, Cpu> g) {
    const T by = static_cast<T>(2 * factor);
    on.parallel_ranges(g.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      in_chunks<T>(
          end - begin, [by](auto gradient, auto weight) { gradient += by * weight; }, g.data + begin, w.data + begin);
    });
  }
};

}  // namespace brindle::ops::kernel
