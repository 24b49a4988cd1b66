// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/cpu_scratch.hpp"

namespace brindle::ops::kernel {

template <class T>
struct batch_normalization<T, Cpu> {
  static std::int64_t workspace(const Cpu&, const Shape& x) {
    Scratch scratch;
    static_cast<void>(Arrays(scratch, Rows(x)));
    return scratch.bytes();
  }

  static void statistics(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> mean, Out<T, Cpu> variance,
                         Workspace<Cpu> workspace) {
    const Rows rows(x.shape);
    Scratch scratch(workspace);
    const Arrays arrays(scratch, rows);
    // A block's mean, then its squares around that while it is still in the cache.
    on.parallel(rows.blocks, [&](std::int64_t block, int) {
      const std::int64_t c = rows.channels, begin = rows.begin(block), end = rows.begin(block + 1);
      T *means = arrays.first + block * c, *squares = arrays.second + block * c;
      std::fill_n(means, c, T(0));
      std::fill_n(squares, c, T(0));
      for (std::int64_t r = begin; r < end; ++r)
        for (std::int64_t i = 0; i < c; ++i) means[i] += x.data[r * c + i];
      for (std::int64_t i = 0; i < c; ++i) means[i] /= static_cast<T>(end - begin);
      for (std::int64_t r = begin; r < end; ++r)
        for (std::int64_t i = 0; i < c; ++i) {
          const T off = x.data[r * c + i] - means[i];
          squares[i] += off * off;
        }
    });
    for (std::int64_t i = 0; i < rows.channels; ++i) {
      double count = 0, m = 0, s = 0;
      for (std::int64_t block = 0; block < rows.blocks; ++block) {
        const auto n = static_cast<double>(rows.begin(block + 1) - rows.begin(block));
        const double off = static_cast<double>(arrays.first[block * rows.channels + i]) - m;
        s += static_cast<double>(arrays.second[block * rows.channels + i]) + off * off * count * n / (count + n);
        m += off * n / (count + n);
        count += n;
      }
      mean.data[i] = static_cast<T>(m);
      variance.data[i] = static_cast<T>(s / count);
    }
  }

  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> mean, In<T, Cpu> variance, In<T, Cpu> gamma,
                      In<T, Cpu> beta, Out<T, Cpu> y, double epsilon) {
    const Rows rows(x.shape);
    on.parallel(rows.blocks, [&](std::int64_t block, int) {
      const std::int64_t c = rows.channels, end = rows.begin(block + 1);
      constexpr std::int64_t most = 64;  // channels at a time, whose factors stay in the first cache
      for (std::int64_t first = 0; first < c; first += most) {
        const std::int64_t count = std::min(most, c - first);
        alignas(64) T m[most], scale[most], shift[most];
        for (std::int64_t i = 0; i < count; ++i) {
          m[i] = mean.data[first + i];
          scale[i] = factor(variance, gamma, first + i, epsilon);
          shift[i] = beta.empty() ? T(0) : beta.data[first + i];
        }
        for (std::int64_t r = rows.begin(block); r < end; ++r) {
          const T* from = x.data + r * c + first;
          T* to = y.data + r * c + first;
          for (std::int64_t i = 0; i < count; ++i) to[i] = (from[i] - m[i]) * scale[i] + shift[i];
        }
      }
    });
  }

