// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/regression_error/regression_error.hpp"

namespace brindle::ops::kernel {

template <class T>
struct regression_error<T, Cpu> {
  static void run(const Cpu& on, In<T, Cpu> y, In<T, Cpu> t, In<T, Cpu> weight, Out<T, Cpu> each, Out<T, Cpu> dy,
                  const RegressionErrorOptions& o) {
    const std::int64_t count = y.shape[0], k = y.shape[1];
    on.parallel_ranges(count, k < 1024 ? 1024 / k : 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; ++n) {
        const T factor = (weight.empty() ? T(1) : weight.data[n]) / static_cast<T>(count * k);
        each.data[n] = reference::regression_error<T>(y.data + n * k, t.data + n * k, k, factor,
                                                      dy.empty() ? nullptr : dy.data + n * k, o);
      }
    });
  }
};

}  // namespace brindle::ops::kernel
