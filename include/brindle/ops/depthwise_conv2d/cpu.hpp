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
#include "brindle/ops/depthwise_conv2d/backward.hpp"
#include "brindle/ops/depthwise_conv2d/bands.hpp"
#include "brindle/ops/depthwise_conv2d/depthwise_conv2d.hpp"
#include "brindle/ops/depthwise_conv2d/depthwise_conv2d_backward.hpp"
#include "brindle/ops/depthwise_conv2d/rows.hpp"

namespace brindle::ops::kernel {

/// Rows of all pictures are shared by the threads. Filters of 3x3 and 5x5 with strides of 1 and 2 have loops of their
/// own. With several filters a channel, the channels of x are first repeated for each of them. A prologue is done to a
/// band of rows of x at a time, which stays in the cache while it is read.
template <class T>
struct depthwise_conv2d<T, Cpu> {
  static std::int64_t workspace(const Cpu& on, const Shape4& x, const FilterShape& w, const DepthwiseConv2DOptions& o,
                                bool prologue) {
    const std::int64_t apart = std::max(bytes<Data>(on, x, w, o, false), bytes<Weights>(on, x, w, o, prologue));
    if (!prologue || !depthwise_conv2d_takes_gradient_prologue<Cpu>(w, o)) return apart;
    return std::max(apart, DepthwiseBackward<T>(geometry(x, w, o)).workspace(on.threads()));
  }

  static std::int64_t forward_workspace(const Cpu& on, const Shape4& x, const FilterShape& w,
                                        const DepthwiseConv2DOptions& o, bool prologue) {
    return bytes<Forward>(on, x, w, o, prologue);
  }

  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y,
                      const DepthwiseConv2DOptions& o, Workspace<Cpu> workspace, const Prologue<T, Cpu>& prologue) {
    const DepthwiseGeometry g = geometry(x.shape, w.shape, o);
    Scratch scratch(workspace);
    const Forward arrays(scratch, g, w.shape, prologue.empty() ? 0 : on.threads());
    if (prologue.empty())
      return convolve(on, g, repeated(on, x, w.shape[3], arrays.repeated), w.data, bias.data, y.data, o.activation);
    const std::int64_t row = g.ow * g.c, piece = rows_a_band<T>(g);
    const auto last = ActivationSteps<T>::of(o.activation);
    with_packet<T>(g.c, [&]<class P>() {
      const auto row_kernel = depthwise_row_kernel<T, P>(g);
      on.parallel((g.n * g.oh + piece - 1) / piece, [&](std::int64_t task, int thread) {
        each_band(g, task * piece, std::min((task + 1) * piece, g.n * g.oh), piece, x.data, prologue,
                  arrays.band_of(g, thread), [&](const DepthwiseBand<T>& b) {
                    T* to = y.data + b.picture * g.oh * row;
                    for (std::int64_t r = b.first; r < b.last; ++r)
                      row_kernel(b.geometry, b.x, 0, r, w.data, bias.data, last, to + r * row);
                    if (last.after != ActivationFunction::linear)
                      activate_range(last.after, to + b.first * row, to + b.first * row, (b.last - b.first) * row);
                  });
      });
    });
  }

  static void forward_normalized(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias,
                                 const ChannelNormalization<T, Cpu>& normalization, Out<T, Cpu> y,
                                 const DepthwiseConv2DOptions& o, Workspace<Cpu> workspace) {
    const DepthwiseGeometry g = geometry(x.shape, w.shape, o);
    Scratch scratch(workspace);
    const Forward arrays(scratch, g, w.shape, 0);
    convolve(on, g, repeated(on, x, w.shape[3], arrays.repeated), w.data, bias.data, y.data, o.activation,
             &normalization);
  }

  static void backward_data(const Cpu& on, In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx, const DepthwiseConv2DOptions& o,
                            Workspace<Cpu> workspace) {
    const DepthwiseGeometry g = geometry(dx.shape, w.shape, o);
    Scratch scratch(workspace);
    const Data arrays(scratch, g, w.shape, 0);
    T* to = arrays.repeated ? arrays.repeated : dx.data;
    if (g.stride == Size2(1)) {
      const std::int64_t taps = g.kh * g.kw;
      for (std::int64_t t = 0; t < taps; ++t) std::copy_n(w.data + t * g.c, g.c, arrays.rotated + (taps - 1 - t) * g.c);
      convolve(on, g.turned(), dz.data, arrays.rotated, nullptr, to, ActivationFunction::linear);
    } else {
      collect(on, g, arrays, dz.data, w.data, to);
    }
    if (arrays.repeated) add_repeated(on, arrays.repeated, w.shape[3], dx);
  }

