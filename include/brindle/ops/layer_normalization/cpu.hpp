// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/layer_normalization/layer_normalization.hpp"

namespace brindle::ops::kernel {

template <class T>
struct layer_normalization<T, Cpu> {
  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> gamma, In<T, Cpu> beta, Out<T, Cpu> y, double epsilon) {
    const std::int64_t k = x.shape.back(), piece = std::max<std::int64_t>(elementwise_piece / 4 / k, 1);
    on.parallel_ranges(x.size() / k, piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin * k; row < end * k; row += k) {
        const Row of(x.data + row, k, epsilon);
        T* to = y.data + row;
        for (std::int64_t i = 0; i < k; ++i) to[i] = of.normal(i);
        if (!gamma.empty())
          for (std::int64_t i = 0; i < k; ++i) to[i] *= gamma.data[i];
        if (!beta.empty())
          for (std::int64_t i = 0; i < k; ++i) to[i] += beta.data[i];
      }
    });
  }

  static std::int64_t workspace(const Cpu&, const Shape& x) {
    Scratch scratch;
    scratch.take<T>(2 * parts(x) * x.back());
    return scratch.bytes();
  }

  static void backward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> gamma, In<T, Cpu> dy, Out<T, Cpu> dx, Out<T, Cpu> dgamma,
                       Out<T, Cpu> dbeta, double epsilon, Workspace<Cpu> workspace) {
    const std::int64_t k = x.shape.back(), rows = x.size() / k, count = parts(x.shape);
    Scratch scratch(workspace);
    T* const sums = scratch.take<T>(2 * count * k);
    on.parallel(count, [&](std::int64_t part, int) {
      T *scales = sums + 2 * part * k, *shifts = scales + k;
      std::fill_n(scales, 2 * k, T(0));
      for (std::int64_t row = part * rows / count * k; row < (part + 1) * rows / count * k; row += k) {
        const Row of(x.data + row, k, epsilon);
        const T* d = dy.data + row;
        for (std::int64_t i = 0; i < k; ++i) scales[i] += d[i] * of.normal(i);
        for (std::int64_t i = 0; i < k; ++i) shifts[i] += d[i];
        if (dx.empty()) continue;
        T* to = dx.data + row;
        if (gamma.empty())
          turn(of, k, to, [&](std::int64_t i) { return d[i]; });
        else
          turn(of, k, to, [&](std::int64_t i) { return d[i] * gamma.data[i]; });
      }
    });
    for (std::int64_t i = 0; i < k; ++i) {
      T scale = 0, shift = 0;
      for (std::int64_t part = 0; part < count; ++part) {
        scale += sums[2 * part * k + i];
        shift += sums[(2 * part + 1) * k + i];
      }
      if (!dgamma.empty()) dgamma.data[i] = scale;
      if (!dbeta.empty()) dbeta.data[i] = shift;
    }
  }

 private:
  /// Parts of the rows whose gradients by gamma and beta are summed apart.
  static std::int64_t parts(const Shape& x) { return std::clamp<std::int64_t>(x.size() / x.back(), 1, 32); }

  /// The sum of value(i), always in the same order: 16 sums by turns, and these from the first to the last.
  template <class F>
  static T sum(std::int64_t k, F&& value) {
    constexpr std::int64_t lanes = 16;
    T partial[lanes] = {}, all = 0;
    std::int64_t i = 0;
    for (; i + lanes <= k; i += lanes)
      for (std::int64_t l = 0; l < lanes; ++l) partial[l] += value(i + l);
    for (std::int64_t l = 0; i + l < k; ++l) partial[l] += value(i + l);
    for (std::int64_t l = 0; l < lanes; ++l) all += partial[l];
    return all;
  }

  /// A row of x, and what makes it normal.
  struct Row {
    const T* x;
    T mean, factor;

    Row(const T* x_, std::int64_t k, double epsilon) : x(x_) {
      mean = sum(k, [&](std::int64_t i) { return x[i]; }) / static_cast<T>(k);
      const T squares = sum(k, [&](std::int64_t i) { return (x[i] - mean) * (x[i] - mean); });
      factor = T(1) / std::sqrt(squares / static_cast<T>(k) + static_cast<T>(epsilon));
    }
    T normal(std::int64_t i) const { return (x[i] - mean) * factor; }
  };

  /// A row of dx from the gradient by the normal row, which dx may overwrite.
  template <class F>
  static void turn(const Row& of, std::int64_t k, T* dx, F&& by_normal) {
    const T slope = sum(k, by_normal) / static_cast<T>(k);
    const T along = sum(k, [&](std::int64_t i) { return by_normal(i) * of.normal(i); }) / static_cast<T>(k);
    for (std::int64_t i = 0; i < k; ++i) dx[i] = of.factor * (by_normal(i) - slope - of.normal(i) * along);
  }
};

}  // namespace brindle::ops::kernel
