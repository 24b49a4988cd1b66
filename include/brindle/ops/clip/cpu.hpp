// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/clip/clip.hpp"
#include "brindle/ops/cpu_chunks.hpp"

namespace brindle::ops::kernel {

template <class T>
struct clip<T, Cpu> {
  static void value(const Cpu& on, Out<T, Cpu> g, double limit) {
    const T high = static_cast<T>(limit);
    on.parallel_ranges(g.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      in_chunks<T>(
          end - begin,
          [high](auto x) {
            x = (x > high).select(high, x);
            x = (x < -high).select(-high, x);
          },
          g.data + begin);
    });
  }

  /// One for each piece of a gradient of n elements.
  static std::int64_t partial_sums(const Cpu&, std::int64_t n) {
    return (n + elementwise_piece - 1) / elementwise_piece;
  }

  static void square_sum(const Cpu& on, In<T, Cpu> g, Out<double, Cpu> sum, double* partial) {
    on.parallel_ranges(g.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      constexpr int lanes = 64 / static_cast<int>(sizeof(T));
      Eigen::Array<double, lanes, 1> squares = Eigen::Array<double, lanes, 1>::Zero();
      in_chunks<T>(
          end - begin, [&](auto x) { squares += x.template cast<double>().square(); }, g.data + begin);
      double of_piece = 0;
      for (int k = 0; k < lanes; ++k) of_piece += squares[k];
      partial[begin / elementwise_piece] = of_piece;
    });
    double all = 0;
    for (std::int64_t i = 0; i < partial_sums(on, g.size()); ++i) all += partial[i];
    sum.data[0] = all;
  }

  static void factors(const Cpu&, In<double, Cpu> sums, Out<double, Cpu> factors, double limit, bool global) {
    double all = 0;
    for (std::int64_t i = 0; i < sums.size(); ++i) all += sums.data[i];
    for (std::int64_t i = 0; i < sums.size(); ++i) factors.data[i] = clip_factor(global ? all : sums.data[i], limit);
  }

  static void scale(const Cpu& on, Out<T, Cpu> g, In<double, Cpu> by) {
    if (by.data[0] == 1) return;
    const T factor = static_cast<T>(by.data[0]);
    on.parallel_ranges(g.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      in_chunks<T>(
          end - begin, [factor](auto x) { x *= factor; }, g.data + begin);
    });
  }
};

}  // namespace brindle::ops::kernel