  static void backward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dy, In<T, Cpu> w, Out<T, Cpu> dw, Out<T, Cpu> db,
                       Out<T, Cpu> dx, const DepthwiseConv2DOptions& o, Workspace<Cpu> workspace,
                       const Prologue<T, Cpu>& prologue, const GradientPrologue<T, Cpu>& behind,
                       const GradientSums<T, Cpu>& sums) {
    DepthwiseBackward<T>(geometry(x.shape, w.shape, o))
        .run(on, x.data, dy.data, w.data, dw.data, db.data, dx.data, prologue, behind, sums, workspace);
  }

  static void backward_weights(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dz, Out<T, Cpu> dw, Out<T, Cpu> db,
                               const DepthwiseConv2DOptions& o, Workspace<Cpu> workspace,
                               const Prologue<T, Cpu>& prologue) {
    const DepthwiseGeometry g = geometry(x.shape, dw.shape, o);
    Scratch scratch(workspace);
    const Weights arrays(scratch, g, dw.shape, prologue.empty() ? 0 : on.threads());
    const T* from = repeated(on, x, dw.shape[3], arrays.repeated);
    const RowParts parts(g);
    const std::int64_t count = parts.count, taps = g.kh * g.kw, size = (taps + 1) * g.c;
    on.parallel(count, [&](std::int64_t part, int thread) {
      T *sums = arrays.sums + part * size, *now = arrays.sums + (count + part) * size;
      std::fill_n(sums, size, T(0));
      with_packet<T>(g.c, [&]<class P>() {
        each_band(g, parts.begin(part), parts.begin(part + 1), rows_a_band<T>(g), from, prologue,
                  arrays.band_of(g, thread), [&](const DepthwiseBand<T>& b) {
                    depthwise_weights_kernel<T, P>(g)(b.geometry, b.x, dz.data + b.picture * g.oh * g.ow * g.c, b.first,
                                                      b.last, now);
                    for (std::int64_t i = 0; i < size; ++i) sums[i] += now[i];
                  });
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

  // Also a band of rows of x behind its prologue for each of `bands` threads.
  struct Forward : Repeated {
    T* rows;

    Forward(Scratch& scratch, const DepthwiseGeometry& g, const FilterShape& w, int bands)
        : Repeated(scratch, g, w), rows(scratch.take<T>(bands * band_elements(g, rows_a_band<T>(g)))) {}
    T* band_of(const DepthwiseGeometry& g, int thread) const {
      return rows + thread * band_elements(g, rows_a_band<T>(g));
    }
  };

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

    Data(Scratch& scratch, const DepthwiseGeometry& g, const FilterShape& w, int)
        : Repeated(scratch, g, w),
          rotated(scratch.take<T>(g.kh * g.kw * g.c)),
          rows(scratch, g.h, g.kh),
          columns(scratch, g.w, g.kw) {}
  };

  struct Weights : Forward {
    T* sums;  // of each part, for dw and db, and of its last band

    Weights(Scratch& scratch, const DepthwiseGeometry& g, const FilterShape& w, int bands)
        : Forward(scratch, g, w, bands), sums(scratch.take<T>(2 * RowParts(g).count * (g.kh * g.kw + 1) * g.c)) {}
  };

  template <class Arrays>
  static std::int64_t bytes(const Cpu& on, const Shape4& x, const FilterShape& w, const DepthwiseConv2DOptions& o,
                            bool prologue) {
    Scratch scratch;
    static_cast<void>(Arrays(scratch, geometry(x, w, o), w, prologue ? on.threads() : 0));
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

  static std::int64_t rows_a_task(std::int64_t row) {
    return std::max<std::int64_t>(16384 / std::max<std::int64_t>(row, 1), 1);
  }

  static void convolve(const Cpu& on, const DepthwiseGeometry& g, const T* x, const T* w, const T* bias, T* y,
                       ActivationFunction f, const ChannelNormalization<T, Cpu>* normalization = nullptr) {
    const std::int64_t row = g.ow * g.c;
    const auto last = ActivationSteps<T>::of(normalization ? ActivationFunction::linear : f);
    with_packet<T>(g.c, [&]<class P>() {
      const auto row_kernel = depthwise_row_kernel<T, P>(g);
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
