// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/implicit_gemm.hpp"
#include "brindle/ops/conv2d/tiles.hpp"

namespace brindle::ops::kernel {

/// dx of a convolution from dz, by ImplicitGemm or one like it.
///
/// With a stride of s, row h of dx meets filter rows i with i = h + top modulo s alone, so that every s-th row sees the
/// same taps: those rows and columns of dx are a convolution of their own over dz, with these taps rotated and
/// transposed and a stride of 1. There are s.h s.w of them; together they multiply as often as the forward pass. Where
/// the filter is smaller than the stride, some have no taps: dx is zero there.
template <class T, class Forward = ImplicitGemm<T>>
class ImplicitGemmGradient {
 public:
  /// g: of the convolution.
  explicit ImplicitGemmGradient(const ConvGeometry& g) : g_(g) {}

  /// Bytes of workspace.
  std::int64_t workspace(int threads) const {
    std::int64_t bytes = 0;
    each_part([&](const Forward& part) { bytes = std::max(bytes, part.forward_workspace(threads)); });
    return bytes;
  }

  /// w (KH, KW, CI, CO).
  void run(const Cpu& on, const Picture<T>& dz, const T* w, T* dx, Workspace<Cpu> workspace) const {
    if (g_.kh < g_.stride.h || g_.kw < g_.stride.w)
      on.parallel_ranges(g_.n * g_.h * g_.w * g_.ci, std::int64_t{1} << 16,
                         [&](std::int64_t begin, std::int64_t end) { std::fill_n(dx + begin, end - begin, T(0)); });
    each_part([&](const Forward& part) { part.forward(on, dz, w, true, {.y = dx}, workspace); });
  }

 private:
  /// One axis of a part: the taps first, first + stride, ... meet the places at, at + stride, ... of dx.
  struct Axis {
    std::int64_t taps, at, places, before;

    Axis(std::int64_t first, std::int64_t stride, std::int64_t kernel, std::int64_t size, std::int64_t zeros)
        : taps(kernel > first ? (kernel - first + stride - 1) / stride : 0),
          at(((first - zeros) % stride + stride) % stride),
          places(size > at ? (size - at + stride - 1) / stride : 0),
          before(taps - 1 - (at + zeros - first) / stride) {}
  };

  template <class F>
  void each_part(F&& work) const {
    for (std::int64_t i = 0; i < g_.stride.h; ++i)
      for (std::int64_t j = 0; j < g_.stride.w; ++j) {
        const Axis rows(i, g_.stride.h, g_.kh, g_.h, g_.top), columns(j, g_.stride.w, g_.kw, g_.w, g_.left);
        if (rows.taps == 0 || columns.taps == 0 || rows.places == 0 || columns.places == 0) continue;
        const ConvGeometry part{g_.n,        g_.oh,          g_.ow, g_.co,    rows.taps,   columns.taps,
                                rows.places, columns.places, g_.ci, Size2(1), rows.before, columns.before};
        work(Forward(part, {.kw = g_.kw, .first = Size2(i, j), .step = g_.stride},
                     {.h = g_.h, .w = g_.w, .first = Size2(rows.at, columns.at), .step = g_.stride}));
      }
  }

  ConvGeometry g_;
};

}  // namespace brindle::ops::kernel
