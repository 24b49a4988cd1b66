// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/avgpool2d/avgpool2d.hpp"

namespace brindle::ops::kernel {

template <class T>
struct avgpool2d<T, Cpu> {
  static void forward(const Cpu& on, In<T, Cpu> x, Out<T, Cpu> y, const AveragePool2DOptions& o) {
    const Windows at(x.shape, y.shape, o);
    const std::int64_t row = at.out.w * at.out.c;
    on.parallel_ranges(at.out.n * at.out.h, rows_a_task(row), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r)
        mean_row(at, x.data + r / at.out.h * at.in.h * at.row, r % at.out.h, y.data + r * row);
    });
  }

  static void backward(const Cpu& on, In<T, Cpu> dy, Out<T, Cpu> dx, const AveragePool2DOptions& o) {
    const Windows at(dx.shape, dy.shape, o);
    on.parallel_ranges(at.in.n * at.in.h, rows_a_task(at.row), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r)
        spread_row(at, dy.data + r / at.in.h * at.out.h * at.out.w * at.out.c, r % at.in.h, dx.data + r * at.row);
    });
  }

 private:
  /// The elements [begin, end) of an axis that a window has.
  struct Span {
    std::int64_t begin, end;
    std::int64_t count() const { return end - begin; }
  };

  struct Windows {
    Shape4 in, out;
    Size2 window, step;
    std::int64_t top, left, row;

    Windows(const Shape4& x, const Shape4& y, const AveragePool2DOptions& o)
        : in(x),
          out(y),
          window(o.window),
          step(o.step()),
          top(WindowAxis::of(x.h, o.window.h, step.h, o.padding).before),
          left(WindowAxis::of(x.w, o.window.w, step.w, o.padding).before),
          row(x.w * x.c) {}

    Span rows(std::int64_t oh) const {
      const std::int64_t first = oh * step.h - top;
      return {std::max<std::int64_t>(first, 0), std::min(first + window.h, in.h)};
    }
    Span columns(std::int64_t ow) const {
      const std::int64_t first = ow * step.w - left;
      return {std::max<std::int64_t>(first, 0), std::min(first + window.w, in.w)};
    }
  };

  static std::int64_t rows_a_task(std::int64_t row) {
    return std::max<std::int64_t>(16384 / std::max<std::int64_t>(row, 1), 1);
  }

  static void mean_row(const Windows& at, const T* image, std::int64_t oh, T* y) {
    const std::int64_t channels = at.out.c;
    const Span rows = at.rows(oh);
    for (std::int64_t ow = 0; ow < at.out.w; ++ow, y += channels) {
      const Span columns = at.columns(ow);
      for (std::int64_t h = rows.begin; h < rows.end; ++h)
        for (std::int64_t w = columns.begin; w < columns.end; ++w) {
          const T* x = image + h * at.row + w * channels;
          if (h == rows.begin && w == columns.begin)
            std::copy_n(x, channels, y);
          else
            for (std::int64_t c = 0; c < channels; ++c) y[c] += x[c];
        }
      const T count = static_cast<T>(rows.count() * columns.count());
      for (std::int64_t c = 0; c < channels; ++c) y[c] /= count;
    }
  }

  // One row of dx collects from the rows of windows over it, so that rows can be made by different threads.
  static void spread_row(const Windows& at, const T* image, std::int64_t h, T* dx) {
    const std::int64_t channels = at.out.c;
    std::fill_n(dx, at.row, T(0));
    const std::int64_t behind = h + at.top - at.window.h + 1;  // first window starts here or later
    const std::int64_t oh0 = behind <= 0 ? 0 : (behind + at.step.h - 1) / at.step.h;
    const std::int64_t oh1 = std::min(at.out.h, (h + at.top) / at.step.h + 1);
    for (std::int64_t oh = oh0; oh < oh1; ++oh) {
      const std::int64_t rows = at.rows(oh).count();
      const T* dy = image + oh * at.out.w * channels;
      for (std::int64_t ow = 0; ow < at.out.w; ++ow, dy += channels) {
        const Span columns = at.columns(ow);
        const T share = T(1) / static_cast<T>(rows * columns.count());
        for (std::int64_t w = columns.begin; w < columns.end; ++w)
          for (std::int64_t c = 0; c < channels; ++c) dx[w * channels + c] += dy[c] * share;
      }
    }
  }
};

}  // namespace brindle::ops::kernel
