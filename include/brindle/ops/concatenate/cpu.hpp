// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/concatenate/concatenate.hpp"
#include "brindle/ops/cpu_chunks.hpp"

namespace brindle::ops::kernel {

template <class T>
struct concatenate<T, Cpu> {
  /// rows runs of `width` numbers, from_step and to_step apart.
  static void copy(const Cpu& on, std::int64_t rows, std::int64_t width, const T* from, std::int64_t from_step, T* to,
                   std::int64_t to_step) {
    const std::int64_t piece = std::max<std::int64_t>(elementwise_piece / std::max<std::int64_t>(width, 1), 1);
    on.parallel_ranges(rows, piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) std::copy_n(from + r * from_step, width, to + r * to_step);
    });
  }
};

}  // namespace brindle::ops::kernel
