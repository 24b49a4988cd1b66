// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "brindle/core/cpu.hpp"
#include "brindle/core/prefetch.hpp"
#include "brindle/ops/cpu_packets.hpp"
#include "brindle/ops/maxpool2d/maxpool2d.hpp"

namespace brindle::ops::kernel {

/// Whether `value` takes the place of the largest value so far: the first of equals stays, a NaN wins and stays.
template <class T>
inline bool is_larger(T value, T largest) {
  return (value > largest) | ((value != value) & (largest == largest));
}

/// 2x2 maximum of two rows.
///
///     upper, lower (at least 2 columns, channels)  ->  y, code (columns, channels); code null: not wanted
///
/// code: 0..3, the position in the window; `zero_code` where y is 0, if it is not negative.
template <class T>
inline void maxpool_2x2_row(const T* upper, const T* lower, std::int64_t columns, std::int64_t channels, T* y,
                            std::uint8_t* code, int zero_code) {
  for (std::int64_t column = 0; column < columns; ++column) {
    const T* a = upper + 2 * column * channels;
    const T* b = lower + 2 * column * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      T best = a[c];
      std::uint8_t at = 0;
      const auto meet = [&](T value, std::uint8_t position) {
        const bool larger = is_larger(value, best);
        best = larger ? value : best;
        at = larger ? position : at;
      };
      meet(a[channels + c], 1);
      meet(b[c], 2);
      meet(b[channels + c], 3);
      y[c] = best;
      if (code) code[c] = zero_code >= 0 && best == T(0) ? static_cast<std::uint8_t>(zero_code) : at;
    }
    y += channels;
    if (code) code += channels;
  }
}

/// One row of the gradient in front of a 2x2 maximum: what belongs to position 2 * odd_row + {0, 1} of each window.
///
///     dy, code (columns, channels)  ->  dx (width, channels), overwritten; width is 2 columns or one more
template <class T>
inline void maxpool_2x2_expand_row(const T* dy, const std::uint8_t* code, std::int64_t columns, std::int64_t channels,
                                   int odd_row, std::int64_t width, T* dx) {
  const auto left = static_cast<std::uint8_t>(2 * odd_row);
  const auto right = static_cast<std::uint8_t>(2 * odd_row + 1);
  for (std::int64_t column = 0; column < columns; ++column) {
    for (std::int64_t c = 0; c < channels; ++c) {
      dx[c] = code[c] == left ? dy[c] : T(0);
      dx[channels + c] = code[c] == right ? dy[c] : T(0);
    }
    dy += channels, code += channels, dx += 2 * channels;
  }
  std::fill_n(dx, (width - 2 * columns) * channels, T(0));
}

