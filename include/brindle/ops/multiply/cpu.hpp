// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/multiply/multiply.hpp"

namespace brindle::ops::kernel {

template <class T>
struct multiply<T, Cpu> {
  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> factor, Out<T, Cpu> y, const FactorShape& s) {
    if (s.each_position && s.each_channel) {
      on.parallel_ranges(x.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) y.data[i] = x.data[i] * factor.data[i];
      });
      return;
    }
    each_rows(on, s, [&](std::int64_t row) {
      const T* from = x.data + row * s.channels;
      T* to = y.data + row * s.channels;
      const T* f = factor.data + row / s.positions * s.factor_size();
      if (s.each_channel) {
        for (std::int64_t c = 0; c < s.channels; ++c) to[c] = from[c] * f[c];
      } else {
        const T value = f[s.each_position ? row % s.positions : 0];
        for (std::int64_t c = 0; c < s.channels; ++c) to[c] = from[c] * value;
      }
    });
  }

  static void backward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dy, Out<T, Cpu> dfactor, const FactorShape& s) {
    if (s.each_position && s.each_channel) return forward(on, x, dy, dfactor, s);
    if (s.each_position) {
      each_rows(on, s, [&](std::int64_t row) { dfactor.data[row] = row_sum(x, dy, s, row); });
      return;
    }
    on.parallel(s.samples, [&](std::int64_t n, int) {
      T* to = dfactor.data + n * s.factor_size();
      std::fill_n(to, s.factor_size(), T(0));
      for (std::int64_t row = n * s.positions; row < (n + 1) * s.positions; ++row) {
        if (!s.each_channel) {
          *to += row_sum(x, dy, s, row);
          continue;
        }
        const T* a = x.data + row * s.channels;
        const T* b = dy.data + row * s.channels;
        for (std::int64_t c = 0; c < s.channels; ++c) to[c] += a[c] * b[c];
      }
    });
  }

 private:
  template <class F>
  static void each_rows(const Cpu& on, const FactorShape& s, F&& f) {
    const std::int64_t rows = std::max<std::int64_t>(elementwise_piece / std::max<std::int64_t>(s.channels, 1), 1);
    on.parallel_ranges(s.samples * s.positions, rows, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) f(row);
    });
  }

  static T row_sum(In<T, Cpu> x, In<T, Cpu> dy, const FactorShape& s, std::int64_t row) {
    T sum = 0;
    for (std::int64_t i = row * s.channels; i < (row + 1) * s.channels; ++i) sum += x.data[i] * dy.data[i];
    return sum;
  }
};

}  // namespace brindle::ops::kernel
