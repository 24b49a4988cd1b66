// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "brindle/core/cpu.hpp"
#include "brindle/core/flush_denormals.hpp"

namespace brindle::detail {

/// Rows of numbers in which the leaves of a batch are added up: see LeafGradients.
template <class T>
struct LeafRows {
  T* first = nullptr;     ///< of the first row
  std::int64_t size = 0;  ///< of each

  T* row(std::size_t level) const { return first + static_cast<std::int64_t>(level) * size; }
};

/// What is computed with rows of numbers, by each device: the same additions in the same order.
template <class T, class Device>
struct RowArithmetic;

template <class T>
struct RowArithmetic<T, Cpu> {
  /// Elements [at, at + count) of a leaf behind which `level` sums wait: the nearest of them, in row 0, is added to it,
  /// then that of row 1; what comes of it waits in row `level`. from: of the leaf; null: it has no samples.
  static void add_leaf(const Cpu& on, const LeafRows<T>& rows, std::size_t level, std::int64_t at, const T* from,
                       std::int64_t count) {
    on.parallel_ranges(count, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      add_part(rows, level, at + begin, from ? from + begin : nullptr, end - begin);
    });
  }

  /// The same by the calling thread.
  static void add_part(const LeafRows<T>& rows, std::size_t level, std::int64_t at, const T* from, std::int64_t count) {
    const FlushDenormals flush;           // wherever the tree is gone up
    constexpr std::int64_t piece = 2048;  // stays in the cache while it goes up the tree
    for (std::int64_t begin = 0; begin < count; begin += piece) {
      const std::int64_t part = std::min(piece, count - begin);
      const T* source = from ? from + begin : nullptr;
      T* to = rows.row(level) + at + begin;
      if (!source) {  // zeros are added, and not left out: the sum of -0 and 0 is another one than -0
        std::fill(to, to + part, T(0));
        source = to;
      } else if (level == 0) {
        std::copy(source, source + part, to);
      }
      for (std::size_t k = 0; k < level; ++k, source = to) {
        const T* waiting = rows.row(k) + at + begin;
        for (std::int64_t i = 0; i < part; ++i) to[i] = waiting[i] + source[i];
      }
    }
  }

  /// to = left + right; to is one of them.
  static void add(const Cpu&, std::span<const T> left, std::span<const T> right, std::span<T> to) {
    const FlushDenormals flush;  // as where leaves are added up inside of a process
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = left[i] + right[i];
  }

  /// By the threads of `on`.
  static void copy(const Cpu& on, const T* from, T* to, std::int64_t count) {
    on.parallel_ranges(count, 1 << 16,
                       [&](std::int64_t begin, std::int64_t end) { std::copy(from + begin, from + end, to + begin); });
  }
};

}  // namespace brindle::detail
