// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/zero_padding2d/zero_padding2d.hpp"

namespace brindle::ops::kernel {

template <class T>
struct zero_padding2d<T, Cpu> {
  static void forward(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> y, const Border& border) {
    const Shape4 in = x.shape, out = y.shape;
    const std::int64_t row = in.w * in.c, padded = out.w * out.c, left = border.left * in.c;
    on.parallel_ranges(out.n * out.h, rows_a_task(padded), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        T* to = y.data + r * padded;
        const std::int64_t h = r % out.h - border.top;
        if (h < 0 || h >= in.h) {
          std::fill_n(to, padded, T(0));
          continue;
        }
        std::fill_n(to, left, T(0));
        std::copy_n(x.data + (r / out.h * in.h + h) * row, row, to + left);
        std::fill_n(to + left + row, border.right * in.c, T(0));
      }
    });
  }

  static void backward(const Cpu& on, In<T, Cpu> dy, Out<T, Cpu> dx, const Border& border) {
    const Shape4 in = dx.shape, out = dy.shape;
    const std::int64_t row = in.w * in.c;
    on.parallel_ranges(in.n * in.h, rows_a_task(row), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r)
        std::copy_n(dy.data + ((r / in.h * out.h + r % in.h + border.top) * out.w + border.left) * in.c, row,
                    dx.data + r * row);
    });
  }

 private:
  static std::int64_t rows_a_task(std::int64_t row) {
    return std::max<std::int64_t>(16384 / std::max<std::int64_t>(row, 1), 1);
  }
};

}  // namespace brindle::ops::kernel
