#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/sigmoid/sigmoid.hpp"

namespace brindle::ops::kernel {

/// sigmoid of n elements by the calling thread; x and y may be the same.
template <class T>
inline void sigmoid_range(const T* x, T* y, std::int64_t n) {
  in_chunks<T>(
      n, [](auto in, auto out) { out = (T(1) + (-in).exp()).inverse(); }, x, y);
}

template <class T>
struct sigmoid<T, Cpu> {
  static void forward(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> y) {
    on.parallel_ranges(x.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      sigmoid_range(x.data + begin, y.data + begin, end - begin);
    });
  }

  static void backward(const Cpu& on, In<T, Cpu> y, In<T, Cpu> dy, Out<T, Cpu> dx) {
    on.parallel_ranges(y.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) dx.data[i] = dy.data[i] * y.data[i] * (T(1) - y.data[i]);
    });
  }
};

}  // namespace brindle::ops::kernel
