// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/dropout/dropout.hpp"

namespace brindle::ops::kernel {

template <class T>
struct dropout<T, Cpu> {
  static void forward(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> y, const DropoutScale& scale, const Random& random) {
    const T factor = static_cast<T>(scale.factor);
    on.parallel_ranges(x.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      constexpr int lanes = 16;  // counters at a time
      alignas(64) std::uint32_t word[4 * lanes];
      for (std::int64_t i = begin; i < end; i += 4 * lanes) {  // begin is a multiple of 4: elementwise_piece is
        for (int lane = 0; lane < lanes; ++lane) {
          const Philox p = random.words(static_cast<std::uint64_t>(i / 4 + lane));
          for (int k = 0; k < 4; ++k) word[4 * lane + k] = p.word[k];
        }
        const std::int64_t count = std::min<std::int64_t>(end - i, 4 * lanes);
        for (std::int64_t k = 0; k < count; ++k)
          y.data[i + k] = word[k] >= scale.threshold ? x.data[i + k] * factor : T(0);
      }
    });
  }

  static void shared(const Cpu& on, In<T, Cpu> x, const Shape& noise, Out<T, Cpu> y, const DropoutScale& scale,
                     const Random& random) {
    const T factor = static_cast<T>(scale.factor);
    const std::int64_t last = x.shape.back(), piece = std::max<std::int64_t>(elementwise_piece / 4 / last, 1);
    const std::int64_t each = noise.back() > 1 ? 1 : 0;  // draws from one element of a row to the next
    on.parallel_ranges(x.size() / last, piece, [&](std::int64_t begin, std::int64_t end) {
      Philox words;
      std::int64_t drawn = -1;  // which four
      const auto is_kept = [&](std::int64_t draw) {
        if (draw / 4 != drawn) words = random.words(static_cast<std::uint64_t>(drawn = draw / 4));
        return words.word[draw % 4] >= scale.threshold;
      };
      for (std::int64_t row = begin; row < end; ++row) {
        const std::int64_t first = first_draw(x.shape, noise, row);
        for (std::int64_t i = row * last, draw = first; i < (row + 1) * last; ++i, draw += each)
          y.data[i] = is_kept(draw) ? x.data[i] * factor : T(0);
      }
    });
  }

  static void masked(const Cpu& on, In<T, Cpu> x, In<std::uint8_t, Cpu> mask, Out<T, Cpu> y,
                     const DropoutScale& scale) {
    const T factor = static_cast<T>(scale.factor);
    on.parallel_ranges(x.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) y.data[i] = mask.data[i] ? x.data[i] * factor : T(0);
    });
  }

 private:
  /// The draw of the first element of row `row`, the last axis being a row.
  static std::int64_t first_draw(const Shape& x, const Shape& noise, std::int64_t row) {
    std::int64_t draw = 0, step = noise.back();
    for (int axis = x.rank() - 2; axis >= 0; --axis) {
      if (noise[axis] > 1) draw += row % x[axis] * step;
      row /= x[axis];
      step *= noise[axis];
    }
    return draw;
  }
};

}  // namespace brindle::ops::kernel
