// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/activation/cpu.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/batch_normalization/normalize_rows.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/depthwise_conv2d/depthwise_conv2d.hpp"
#include "brindle/ops/depthwise_conv2d/rows.hpp"

namespace brindle::ops::kernel {

/// Rows of all pictures are shared by the threads. Filters of 3x3 and 5x5 with strides of 1 and 2 have loops of their
/// own. With several filters a channel, the channels of x are first repeated for each of them.
template <class T>
struct depthwise_conv2d<T, Cpu> {
  static std::int64_t workspace(const Cpu&, const Shape4& x, const FilterShape& w, const DepthwiseConv2DOptions& o) {
    return std::max(bytes<Data>(x, w, o), bytes<Weights>(x, w, o));
  }

  static std::int64_t forward_workspace(const Cpu&, const Shape4& x, const FilterShape& w,
                                        const DepthwiseConv2DOptions& o) {
    return bytes<Forward>(x, w, o);
  }

  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y,
                      const DepthwiseConv2DOptions& o, Workspace<Cpu> workspace) {
    const DepthwiseGeometry g = geometry(x.shape, w.shape, o);
    Scratch scratch(workspace);
    const Forward arrays(scratch, g, w.shape);
    convolve(on, g, repeated(on, x, w.shape[3], arrays.repeated), w.data, bias.data, y.data, o.activation);
  }

  static void forward_normalized(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias,
                                 const ChannelNormalization<T, Cpu>& normalization, Out<T, Cpu> y,
                                 const DepthwiseConv2DOptions& o, Workspace<Cpu> workspace) {
    const DepthwiseGeometry g = geometry(x.shape, w.shape, o);
    Scratch scratch(workspace);
    const Forward arrays(scratch, g, w.shape);
    convolve(on, g, repeated(on, x, w.shape[3], arrays.repeated), w.data, bias.data, y.data, o.activation,
             &normalization);
  }

  static void backward_data(const Cpu& on, In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx, const DepthwiseConv2DOptions& o,
                            Workspace<Cpu> workspace) {
    const DepthwiseGeometry g = geometry(dx.shape, w.shape, o);
    Scratch scratch(workspace);
    const Data arrays(scratch, g, w.shape);
    T* to = arrays.repeated ? arrays.repeated : dx.data;
    if (g.stride == Size2(1)) {
      const std::int64_t taps = g.kh * g.kw;
      for (std::int64_t t = 0; t < taps; ++t) std::copy_n(w.data + t * g.c, g.c, arrays.rotated + (taps - 1 - t) * g.c);
      convolve(on, turned(g), dz.data, arrays.rotated, nullptr, to, ActivationFunction::linear);
    } else {
      collect(on, g, arrays, dz.data, w.data, to);
    }
    if (arrays.repeated) add_repeated(on, arrays.repeated, w.shape[3], dx);
  }

