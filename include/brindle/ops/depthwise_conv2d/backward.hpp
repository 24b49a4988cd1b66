// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation/functions.hpp"
#include "brindle/ops/batch_normalization/gradient_rows.hpp"
#include "brindle/ops/batch_normalization/partial_gradient_sums.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/depthwise_conv2d/bands.hpp"
#include "brindle/ops/depthwise_conv2d/rows.hpp"
#include "brindle/ops/gradient_prologue.hpp"
#include "brindle/ops/prologue.hpp"

namespace brindle::ops::kernel {

/// Both gradients of a depthwise convolution at once, a band of rows after the other: what is made of rows of x and of
/// dy is read for dw and for dx while it is in the cache. One filter a channel, of 3x3 or 5x5, moved by one or two
/// pixels.
template <class T>
class DepthwiseBackward {
 public:
  explicit DepthwiseBackward(const DepthwiseGeometry& g) : g_(g), rows_(rows_a_band<T>(g)), parts_(g) {}

  /// Bytes of workspace.
  std::int64_t workspace(int threads) const {
    Scratch scratch;
    static_cast<void>(Arrays(*this, scratch, threads));
    return scratch.bytes();
  }

  /// As depthwise_conv2d_backward has them; db and dx may be null.
  void run(const Cpu& on, const T* x, const T* dy, const T* w, T* dw, T* db, T* dx, const Prologue<T, Cpu>& prologue,
           const GradientPrologue<T, Cpu>& behind, const GradientSums<T, Cpu>& in_front,
           Workspace<Cpu> workspace) const {
    Scratch scratch(workspace);
    const Arrays arrays(*this, scratch, on.threads());
    const std::int64_t taps = g_.kh * g_.kw, size = (taps + 1) * g_.c;
    for (std::int64_t t = 0; t < taps; ++t) std::copy_n(w + t * g_.c, g_.c, arrays.rotated + (taps - 1 - t) * g_.c);
    on.parallel(parts_.count, [&](std::int64_t part, int worker) {
      T *sums = arrays.sums + part * size, *now = arrays.now.of(worker);
      std::fill_n(sums, size, T(0));
      if (!in_front.empty()) arrays.in_front.clear(part);
      Gradients gradients{arrays.gradients.of(worker)};
      with_packet<T>(g_.c, [&]<class P>() {
        each_band(g_, parts_.begin(part), parts_.begin(part + 1), rows_, x, prologue, arrays.bands.of(worker),
                  [&](const DepthwiseBand<T>& b) {
                    const T* dz = read(gradients, b, dy, behind);
                    DepthwiseGeometry of_weights = b.geometry;
                    of_weights.top -= gradients.begin * g_.stride.h;
                    depthwise_weights_kernel<T, P>(g_)(of_weights, b.x, dz, b.first - gradients.begin,
                                                       b.last - gradients.begin, now);
                    for (std::int64_t i = 0; i < size; ++i) sums[i] += now[i];
                    if (!dx) return;
                    const Rows of_x = rows_of_x(b);
                    const std::int64_t at = (b.picture * g_.h + of_x.begin) * g_.w * g_.c;
                    backward_data<P>(gradients, dz, w, arrays.rotated, of_x, dx + at);
                    if (!in_front.empty())
                      arrays.in_front.add(part, worker, prologue, x + at, dx + at, (of_x.end - of_x.begin) * g_.w);
                  });
      });
    });
    for (std::int64_t i = 0; i < size; ++i) {
      T sum = 0;
      for (std::int64_t part = 0; part < parts_.count; ++part) sum += arrays.sums[part * size + i];
      if (i < taps * g_.c)
        dw[i] = sum;
      else if (db)
        db[i - taps * g_.c] = sum;
    }
    if (!in_front.empty()) arrays.in_front.add_up(in_front);
  }

 private:
  struct Rows {
    std::int64_t begin, end;
  };

  /// Rows [begin, end) of a picture's dz, from the first one that a band's dx sees to the band's last.
  struct Gradients {
    T* made;  // where they are made of dy
    std::int64_t picture = -1, begin = 0, end = 0;
  };

