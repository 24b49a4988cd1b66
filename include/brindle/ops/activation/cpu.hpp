// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/activation/activation.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/cpu_lanes.hpp"

namespace brindle::ops::kernel {

/// y = f(x) of n elements by the calling thread; x and y may be the same. f is not softmax. An element's bits do not
/// depend on where it stands, so that a tail of a product has those of the op.
template <class T>
[[gnu::noinline]] inline void activate_range(ActivationFunction f, const T* x, T* y, std::int64_t n) {
  activations::with_function(f, [&](auto function) {
    in_lanes<T>(
        n, [function](auto in) { return function.value(in); }, y, x);
  });
}

/// f in place of `rows` runs of n elements that begin `step` elements apart, by the calling thread.
template <class T>
inline void activate_rows(ActivationFunction f, T* y, std::int64_t rows, std::int64_t step, std::int64_t n) {
  if (n == step) return activate_range(f, y, y, rows * n);
  for (std::int64_t r = 0; r < rows; ++r) activate_range(f, y + r * step, y + r * step, n);
}

template <class T>
struct activation<T, Cpu> {
  static void forward(const Cpu& on, ActivationFunction f, In<T, Cpu> x, Out<T, Cpu> y) {
    on.parallel_ranges(x.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      activate_range(f, x.data + begin, y.data + begin, end - begin);
    });
  }

  static void backward(const Cpu& on, ActivationFunction f, In<T, Cpu> z, In<T, Cpu> dy, Out<T, Cpu> dx) {
    activations::with_function(f, [&](auto function) { gradient(on, function, z, dy, dx); });
  }

  static void rectify(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> y, const RectifierOptions& o) {
    value(on, activations::Rectifier(o), x, y);
  }

  static void rectify_backward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dy, Out<T, Cpu> dx, const RectifierOptions& o) {
    gradient(on, activations::Rectifier(o), x, dy, dx);
  }

  static void elu(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> y, double alpha) {
    value(on, activations::Elu{{}, alpha}, x, y);
  }

  static void elu_backward(const Cpu& on, In<T, Cpu> y, In<T, Cpu> dy, Out<T, Cpu> dx, double alpha) {
    gradient(on, activations::Elu{{}, alpha}, y, dy, dx);
  }

 private:
  template <class F>
  static void value(const Cpu& on, const F& function, In<T, Cpu> x, Out<T, Cpu> y) {
    on.parallel_ranges(x.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      in_lanes<T>(
          end - begin, [&function](auto in) { return function.value(in); }, y.data + begin, x.data + begin);
    });
  }

  template <class F>
  static void gradient(const Cpu& on, const F& function, In<T, Cpu> z, In<T, Cpu> dy, Out<T, Cpu> dx) {
    on.parallel_ranges(z.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      in_lanes<T>(
          end - begin, [&function](auto from, auto g) { return function.gradient(from, g); }, dx.data + begin,
          z.data + begin, dy.data + begin);
    });
  }
};

}  // namespace brindle::ops::kernel
