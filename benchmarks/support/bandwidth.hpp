// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle::bench {

/// Bytes a second that the threads of `on` read and write together when they scale 128 MB in place: the best of ten
/// runs.
inline double memory_bandwidth(const Cpu& on) {
  Tensor<float> x({32 << 20});
  double best = 0;
  for (int run = 0; run < 10; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    on.parallel_ranges(x.size(), 1 << 18, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) x.data()[i] = x.data()[i] * 0.5f + 1.0f;
    });
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    best = std::max(best, 2.0 * static_cast<double>(x.bytes()) / time.count());
  }
  return best;
}

}  // namespace brindle::bench