  static void backward_weights(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dz, Out<T, Cpu> dw, Out<T, Cpu> db,
                               const DepthwiseConv2DOptions& o, Workspace<Cpu> workspace) {
    const DepthwiseGeometry g = geometry(x.shape, dw.shape, o);
    Scratch scratch(workspace);
    const Weights arrays(scratch, g, dw.shape);
    const T* from = repeated(on, x, dw.shape[3], arrays.repeated);
    const std::int64_t rows = g.n * g.oh, count = parts(g), taps = g.kh * g.kw, size = (taps + 1) * g.c;
    on.parallel(count, [&](std::int64_t part, int) {
      with_packet<T>(g.c, [&]<class P>() {
        weights_of<P>(g)(g, from, dz.data, part * rows / count, (part + 1) * rows / count, arrays.sums + part * size);
      });
    });
    on.parallel_ranges(size, 4096, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        T sum = 0;
        for (std::int64_t part = 0; part < count; ++part) sum += arrays.sums[part * size + i];
        if (i < taps * g.c)
          dw.data[i] = sum;
        else if (!db.empty())
          db.data[i - taps * g.c] = sum;
      }
    });
  }

 private:
  // x with its channels repeated for each of their filters; null: there is one.
  struct Repeated {
    T* repeated;

    Repeated(Scratch& scratch, const DepthwiseGeometry& g, const FilterShape& w)
        : repeated(w.co == 1 ? nullptr : scratch.take<T>(g.n * g.h * g.w * g.c)) {}
  };
  using Forward = Repeated;

  /// Where one axis of dx reads dz: `count` taps at each place, `most` are kept.
  struct Taps {
    std::int64_t most, *count, *tap, *from;

    Taps(Scratch& scratch, std::int64_t size, std::int64_t taps)
        : most(taps),
          count(scratch.take<std::int64_t>(size)),
          tap(scratch.take<std::int64_t>(size * taps)),
          from(scratch.take<std::int64_t>(size * taps)) {}

    void fill(std::int64_t size, std::int64_t outputs, std::int64_t stride, std::int64_t dilation,
              std::int64_t before) const {
      for (std::int64_t i = 0; i < size; ++i) {
        count[i] = 0;
        for (std::int64_t t = 0; t < most; ++t) {
          const std::int64_t at = i + before - t * dilation;
          if (at < 0 || at % stride != 0 || at / stride >= outputs) continue;
          tap[i * most + count[i]] = t;
          from[i * most + count[i]++] = at / stride;
        }
      }
    }
  };

  struct Data : Repeated {
    T* rotated;  // filters, for a stride of 1
    Taps rows, columns;

    Data(Scratch& scratch, const DepthwiseGeometry& g, const FilterShape& w)
        : Repeated(scratch, g, w),
          rotated(scratch.take<T>(g.kh * g.kw * g.c)),
          rows(scratch, g.h, g.kh),
          columns(scratch, g.w, g.kw) {}
  };

  struct Weights : Repeated {
    T* sums;  // of each part, for dw and db

    Weights(Scratch& scratch, const DepthwiseGeometry& g, const FilterShape& w)
        : Repeated(scratch, g, w), sums(scratch.take<T>(parts(g) * (g.kh * g.kw + 1) * g.c)) {}
  };

  template <class Arrays>
  static std::int64_t bytes(const Shape4& x, const FilterShape& w, const DepthwiseConv2DOptions& o) {
    Scratch scratch;
    static_cast<void>(Arrays(scratch, geometry(x, w, o), w));
    return scratch.bytes();
  }

  /// With as many channels as y has.
  static DepthwiseGeometry geometry(const Shape4& x, const FilterShape& w, const DepthwiseConv2DOptions& o) {
    const auto [rows, columns] = conv2d_windows(x, w, o.by_groups(x.c));
    return {.n = x.n,
            .h = x.h,
            .w = x.w,
            .c = x.c * w.co,
            .kh = w.kh,
            .kw = w.kw,
            .oh = rows.out,
            .ow = columns.out,
            .stride = o.stride,
            .dilation = o.dilation,
            .top = rows.before,
            .left = columns.before};
  }

  /// That which gives dx from dz and rotated filters; for a stride of 1.
  static DepthwiseGeometry turned(const DepthwiseGeometry& g) {
    DepthwiseGeometry b = g;
    std::swap(b.h, b.oh);
    std::swap(b.w, b.ow);
    b.top = (g.kh - 1) * g.dilation.h - g.top;
    b.left = (g.kw - 1) * g.dilation.w - g.left;
    return b;
  }

  /// Parts of the rows of dz that are summed apart.
  static std::int64_t parts(const DepthwiseGeometry& g) { return std::clamp<std::int64_t>(g.n * g.oh, 1, 16); }

  static std::int64_t rows_a_task(std::int64_t row) {
    return std::max<std::int64_t>(16384 / std::max<std::int64_t>(row, 1), 1);
  }

  template <class P>
  static auto row_of(const DepthwiseGeometry& g) {
    if (g.is(3, 1)) return depthwise_square_row<T, P, 3, 1>;
    if (g.is(3, 2)) return depthwise_square_row<T, P, 3, 2>;
    if (g.is(5, 1)) return depthwise_square_row<T, P, 5, 1>;
    if (g.is(5, 2)) return depthwise_square_row<T, P, 5, 2>;
    return depthwise_row<T, P>;
  }

  template <class P>
  static auto weights_of(const DepthwiseGeometry& g) {
    if (g.is(3, 1)) return depthwise_square_weights<T, P, 3, 1>;
    if (g.is(3, 2)) return depthwise_square_weights<T, P, 3, 2>;
    if (g.is(5, 1)) return depthwise_square_weights<T, P, 5, 1>;
    if (g.is(5, 2)) return depthwise_square_weights<T, P, 5, 2>;
    return depthwise_weights<T, P>;
  }

  static void convolve(const Cpu& on, const DepthwiseGeometry& g, const T* x, const T* w, const T* bias, T* y,
                       ActivationFunction f, const ChannelNormalization<T, Cpu>* normalization = nullptr) {
    const std::int64_t row = g.ow * g.c;
    const auto last = ActivationSteps<T>::of(normalization ? ActivationFunction::linear : f);
    with_packet<T>(g.c, [&]<class P>() {
      const auto row_kernel = row_of<P>(g);
      on.parallel_ranges(g.n * g.oh, rows_a_task(row), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end; ++r) {
          row_kernel(g, x, r / g.oh, r % g.oh, w, bias, last, y + r * row);
          if (normalization) normalize_stored<T>(*normalization, f, nullptr, y + r * row, g.ow);
          if (last.after != ActivationFunction::linear) activate_range(last.after, y + r * row, y + r * row, row);
        }
      });
    });
  }

  /// dx from dz where windows are more than a pixel apart: each row and column has taps of its own.
  static void collect(const Cpu& on, const DepthwiseGeometry& g, const Data& at, const T* dz, const T* w, T* dx) {
    using namespace Eigen::internal;
    const auto row = [&]<class P>(std::int64_t r) {
      const std::int64_t n = r / g.h, h = r % g.h;
      each_packet<P>(g.c, [&](std::int64_t c) {
        for (std::int64_t q = 0; q < g.w; ++q) {
          P sum = pset1<P>(T(0));
          for (std::int64_t i = h * g.kh; i < h * g.kh + at.rows.count[h]; ++i) {
            const T* line = dz + (n * g.oh + at.rows.from[i]) * g.ow * g.c + c;
            const T* filter = w + at.rows.tap[i] * g.kw * g.c + c;
            for (std::int64_t j = q * g.kw; j < q * g.kw + at.columns.count[q]; ++j)
              sum = pmadd(ploadu<P>(line + at.columns.from[j] * g.c), ploadu<P>(filter + at.columns.tap[j] * g.c), sum);
          }
          pstoreu(dx + (r * g.w + q) * g.c + c, sum);
        }
      });
    };
    const bool by_three = g.is(3, 2), by_five = g.is(5, 2);
    if (!by_three && !by_five) {
      at.rows.fill(g.h, g.oh, g.stride.h, g.dilation.h, g.top);
      at.columns.fill(g.w, g.ow, g.stride.w, g.dilation.w, g.left);
    }
    with_packet<T>(g.c, [&]<class P>() {
      on.parallel_ranges(g.n * g.h, rows_a_task(g.w * g.c), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end; ++r)
          if (by_three)
            depthwise_square_gradient<T, P, 3>(g, dz, r / g.h, r % g.h, w, dx + r * g.w * g.c);
          else if (by_five)
            depthwise_square_gradient<T, P, 5>(g, dz, r / g.h, r % g.h, w, dx + r * g.w * g.c);
          else
            row.template operator()<P>(r);
      });
    });
  }

  /// x, or x with each channel `times` times in `to`.
  static const T* repeated(const Cpu& on, In<T, Cpu> x, std::int64_t times, T* to) {
    if (!to) return x.data;
    on.parallel_ranges(x.size(), rows_a_task(times), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) std::fill_n(to + i * times, times, x.data[i]);
    });
    return to;
  }

  /// dx from the gradients by its repeated channels.
  static void add_repeated(const Cpu& on, const T* from, std::int64_t times, Out<T, Cpu> dx) {
    on.parallel_ranges(dx.size(), rows_a_task(times), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        T sum = 0;
        for (std::int64_t k = 0; k < times; ++k) sum += from[i * times + k];
        dx.data[i] = sum;
      }
    });
  }
};

}  // namespace brindle::ops::kernel
