// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/batch_normalization/normalize_rows.hpp"
#include "brindle/ops/depthwise_conv2d/rows.hpp"
#include "brindle/ops/prologue.hpp"

// Bands of rows, which stay in the cache while they are read.
namespace brindle::ops::kernel {

/// Rows [first, last) of a picture's y, and what they see of x.
template <class T>
struct DepthwiseBand {
  std::int64_t picture, first, last;
  DepthwiseGeometry geometry;  ///< of picture 0
  const T* x;
};

/// Rows of y whose rows of x have about 384 KB.
template <class T>
std::int64_t rows_a_band(const DepthwiseGeometry& g) {
  const std::int64_t seen =
      std::max<std::int64_t>(393216 / static_cast<std::int64_t>(sizeof(T)) / std::max<std::int64_t>(g.w * g.c, 1), 1);
  return std::clamp<std::int64_t>((seen - (g.kh - 1) * g.dilation.h - 1) / g.stride.h + 1, 1, g.oh);
}

/// Elements of x that `rows` rows of y see at most.
inline std::int64_t band_elements(const DepthwiseGeometry& g, std::int64_t rows) {
  return std::min((rows - 1) * g.stride.h + (g.kh - 1) * g.dilation.h + 1, g.h) * g.w * g.c;
}

/// The rows of dz in parts, whatever the number of threads, whose sums for dw are made apart: whole pictures where
/// there are many, else some rows, since each part reads rows around its own.
struct RowParts {
  std::int64_t unit, units, count;

  explicit RowParts(const DepthwiseGeometry& g)
      : unit(g.n < 16 ? 1 : g.oh),
        units(g.n * g.oh / std::max<std::int64_t>(unit, 1)),
        count(std::clamp<std::int64_t>(g.n < 16 ? units / 2 : units, 1, 32)) {}
  std::int64_t begin(std::int64_t part) const { return part * units / count * unit; }
};

/// work(DepthwiseBand) for rows [begin, end) of y, counted over all pictures, at most `rows` of one picture at a time;
/// with a prologue in `to`.
template <class T, class F>
void each_band(const DepthwiseGeometry& g, std::int64_t begin, std::int64_t end, std::int64_t rows, const T* x,
               const Prologue<T, Cpu>& prologue, T* to, F&& work) {
  while (begin < end) {
    const std::int64_t picture = begin / g.oh, first = begin % g.oh,
                       last = std::min({first + rows, g.oh, first + end - begin});
    const DepthwiseGeometry::Seen seen = g.seen(first, last);
    const T* from = x + (picture * g.h + seen.begin) * g.w * g.c;
    if (!prologue.empty())
      normalize_all<T>(prologue.normalization, prologue.activation, from, to, (seen.end - seen.begin) * g.w);
    work(DepthwiseBand<T>{picture, first, last, g.of_rows(seen), prologue.empty() ? from : to});
    begin += last - first;
  }
}

}  // namespace brindle::ops::kernel
