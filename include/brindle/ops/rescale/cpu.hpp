// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/rescale/rescale.hpp"

namespace brindle::ops::kernel {

template <class T>
struct rescale<T, Cpu> {
  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> centre, In<T, Cpu> factor, In<T, Cpu> offset,
                      Out<T, Cpu> y) {
    const std::int64_t channels = x.shape.back();
    in_periods(on, x.size(), channels, [&](std::int64_t begin, std::int64_t count, std::int64_t first) {
      T c[period], f[period], o[period];
      fill(centre, first, count < period ? count : period, channels, c);
      fill(factor, first, count < period ? count : period, channels, f);
      fill(offset, first, count < period ? count : period, channels, o);
      for (std::int64_t i = 0; i < count; i += step(channels)) {
        const T* from = x.data + begin + i;
        T* to = y.data + begin + i;
        const std::int64_t n = std::min(step(channels), count - i);
        for (std::int64_t k = 0; k < n; ++k) to[k] = (from[k] - c[k]) * f[k] + o[k];
      }
    });
  }

  static void backward(const Cpu& on, In<T, Cpu> dy, In<T, Cpu> factor, Out<T, Cpu> dx) {
    const std::int64_t channels = dy.shape.back();
    in_periods(on, dy.size(), channels, [&](std::int64_t begin, std::int64_t count, std::int64_t first) {
      T f[period];
      fill(factor, first, count < period ? count : period, channels, f);
      for (std::int64_t i = 0; i < count; i += step(channels)) {
        const std::int64_t n = std::min(step(channels), count - i);
        for (std::int64_t k = 0; k < n; ++k) dx.data[begin + i + k] = dy.data[begin + i + k] * f[k];
      }
    });
  }

 private:
  static constexpr std::int64_t period = 512;  // numbers of channels, repeated to this many, so that loops are long

  // Elements from which on the channels repeat themselves, at most a period.
  static std::int64_t step(std::int64_t channels) { return channels > period ? period : period / channels * channels; }

  // work(begin, count, first channel): pieces in which step() elements see the same numbers.
  template <class F>
  static void in_periods(const Cpu& on, std::int64_t size, std::int64_t channels, F&& work) {
    if (size == 0) return;
    if (channels <= period) {
      const std::int64_t piece = std::max<std::int64_t>(elementwise_piece / step(channels), 1) * step(channels);
      on.parallel_ranges(size, piece, [&](std::int64_t begin, std::int64_t end) { work(begin, end - begin, 0); });
      return;
    }
    const std::int64_t parts = (channels + period - 1) / period;
    on.parallel_ranges(size / channels * parts, 32, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t first = i % parts * period;
        work(i / parts * channels + first, std::min(period, channels - first), first);
      }
    });
  }

  static void fill(const In<T, Cpu>& numbers, std::int64_t first, std::int64_t count, std::int64_t channels, T* to) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = numbers.data[numbers.size() == 1 ? 0 : (first + i) % channels];
  }
};

}  // namespace brindle::ops::kernel
