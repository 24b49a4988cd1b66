// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "brindle/core/prefetch.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/cpu_packets.hpp"

// The loops of a depthwise convolution with one filter a channel, over packets of channels (cpu_packets.hpp).
namespace brindle::ops::kernel {

/// The sizes of y (n, oh, ow, c) = x (n, h, w, c) * w (kh, kw, c).
struct DepthwiseGeometry {
  std::int64_t n = 0, h = 0, w = 0, c = 0, kh = 0, kw = 0, oh = 0, ow = 0;
  Size2 stride, dilation;
  std::int64_t top = 0, left = 0;  ///< zeros around x, of which there may be less than none

  /// Those windows of a row that lie in x's columns: [first, last).
  struct Inside {
    std::int64_t first, last;
  };
  Inside inside() const {
    const std::int64_t behind = w + left - ((kw - 1) * dilation.w + 1);  // the last place of a window
    const std::int64_t first = left <= 0 ? 0 : std::min((left + stride.w - 1) / stride.w, ow);
    return {first, behind < 0 ? first : std::clamp(behind / stride.w + 1, first, ow)};
  }

  /// Row `at` of x that filter row i of y's row sees; null where that is outside.
  template <class T>
  const T* row_of(const T* x, std::int64_t picture, std::int64_t row, std::int64_t i) const {
    const std::int64_t at = row * stride.h + i * dilation.h - top;
    return at < 0 || at >= h ? nullptr : x + (picture * h + at) * w * c;
  }

  /// Rows of x that rows [first, last) of a picture's y see: [begin, end).
  struct Seen {
    std::int64_t begin, end;
  };
  Seen seen(std::int64_t first, std::int64_t last) const {
    const std::int64_t end = (last - 1) * stride.h + (kh - 1) * dilation.h + 1 - top;
    const std::int64_t begin = std::clamp<std::int64_t>(first * stride.h - top, 0, h);
    return {begin, std::clamp(end, begin, h)};
  }

  /// Where x is but these rows of one picture.
  DepthwiseGeometry of_rows(const Seen& rows) const {
    DepthwiseGeometry part = *this;
    part.n = 1;
    part.h = rows.end - rows.begin;
    part.top = top + rows.begin;
    return part;
  }

  /// That which gives dx from dz and rotated filters; for a stride of 1.
  DepthwiseGeometry turned() const {
    DepthwiseGeometry b = *this;
    std::swap(b.h, b.oh);
    std::swap(b.w, b.ow);
    b.top = (kh - 1) * dilation.h - top;
    b.left = (kw - 1) * dilation.w - left;
    return b;
  }

  /// Whether the pictures are more than the caches hold, so that rows of x are to be called for ahead of time: that
  /// takes 0.6 of the time there, and 1.05 where they are in the cache.
  template <class T>
  bool comes_from_memory() const {
    return n * h * w * c > (4 << 20) / static_cast<std::int64_t>(sizeof(T));
  }
  /// The row of x that y's next row sees and this one does not; for a stride of 1.
  template <class T>
  const T* next_row(const T* x, std::int64_t picture, std::int64_t row) const {
    return x + (picture * h + row + kh - top) * w * c;
  }