  static void backward(const Cpu& on, bool of_batch, In<T, Cpu> x, In<T, Cpu> mean, In<T, Cpu> variance,
                       In<T, Cpu> gamma, In<T, Cpu> dy, Out<T, Cpu> dx, Out<T, Cpu> dgamma, Out<T, Cpu> dbeta,
                       double epsilon, Workspace<Cpu> workspace) {
    const Rows rows(x.shape);
    Scratch scratch(workspace);
    const Arrays arrays(scratch, rows);
    const std::int64_t c = rows.channels;
    const bool sums = of_batch || !dgamma.empty() || !dbeta.empty();
    if (sums) {
      on.parallel(rows.blocks, [&](std::int64_t block, int) {
        T *scales = arrays.first + block * c, *shifts = arrays.second + block * c;
        std::fill_n(scales, c, T(0));
        std::fill_n(shifts, c, T(0));
        for (std::int64_t r = rows.begin(block); r < rows.begin(block + 1); ++r)
          for (std::int64_t i = 0; i < c; ++i) {
            const T d = dy.data[r * c + i];
            scales[i] += d * (x.data[r * c + i] - mean.data[i]);
            shifts[i] += d;
          }
      });
      for (std::int64_t i = 0; i < c; ++i) {
        double scale = 0, shift = 0;
        for (std::int64_t block = 0; block < rows.blocks; ++block) {
          scale += static_cast<double>(arrays.first[block * c + i]);
          shift += static_cast<double>(arrays.second[block * c + i]);
        }
        scale *= static_cast<double>(factor(variance, {}, i, epsilon));
        arrays.scale[i] = static_cast<T>(scale);
        arrays.shift[i] = static_cast<T>(shift);
        if (!dgamma.empty()) dgamma.data[i] = arrays.scale[i];
        if (!dbeta.empty()) dbeta.data[i] = arrays.shift[i];
      }
    }
    if (dx.empty()) return;
    // dx = by (dy - (shift + normal scale) / rows) = by dy - along (x - mean) - rest
    for (std::int64_t i = 0; i < c; ++i) {
      const T by = factor(variance, gamma, i, epsilon), count = static_cast<T>(rows.count);
      arrays.by[i] = by;
      arrays.along[i] = of_batch ? by * arrays.scale[i] * factor(variance, {}, i, epsilon) / count : T(0);
      arrays.rest[i] = of_batch ? by * arrays.shift[i] / count : T(0);
    }
    on.parallel(rows.blocks, [&](std::int64_t block, int) {
      for (std::int64_t r = rows.begin(block); r < rows.begin(block + 1); ++r) {
        const T *from = x.data + r * c, *d = dy.data + r * c;
        T* to = dx.data + r * c;
        for (std::int64_t i = 0; i < c; ++i)
          to[i] = arrays.by[i] * d[i] - arrays.along[i] * (from[i] - mean.data[i]) - arrays.rest[i];
      }
    });
  }

  static void follow(const Cpu& on, Out<T, Cpu> value, In<T, Cpu> now, double momentum) {
    const T keep = static_cast<T>(momentum), take = static_cast<T>(1 - momentum);
    on.parallel_ranges(value.size(), elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
      in_chunks<T>(
          end - begin, [=](auto v, auto n) { v = v * keep + n * take; }, value.data + begin, now.data + begin);
    });
  }

 private:
  /// The rows of channels of a batch, and their blocks: 64 KB of floats each.
  struct Rows {
    std::int64_t channels, count, blocks;

    explicit Rows(const Shape& x) : channels(x.back()), count(x.size() / x.back()) {
      const std::int64_t rows = std::max<std::int64_t>(elementwise_piece / channels, 1);
      blocks = std::max<std::int64_t>((count + rows - 1) / rows, 1);
    }
    std::int64_t begin(std::int64_t block) const { return block * count / blocks; }
  };

  /// Sums of each block, and what is made of all of them.
  struct Arrays {
    T *first, *second, *scale, *shift, *by, *along, *rest;

    Arrays(Scratch& scratch, const Rows& rows)
        : first(scratch.take<T>(rows.blocks * rows.channels)),
          second(scratch.take<T>(rows.blocks * rows.channels)),
          scale(scratch.take<T>(rows.channels)),
          shift(scratch.take<T>(rows.channels)),
          by(scratch.take<T>(rows.channels)),
          along(scratch.take<T>(rows.channels)),
          rest(scratch.take<T>(rows.channels)) {}
  };

  static T factor(In<T, Cpu> variance, In<T, Cpu> gamma, std::int64_t i, double epsilon) {
    const T f = T(1) / std::sqrt(variance.data[i] + static_cast<T>(epsilon));
    return gamma.empty() ? f : f * gamma.data[i];
  }
};

}  // namespace brindle::ops::kernel