template <class T>
struct maxpool2d<T, Cpu> {
  static void forward(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> y, Out<std::uint8_t, Cpu> code,
                      const MaxPool2DOptions& o) {
    const Windows at(x.shape, y.shape, o);
    const std::int64_t row = at.out.w * at.out.c;
    on.parallel_ranges(at.out.n * at.out.h, rows_a_task(row), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        std::uint8_t* codes = code.empty() ? nullptr : code.data + r * row;
        const T* image = x.data + r / at.out.h * at.image;
        if (at.is_2x2) {
          const T* upper = image + r % at.out.h * 2 * at.row;
          maxpool_2x2_row(upper, upper + at.row, at.out.w, at.out.c, y.data + r * row, codes, -1);
        } else {
          with_packet<T>(at.out.c, [&]<class P>() {
            if (!windows<P, false>(at, o, image, r % at.out.h, y.data + r * row, codes))
              windows<P, true>(at, o, image, r % at.out.h, y.data + r * row, codes);
          });
        }
      }
    });
  }

  static void backward(const Cpu& on, In<T, Cpu> dy, In<std::uint8_t, Cpu> code, Out<T, Cpu> dx,
                       const MaxPool2DOptions& o) {
    const Windows at(dx.shape, dy.shape, o);
    on.parallel_ranges(at.in.n * at.in.h, rows_a_task(at.row), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        const std::int64_t n = r / at.in.h, h = r % at.in.h;
        T* to = dx.data + r * at.row;
        const std::int64_t pooled = n * at.out.h * at.out.w * at.out.c;
        if (at.is_2x2 && h / 2 < at.out.h) {
          const std::int64_t from = pooled + h / 2 * at.out.w * at.out.c;
          maxpool_2x2_expand_row(dy.data + from, code.data + from, at.out.w, at.out.c, static_cast<int>(h % 2), at.in.w,
                                 to);
        } else {
          with_packet<T>(at.out.c, [&]<class P>() { collect<P>(at, o, dy.data + pooled, code.data + pooled, h, to); });
        }
      }
    });
  }

 private:
  struct Windows {
    Shape4 in, out;
    Size2 step;
    std::int64_t top, left, row, image;
    bool zeros, is_2x2;

    Windows(const Shape4& x, const Shape4& y, const MaxPool2DOptions& o)
        : in(x),
          out(y),
          step(o.step()),
          top(pool2d_rows(x.h, o).before),
          left(pool2d_columns(x.w, o).before),
          row(x.w * x.c),
          image(x.h * x.w * x.c),
          zeros(!(o.zeros == Border{})),
          is_2x2(o.window == Size2{2} && step == Size2{2} && !zeros && 2 * y.h <= x.h && 2 * y.w <= x.w) {}
  };

  static std::int64_t rows_a_task(std::int64_t row) {
    return std::max<std::int64_t>(16384 / std::max<std::int64_t>(row, 1), 1);
  }

  /// A row of y. Without `nan`, an element takes half of the instructions; false: one of them may have been a NaN, and
  /// the row is to be done again, with it.
  template <class P, bool nan>
  static bool windows(const Windows& at, const MaxPool2DOptions& o, const T* image, std::int64_t oh, T* y,
                      std::uint8_t* code) {
    using namespace Eigen::internal;
    const std::int64_t channels = at.out.c, h0 = oh * at.step.h - at.top;
    const std::int64_t kh0 = std::max<std::int64_t>(-h0, 0), kh1 = std::min(o.window.h, at.in.h - h0);
    P all = pset1<P>(T(0));  // the sum of all elements
    for (std::int64_t ow = 0; ow < at.out.w; ++ow, y += channels) {
      const std::int64_t w0 = ow * at.step.w - at.left;
      const std::int64_t kw0 = std::max<std::int64_t>(-w0, 0), kw1 = std::min(o.window.w, at.in.w - w0);
      const bool zeros = at.zeros && (kh0 > 0 || kw0 > 0 || kh1 < o.window.h || kw1 < o.window.w);
      const std::int64_t top = zeros ? 0 : kh0, left = zeros ? 0 : kw0;
      prefetch_next(at, image + (h0 + o.window.h) * at.row + w0 * channels);
      each_packet<P>(channels, [&](std::int64_t c) {
        const T* first = image + (h0 + kh0) * at.row + (w0 + kw0) * channels + c;
        P sum = all, best = zeros ? pset1<P>(T(0)) : ploadu<P>(first);
        P here = pset1<P>(static_cast<T>(top * o.window.w + left)), place = here;
        const auto meet = [&](const P& value) {
          if constexpr (nan) {
            const auto larger = (value > best) | ((value != value) & (best == best));  // as is_larger()
            place = larger ? here : place;
            best = larger ? value : best;
          } else {
            sum = padd(sum, value);
            place = value > best ? here : place;
            best = value > best ? value : best;
          }
          here = padd(here, pset1<P>(T(1)));
        };
        if (zeros) {
          if (kh0 == 0 && kw0 == 0 && kh1 > 0 && kw1 > 0) best = ploadu<P>(first);
          for (std::int64_t kh = 0; kh < o.window.h; ++kh)
            for (std::int64_t kw = 0; kw < o.window.w; ++kw)
              meet(kh < kh0 || kh >= kh1 || kw < kw0 || kw >= kw1
                       ? pset1<P>(T(0))
                       : ploadu<P>(first + (kh - kh0) * at.row + (kw - kw0) * channels));
        } else {
          const P next = pset1<P>(static_cast<T>(o.window.w - (kw1 - kw0)));
          for (const T* line = first; line < first + (kh1 - kh0) * at.row; line += at.row, here = padd(here, next))
            for (const T* from = line; from < line + (kw1 - kw0) * channels; from += channels) meet(ploadu<P>(from));
        }
        all = sum;
        pstoreu(y + c, best);
        if (code) store_codes<T>(place, code + c);
      });
      if (code) code += channels;
    }
    alignas(64) T sums[packet_size<P>()];
    pstoreu(sums, all);
    return std::none_of(sums, sums + packet_size<P>(), [](T sum) { return sum != sum; });
  }

  /// Calls for what the next row of y reads first: `from` on, as many pixels and rows as windows are apart. From memory
  /// the processor by itself gets three rows at a time too late: twice the time.
  static void prefetch_next(const Windows& at, const T* from) {
    constexpr std::int64_t line = 64 / sizeof(T);
    for (std::int64_t kh = 0; kh < at.step.h; ++kh)
      for (std::int64_t i = 0; i < at.step.w * at.out.c; i += line) brindle::detail::prefetch(from + kh * at.row + i);
  }

  // One row of dx collects from the windows over it, so that rows can be made by different threads.
  template <class P>
  static void collect(const Windows& at, const MaxPool2DOptions& o, const T* dy, const std::uint8_t* code,
                      std::int64_t h, T* to) {
    using namespace Eigen::internal;
    constexpr int width = packet_size<P>();
    const std::int64_t channels = at.out.c;
    const Range rows = windows_over(h + at.top, o.window.h, at.step.h, at.out.h);
    for (std::int64_t w = 0; w < at.in.w; ++w, to += channels) {
      const Range columns = windows_over(w + at.left, o.window.w, at.step.w, at.out.w);
      each_packet<P>(channels, [&](std::int64_t c) {
        P sum = pset1<P>(T(0));
        for (std::int64_t oh = rows.begin; oh < rows.end; ++oh)
          for (std::int64_t ow = columns.begin; ow < columns.end; ++ow) {
            const std::int64_t from = (oh * at.out.w + ow) * channels + c;
            std::uint8_t bytes[width];  // a copy: bytes may alias anything, which would keep the compiler from packets
            std::memcpy(bytes, code + from, width);
            T places[width];
            widen(bytes, places);
            const P here =
                pset1<P>(static_cast<T>((h + at.top - oh * at.step.h) * o.window.w + w + at.left - ow * at.step.w));
            sum = padd(sum, ploadu<P>(places) == here ? ploadu<P>(dy + from) : pset1<P>(T(0)));
          }
        pstoreu(to + c, sum);
      });
    }
  }

  struct Range {
    std::int64_t begin, end;
  };

  // The windows, of `count`, that lie over place `at` of an axis with its padding.
  static Range windows_over(std::int64_t at, std::int64_t window, std::int64_t step, std::int64_t count) {
    const std::int64_t behind = at - window + 1;  // the first one starts here or later
    return {behind <= 0 ? 0 : (behind + step - 1) / step, std::min(count, at / step + 1)};
  }
};

}  // namespace brindle::ops::kernel
