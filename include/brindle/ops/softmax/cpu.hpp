// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/softmax/softmax.hpp"

namespace brindle::ops::kernel {

/// softmax of one row of k elements; x and y may be the same.
template <class T>
inline void softmax_row(const T* x, T* y, std::int64_t k) {
  T largest = x[0];
  for (std::int64_t i = 1; i < k; ++i) largest = std::max(largest, x[i]);
  in_chunks<T>(
      k, [largest](auto in, auto out) { out = (in - largest).exp(); }, x, y);
  T sum = 0;
  for (std::int64_t i = 0; i < k; ++i) sum += y[i];
  for (std::int64_t i = 0; i < k; ++i) y[i] /= sum;
}

template <class T>
struct softmax<T, Cpu> {
  static void forward(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> y) {
    rows(on, x.shape, [&](std::int64_t row, std::int64_t k) { softmax_row(x.data + row, y.data + row, k); });
  }

  static void backward(const Cpu& on, In<T, Cpu> y, In<T, Cpu> dy, Out<T, Cpu> dx) {
    rows(on, y.shape, [&](std::int64_t row, std::int64_t k) {
      T sum = 0;
      for (std::int64_t i = row; i < row + k; ++i) sum += dy.data[i] * y.data[i];
      for (std::int64_t i = row; i < row + k; ++i) dx.data[i] = y.data[i] * (dy.data[i] - sum);
    });
  }

 private:
  template <class F>
  static void rows(const Cpu& on, const Shape& shape, F&& f) {
    const std::int64_t k = shape.back();
    const std::int64_t piece = std::max<std::int64_t>(elementwise_piece / 4 / k, 1);
    on.parallel_ranges(shape.size() / k, piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) f(row * k, k);
    });
  }
};

}  // namespace brindle::ops::kernel
