// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/globalpool2d/globalpool2d.hpp"

namespace brindle::ops::kernel {

/// Tasks are pictures, and blocks of their channels where these are many.
template <class T>
struct globalpool2d<T, Cpu> {
  static void average(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> y) {
    blocks(on, x.shape, [&](const Block& at) {
      const T* from = x.data + at.first;
      T sums[most], row[most];
      std::fill_n(sums, at.channels, T(0));
      for (std::int64_t h = 0; h < at.in.h; ++h) {
        std::fill_n(row, at.channels, T(0));
        for (std::int64_t w = 0; w < at.in.w; ++w, from += at.in.c)
          for (std::int64_t c = 0; c < at.channels; ++c) row[c] += from[c];
        for (std::int64_t c = 0; c < at.channels; ++c) sums[c] += row[c];
      }
      const T pixels = static_cast<T>(at.in.h * at.in.w);
      for (std::int64_t c = 0; c < at.channels; ++c) y.data[at.sums + c] = sums[c] / pixels;
    });
  }

  static void average_backward(const Cpu& on, In<T, Cpu> dy, Out<T, Cpu> dx) {
    blocks(on, dx.shape, [&](const Block& at) {
      T part[most];
      const T pixels = static_cast<T>(at.in.h * at.in.w);
      for (std::int64_t c = 0; c < at.channels; ++c) part[c] = dy.data[at.sums + c] / pixels;
      T* to = dx.data + at.first;
      for (std::int64_t p = 0; p < at.in.h * at.in.w; ++p, to += at.in.c) std::copy_n(part, at.channels, to);
    });
  }

  static void maximum(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> y) {
    blocks(on, x.shape, [&](const Block& at) {
      const T* from = x.data + at.first;
      T best[most];
      std::copy_n(from, at.channels, best);
      for (std::int64_t p = 1; p < at.in.h * at.in.w; ++p) {
        from += at.in.c;
        for (std::int64_t c = 0; c < at.channels; ++c)
          best[c] = ((from[c] > best[c]) | (from[c] != from[c])) ? from[c] : best[c];
      }
      std::copy_n(best, at.channels, y.data + at.sums);
    });
  }

  static void maximum_backward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> y, In<T, Cpu> dy, Out<T, Cpu> dx) {
    blocks(on, x.shape, [&](const Block& at) {
      const T *best = y.data + at.sums, *from = x.data + at.first;
      T* to = dx.data + at.first;
      const auto is_largest = [&](std::int64_t c) {
        return (from[c] == best[c]) | ((from[c] != from[c]) & (best[c] != best[c]));
      };
      T part[most];  // first the number of pixels with the largest value
      std::fill_n(part, at.channels, T(0));
      for (std::int64_t p = 0; p < at.in.h * at.in.w; ++p, from += at.in.c)
        for (std::int64_t c = 0; c < at.channels; ++c) part[c] += is_largest(c) ? T(1) : T(0);
      for (std::int64_t c = 0; c < at.channels; ++c) part[c] = dy.data[at.sums + c] / part[c];
      from = x.data + at.first;
      for (std::int64_t p = 0; p < at.in.h * at.in.w; ++p, from += at.in.c, to += at.in.c)
        for (std::int64_t c = 0; c < at.channels; ++c) to[c] = is_largest(c) ? part[c] : T(0);
    });
  }

 private:
  static constexpr std::int64_t most = 256;  // channels of a task

  struct Block {
    Shape4 in;
    std::int64_t channels;  // so many
    std::int64_t first;     // the first one's element in x
    std::int64_t sums;      // and in y
  };

  template <class F>
  static void blocks(const Cpu& on, const Shape4& in, F&& work) {
    const std::int64_t parts = (in.c + most - 1) / most;
    on.parallel(in.n * parts, [&](std::int64_t i, int) {
      const std::int64_t n = i / parts, c = i % parts * most;
      work(Block{in, std::min(most, in.c - c), n * in.h * in.w * in.c + c, n * in.c + c});
    });
  }
};

}  // namespace brindle::ops::kernel
