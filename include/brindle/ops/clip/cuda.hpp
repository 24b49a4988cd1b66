// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/clip/clip.hpp"
#include "brindle/ops/clip/cuda_kernels.hpp"

namespace brindle::ops::kernel {

template <class T>
struct clip<T, Cuda> {
  static void value(const Cuda& on, Out<T, Cuda> g, double limit) {
    launch(on, g.size(), ClipValue<T>{g.data, static_cast<T>(limit)});
  }

  /// Of two rounds; the third leaves the sum.
  static std::int64_t partial_sums(const Cuda&, std::int64_t n) { return first_round(n) + second_round(n); }

  static void square_sum(const Cuda& on, In<T, Cuda> g, Out<double, Cuda> sum, double* partial) {
    const std::int64_t n = g.size(), first = first_round(n), second = second_round(n);
    if (n <= each) {
      launch(on, 1, StridedSums<T, true>{g.data, sum.data, n, 1});
      return;
    }
    launch(on, first, StridedSums<T, true>{g.data, partial, n, first});
    launch(on, second, StridedSums<double, false>{partial, partial + first, first, second});
    launch(on, 1, StridedSums<double, false>{partial + first, sum.data, second, 1});
  }

  static void factors(const Cuda& on, In<double, Cuda> sums, Out<double, Cuda> factors, double limit, bool global) {
    launch(on, sums.size(), ClipFactors{sums.data, factors.data, sums.size(), limit, global});
  }

  static void scale(const Cuda& on, Out<T, Cuda> g, In<double, Cuda> by) {
    launch(on, g.size(), ScaleGradient<T>{g.data, by.data});
  }

 private:
  static constexpr std::int64_t each = 64;  // numbers that a thread adds, while that is enough threads

  static std::int64_t first_round(std::int64_t n) { return std::min<std::int64_t>((n + each - 1) / each, 65536); }
  static std::int64_t second_round(std::int64_t n) {
    return std::min<std::int64_t>((first_round(n) + each - 1) / each, 256);
  }
};

}  // namespace brindle::ops::kernel
