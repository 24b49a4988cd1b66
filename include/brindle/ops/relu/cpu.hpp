#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/relu/relu.hpp"

namespace brindle::ops::kernel {

/// relu of n elements by the calling thread; x and y may be the same.
template <class T>
inline void relu_range(const T* x, T* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] < T(0) ? T(0) : x[i];
}

template <class T>
struct relu<T, Cpu> {
  static void forward(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> y) {
    on.parallel_ranges(x.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      relu_range(x.data + begin, y.data + begin, end - begin);
    });
  }

  static void backward(const Cpu& on, In<T, Cpu> y, In<T, Cpu> dy, Out<T, Cpu> dx) {
    on.parallel_ranges(y.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) dx.data[i] = y.data[i] > T(0) ? dy.data[i] : T(0);
    });
  }
};

}  // namespace brindle::ops::kernel