  struct Arrays {
    T *rotated, *sums;                   // filters for a stride of 1; of each part, for dw and db
    PerWorker<T> now, bands, gradients;  // sums of a band, its rows of x and of dz
    PartialGradientSums<T> in_front;

    Arrays(const DepthwiseBackward& b, Scratch& scratch, int threads)
        : rotated(scratch.take<T>(b.g_.kh * b.g_.kw * b.g_.c)),
          sums(scratch.take<T>(b.parts_.count * (b.g_.kh * b.g_.kw + 1) * b.g_.c)),
          now(PerWorker<T>::take(scratch, threads, (b.g_.kh * b.g_.kw + 1) * b.g_.c)),
          bands(PerWorker<T>::take(scratch, threads, band_elements(b.g_, b.rows_))),
          gradients(PerWorker<T>::take(scratch, threads, (b.rows_ + b.rows_before()) * b.g_.ow * b.g_.c)),
          in_front(scratch, b.parts_.count, b.g_.c, threads) {}
  };

  /// Rows of dz before those of a band that its dx sees.
  std::int64_t rows_before() const { return (g_.kh - 1) / g_.stride.h; }

  /// The rows of dx that see no row of dz behind those of the band, and one of them; in a picture's first and last band
  /// also those that see none.
  Rows rows_of_x(const DepthwiseBand<T>& b) const {
    const auto row = [&](std::int64_t of_y) { return std::clamp<std::int64_t>(of_y * g_.stride.h - g_.top, 0, g_.h); };
    return {b.first == 0 ? 0 : row(b.first), b.last == g_.oh ? g_.h : row(b.last)};
  }

  /// A band's rows of dz: dy where it lies, or what `behind` makes of it; rows that the band before has made are kept.
  const T* read(Gradients& at, const DepthwiseBand<T>& b, const T* dy, const GradientPrologue<T, Cpu>& behind) const {
    const std::int64_t row = g_.ow * g_.c, begin = std::max<std::int64_t>(b.first - rows_before(), 0);
    const std::int64_t first = b.picture * g_.oh;
    const bool goes_on = !behind.empty() && at.picture == b.picture && at.end == b.first;
    const std::int64_t made = goes_on ? b.first : begin;  // those before it are there already
    if (goes_on) std::copy(at.made + (begin - at.begin) * row, at.made + (made - at.begin) * row, at.made);
    at.picture = b.picture, at.begin = begin, at.end = b.last;
    if (behind.empty()) return dy + (first + begin) * row;
    gradient_of_rows(behind, behind.z.data + (first + made) * row, dy + (first + made) * row,
                     at.made + (made - begin) * row, g_.c, (b.last - made) * g_.ow);
    return at.made;
  }

  /// Rows of a picture's dx. dz: rows `of`.
  template <class P>
  void backward_data(const Gradients& of, const T* dz, const T* w, const T* rotated, const Rows& rows, T* dx) const {
    if (g_.stride == Size2(1)) {
      const DepthwiseGeometry::Seen rows_of_dz{of.begin, of.end};  // named: nvcc misreads braces as an argument here
      const DepthwiseGeometry turned = g_.turned().of_rows(rows_of_dz);
      const auto row_kernel = depthwise_row_kernel<T, P>(turned);
      const auto none = ActivationSteps<T>::of(ActivationFunction::linear);
      for (std::int64_t r = rows.begin; r < rows.end; ++r)
        row_kernel(turned, dz, 0, r, rotated, nullptr, none, dx + (r - rows.begin) * g_.w * g_.c);
      return;
    }
    DepthwiseGeometry seen = g_;
    seen.oh = of.end - of.begin;
    seen.top -= of.begin * g_.stride.h;
    const auto row_kernel = g_.kh == 3 ? depthwise_square_gradient<T, P, 3> : depthwise_square_gradient<T, P, 5>;
    for (std::int64_t r = rows.begin; r < rows.end; ++r)
      row_kernel(seen, dz, 0, r, w, dx + (r - rows.begin) * g_.w * g_.c);
  }

  DepthwiseGeometry g_;
  std::int64_t rows_;  // of y in a band
  RowParts parts_;     // tasks
};

}  // namespace brindle::ops::kernel