  /// A square filter of `side` without dilation, moved by `step`.
  bool is(std::int64_t side, std::int64_t step) const {
    return kh == side && kw == side && stride == Size2(step) && dilation == Size2(1);
  }
};

/// A sum cut off as an activation has it; NaN stays NaN.
template <class T, class P>
P cut_off(P sum, const ActivationSteps<T>& last) {
  using namespace Eigen::internal;
  if (!last.clamps) return sum;
  const P least = pset1<P>(last.least), most = pset1<P>(last.most);
  const P above = sum < least ? least : sum;
  return most < above ? most : above;
}

/// One packet of channels of one pixel of y, wherever its window lies.
template <class T, class P>
P depthwise_pixel(const DepthwiseGeometry& g, const T* x, std::int64_t picture, std::int64_t row, std::int64_t column,
                  const T* w, std::int64_t c, P sum) {
  using namespace Eigen::internal;
  for (std::int64_t i = 0; i < g.kh; ++i) {
    const T* line = g.row_of(x, picture, row, i);
    if (!line) continue;
    for (std::int64_t j = 0; j < g.kw; ++j) {
      const std::int64_t at = column * g.stride.w + j * g.dilation.w - g.left;
      if (at >= 0 && at < g.w)
        sum = pmadd(ploadu<P>(line + at * g.c + c), ploadu<P>(w + (i * g.kw + j) * g.c + c), sum);
    }
  }
  return sum;
}

/// Row `row` of a picture's y, filters and strides of any size. bias: c, or null. last: of which only sums are cut off.
template <class T, class P>
void depthwise_row(const DepthwiseGeometry& g, const T* x, std::int64_t picture, std::int64_t row, const T* w,
                   const T* bias, const ActivationSteps<T>& last, T* y) {
  using namespace Eigen::internal;
  each_packet<P>(g.c, [&](std::int64_t c) {
    const P first = bias ? ploadu<P>(bias + c) : pset1<P>(T(0));
    for (std::int64_t q = 0; q < g.ow; ++q)
      pstoreu(y + q * g.c + c, cut_off(depthwise_pixel(g, x, picture, row, q, w, c, first), last));
  });
}

/// The same for filters of side x side, moved by `step`: the filter of a packet of channels and several pixels of y
/// stay in registers, and pixels of x are read once for all pixels of y that see them. ahead: rows are called for ahead
/// of time; for a stride of 1.
template <class T, class P, int side, int step, bool ahead = false>
void depthwise_square_row(const DepthwiseGeometry& g, const T* x, std::int64_t picture, std::int64_t row, const T* w,
                          const T* bias, const ActivationSteps<T>& last, T* y) {
  using namespace Eigen::internal;
  constexpr int pixels = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 4 : 2;
  const DepthwiseGeometry::Inside inside = g.inside();
  const T* line[side];
  for (int i = 0; i < side; ++i) {
    line[i] = g.row_of(x, picture, row, i);
    if (line[i]) line[i] -= g.left * g.c;
  }
  const T* next = ahead ? g.next_row(x, picture, row) : nullptr;
  each_packet<P>(g.c, [&](std::int64_t c) {
    const P first = bias ? ploadu<P>(bias + c) : pset1<P>(T(0));
    P filter[side * side];
#pragma GCC unroll 25
    for (int t = 0; t < side * side; ++t) filter[t] = ploadu<P>(w + t * g.c + c);
    const auto several = [&]<int count>(std::integral_constant<int, count>, std::int64_t q) {
      constexpr int seen = (count - 1) * step + side;
      P sum[count], pixel[seen];
      if constexpr (ahead)
#pragma GCC unroll 4
        for (int k = 0; k < count; ++k) brindle::detail::prefetch(next + (q + k) * g.c + c);
#pragma GCC unroll 4
      for (int k = 0; k < count; ++k) sum[k] = first;
#pragma GCC unroll 5
      for (int i = 0; i < side; ++i) {
        if (!line[i]) continue;
        const T* from = line[i] + q * step * g.c + c;
#pragma GCC unroll 11
        for (int j = 0; j < seen; ++j) pixel[j] = ploadu<P>(from + j * g.c);
#pragma GCC unroll 4
        for (int k = 0; k < count; ++k)
#pragma GCC unroll 5
          for (int j = 0; j < side; ++j) sum[k] = pmadd(pixel[k * step + j], filter[i * side + j], sum[k]);
      }
#pragma GCC unroll 4
      for (int k = 0; k < count; ++k) pstoreu(y + (q + k) * g.c + c, cut_off(sum[k], last));
    };
    const auto edge = [&](std::int64_t q) {
      P sum = first;
#pragma GCC unroll 5
      for (int i = 0; i < side; ++i)
#pragma GCC unroll 5
        for (int j = 0; j < side; ++j) {
          const std::int64_t at = q * step + j;
          if (line[i] && at >= g.left && at < g.left + g.w)
            sum = pmadd(ploadu<P>(line[i] + at * g.c + c), filter[i * side + j], sum);
        }
      pstoreu(y + q * g.c + c, cut_off(sum, last));
    };
    std::int64_t q = 0;
    for (; q < inside.first; ++q) edge(q);
    for (; q + pixels <= inside.last; q += pixels) several(std::integral_constant<int, pixels>{}, q);
    for (; q < inside.last; ++q) several(std::integral_constant<int, 1>{}, q);
    for (; q < g.ow; ++q) edge(q);
  });
}

/// Row `row` of a picture's dx, from dz and filters of side x side that were moved by two pixels: every second column
/// sees the taps with even numbers, and those between them the others.
template <class T, class P, int side>
void depthwise_square_gradient(const DepthwiseGeometry& g, const T* dz, std::int64_t picture, std::int64_t row,
                               const T* w, T* dx) {
  using namespace Eigen::internal;
  const T* line[side];
  for (int i = 0; i < side; ++i) {
    const std::int64_t at = row + g.top - i;
    line[i] = at < 0 || at % 2 != 0 || at / 2 >= g.oh ? nullptr : dz + (picture * g.oh + at / 2) * g.ow * g.c;
  }
  // Pairs of columns 2 b - left and the next one read dz at b and before; those that lie inside:
  const std::int64_t begin = std::max<std::int64_t>(side / 2, (g.left + 1) / 2);
  const std::int64_t end = std::max(std::min(g.ow, (g.w + g.left) / 2), begin);
  const std::int64_t first = std::min(2 * begin - g.left, g.w), last = end > begin ? 2 * end - g.left : first;
  each_packet<P>(g.c, [&](std::int64_t c) {
    P filter[side * side];
#pragma GCC unroll 25
    for (int t = 0; t < side * side; ++t) filter[t] = ploadu<P>(w + t * g.c + c);
    const auto edge = [&](std::int64_t q) {
      P sum = pset1<P>(T(0));
#pragma GCC unroll 5
      for (int i = 0; i < side; ++i)
#pragma GCC unroll 5
        for (int j = 0; j < side; ++j) {
          const std::int64_t at = q + g.left - j;
          if (line[i] && at >= 0 && at % 2 == 0 && at / 2 < g.ow)
            sum = pmadd(ploadu<P>(line[i] + at / 2 * g.c + c), filter[i * side + j], sum);
        }
      pstoreu(dx + q * g.c + c, sum);
    };
    for (std::int64_t q = 0; q < first; ++q) edge(q);
    for (std::int64_t b = begin; b < end; ++b) {
      P even = pset1<P>(T(0)), odd = even;
#pragma GCC unroll 5
      for (int i = 0; i < side; ++i) {
        if (!line[i]) continue;
#pragma GCC unroll 5
        for (int j = 0; j < side; ++j) {
          const P d = ploadu<P>(line[i] + (b - j / 2) * g.c + c);
          P& sum = j % 2 == 0 ? even : odd;
          sum = pmadd(d, filter[i * side + j], sum);
        }
      }
      pstoreu(dx + (2 * b - g.left) * g.c + c, even);
      pstoreu(dx + (2 * b - g.left + 1) * g.c + c, odd);
    }
    for (std::int64_t q = last; q < g.w; ++q) edge(q);
  });
}

/// What rows [begin, end) of dz, counted over all pictures, give to the gradients by w and bias:
/// sums (kh kw + 1, c), the last row for the bias.
template <class T, class P>
void depthwise_weights(const DepthwiseGeometry& g, const T* x, const T* dz, std::int64_t begin, std::int64_t end,
                       T* sums) {
  using namespace Eigen::internal;
  each_packet<P>(g.c, [&](std::int64_t c) {
    for (std::int64_t i = 0; i < g.kh; ++i)
      for (std::int64_t j = 0; j < g.kw; ++j) {
        P sum = pset1<P>(T(0));
        for (std::int64_t r = begin; r < end; ++r) {
          const T* line = g.row_of(x, r / g.oh, r % g.oh, i);
          if (!line) continue;
          for (std::int64_t q = 0; q < g.ow; ++q) {
            const std::int64_t at = q * g.stride.w + j * g.dilation.w - g.left;
            if (at >= 0 && at < g.w)
              sum = pmadd(ploadu<P>(line + at * g.c + c), ploadu<P>(dz + (r * g.ow + q) * g.c + c), sum);
          }
        }
        pstoreu(sums + (i * g.kw + j) * g.c + c, sum);
      }
    P sum = pset1<P>(T(0));
    for (std::int64_t q = begin * g.ow; q < end * g.ow; ++q) sum = padd(sum, ploadu<P>(dz + q * g.c + c));
    pstoreu(sums + g.kh * g.kw * g.c + c, sum);
  });
}

/// The same for filters of side x side, moved by `step`: all sums of a packet of channels stay in registers. ahead: as
/// in depthwise_square_row().
template <class T, class P, int side, int step, bool ahead = false>
void depthwise_square_weights(const DepthwiseGeometry& g, const T* x, const T* dz, std::int64_t begin, std::int64_t end,
                              T* sums) {
  using namespace Eigen::internal;
  const DepthwiseGeometry::Inside inside = g.inside();
  each_packet<P>(g.c, [&](std::int64_t c) {
    P sum[side * side], bias = pset1<P>(T(0));
#pragma GCC unroll 25
    for (int t = 0; t < side * side; ++t) sum[t] = pset1<P>(T(0));
    for (std::int64_t r = begin; r < end; ++r) {
      const T* line[side];
      for (int i = 0; i < side; ++i) {
        line[i] = g.row_of(x, r / g.oh, r % g.oh, i);
        if (line[i]) line[i] += c - g.left * g.c;
      }
      const T* gradient = dz + r * g.ow * g.c + c;
      const T *next = ahead ? g.next_row(x, r / g.oh, r % g.oh) + c : nullptr, *next_gradient = gradient + g.ow * g.c;
      const auto edge = [&](std::int64_t q) {
        const P d = ploadu<P>(gradient + q * g.c);
        bias = padd(bias, d);
#pragma GCC unroll 5
        for (int i = 0; i < side; ++i)
#pragma GCC unroll 5
          for (int j = 0; j < side; ++j) {
            const std::int64_t at = q * step + j;
            if (line[i] && at >= g.left && at < g.left + g.w)
              sum[i * side + j] = pmadd(ploadu<P>(line[i] + at * g.c), d, sum[i * side + j]);
          }
      };
      std::int64_t q = 0;
      for (; q < inside.first; ++q) edge(q);
      for (; q < inside.last; ++q) {
        if constexpr (ahead) {
          brindle::detail::prefetch(next + q * g.c);
          brindle::detail::prefetch(next_gradient + q * g.c);
        }
        const P d = ploadu<P>(gradient + q * g.c);
        bias = padd(bias, d);
#pragma GCC unroll 5
        for (int i = 0; i < side; ++i) {
          if (!line[i]) continue;
          const T* from = line[i] + q * step * g.c;
#pragma GCC unroll 5
          for (int j = 0; j < side; ++j) sum[i * side + j] = pmadd(ploadu<P>(from + j * g.c), d, sum[i * side + j]);
        }
      }
      for (; q < g.ow; ++q) edge(q);
    }
#pragma GCC unroll 25
    for (int t = 0; t < side * side; ++t) pstoreu(sums + t * g.c + c, sum[t]);
    pstoreu(sums + side * side * g.c + c, bias);
  });
}

/// The loop over a row of y that is made for these filters.
template <class T, class P>
auto depthwise_row_kernel(const DepthwiseGeometry& g) {
  const bool ahead = g.comes_from_memory<T>();
  if (g.is(3, 1) && ahead) return depthwise_square_row<T, P, 3, 1, true>;
  if (g.is(3, 1)) return depthwise_square_row<T, P, 3, 1>;
  if (g.is(3, 2)) return depthwise_square_row<T, P, 3, 2>;
  if (g.is(5, 1) && ahead) return depthwise_square_row<T, P, 5, 1, true>;
  if (g.is(5, 1)) return depthwise_square_row<T, P, 5, 1>;
  if (g.is(5, 2)) return depthwise_square_row<T, P, 5, 2>;
  return depthwise_row<T, P>;
}

/// The same for the gradient by the filters.
template <class T, class P>
auto depthwise_weights_kernel(const DepthwiseGeometry& g) {
  const bool ahead = g.comes_from_memory<T>();
  if (g.is(3, 1) && ahead) return depthwise_square_weights<T, P, 3, 1, true>;
  if (g.is(3, 1)) return depthwise_square_weights<T, P, 3, 1>;
  if (g.is(3, 2)) return depthwise_square_weights<T, P, 3, 2>;
  if (g.is(5, 1) && ahead) return depthwise_square_weights<T, P, 5, 1, true>;
  if (g.is(5, 1)) return depthwise_square_weights<T, P, 5, 1>;
  if (g.is(5, 2)) return depthwise_square_weights<T, P, 5, 2>;
  return depthwise_weights<T, P>;
}

}  // namespace brindle::ops::kernel
