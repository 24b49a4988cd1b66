// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/gemm/micro_kernel.hpp"

namespace brindle::ops::kernel {

/// Convolution of any kind, dilated and by groups of channels, as a matrix product for each group: for a block of
/// pixels of y, what their filters see is gathered into rows,
///
///     A(pixel, (i, j, k)) = x(r stride.h + i dilation.h - top, c stride.w + j dilation.w - left, k),
///     y(pixel, :) = A(pixel, :) w(g)
///
/// where x has step - 1 zeros between its rows and columns: so the gradient by x is one of these too, over dz, with
/// filters that are rotated and transposed. Blocks are cut by the sizes alone.
template <class T>
class GatheredGemm {
  using Micro = MicroTile<T>;

 public:
  /// One of the two pictures, what is seen of each group, and what is made of it.
  struct Geometry {
    Shape4 x, y;                     ///< all channels
    std::int64_t kh, kw, ci, co;     ///< of the filters; channels of a group
    std::int64_t groups;             ///< how many
    Size2 stride, dilation, step;    ///< of y in x, of a filter in x, of x's own pixels
    std::int64_t top = 0, left = 0;  ///< zeros around x, of which there may be less than none
  };

  explicit GatheredGemm(const Geometry& g)
      : g_(g),
        depth_(g.kh * g.kw * g.ci),
        co_(Micro::padded(g.co)),
        pixels_(g.y.n * g.y.h * g.y.w),
        blocks_((pixels_ + block - 1) / block) {
    const std::int64_t sums = std::max<std::int64_t>(g.groups * depth_ * co_ * static_cast<std::int64_t>(sizeof(T)), 1);
    parts_ =
        std::max<std::int64_t>(std::min<std::int64_t>(blocks_, std::clamp<std::int64_t>((16 << 20) / sums, 2, 16)), 1);
  }

  /// Bytes of workspace.
  /// @{
  std::int64_t forward_workspace(int threads) const {
    Scratch scratch;
    Arrays(*this, scratch, threads, false);
    return scratch.bytes();
  }
  std::int64_t weights_workspace(int threads) const {
    Scratch scratch;
    Arrays(*this, scratch, threads, true);
    return scratch.bytes();
  }
  /// @}

  /// Elements of packed filters, whatever the pictures are.
  std::int64_t packed_size() const { return g_.groups * depth_ * co_; }

  /// Panels of the filters, group by group. w: (KH, KW, CI, groups CO); rotated: (KH, KW, CO, groups CI), to be rotated
  /// and transposed.
  void pack(const Cpu& on, const T* w, bool rotated, T* packed) const {
    on.parallel(g_.groups, [&](std::int64_t group, int) {
      if (rotated)
        pack_rotated(w, group, packed + group * depth_ * co_);
      else
        pack_panels(w + group * g_.co, g_.groups * g_.co, 1, depth_, g_.co, packed + group * depth_ * co_);
    });
  }

  /// w: as for pack(). bias: null or all output channels. prepared: what pack() made of w, or null.
  void forward(const Cpu& on, const T* x, const T* w, bool rotated, const T* bias, T* y, Workspace<Cpu> workspace,
               const T* prepared = nullptr) const {
    Scratch space(workspace);
    const Arrays arrays(*this, space, on.threads(), false);
    if (!prepared) pack(on, w, rotated, arrays.filters);
    const T* packed = prepared ? prepared : arrays.filters;
    on.parallel(blocks_ * g_.groups, [&](std::int64_t task, int worker) {
      const std::int64_t first = task / g_.groups * block, group = task % g_.groups;
      const std::int64_t count = std::min(block, pixels_ - first);
      T* rows = arrays.rows.of(worker);
      gather(x, first, count, group, rows);
      MicroProduct<T> p;
      p.a = rows;
      p.a_row = depth_;
      p.b = packed + group * depth_ * co_;
      p.b_row = Micro::columns;
      p.c = y + first * g_.y.c + group * g_.co;
      p.c_row = g_.y.c;
      p.k = depth_;
      p.bias = bias ? bias + group * g_.co : nullptr;
      micro_matrix(p, count, g_.co, depth_ * Micro::columns);
    });
  }

  /// dw (KH, KW, CI, groups CO) and, unless null, db (groups CO).
  void backward_weights(const Cpu& on, const T* x, const T* dz, T* dw, T* db, Workspace<Cpu> workspace) const {
    Scratch space(workspace);
    const Arrays arrays(*this, space, on.threads(), true);
    const std::int64_t size = depth_ * co_, sets = parts_ * g_.groups;
    std::fill_n(arrays.filters, sets * size, T(0));
    std::fill_n(arrays.sums, sets * co_, T(0));
    on.parallel(sets, [&](std::int64_t set, int worker) {
      const std::int64_t part = set / g_.groups, group = set % g_.groups;
      T *rows = arrays.rows.of(worker), *gradients = arrays.gradients.of(worker);
      std::fill_n(gradients, block * co_, T(0));
      for (std::int64_t b = part * blocks_ / parts_; b < (part + 1) * blocks_ / parts_; ++b) {
        const std::int64_t first = b * block, count = std::min(block, pixels_ - first);
        gather(x, first, count, group, rows);
        for (std::int64_t i = 0; i < count; ++i) {
          std::copy_n(dz + (first + i) * g_.y.c + group * g_.co, g_.co, gradients + i * co_);
          for (std::int64_t c = 0; c < g_.co; ++c) arrays.sums[set * co_ + c] += gradients[i * co_ + c];
        }
        MicroProduct<T> p;
        p.a = rows;
        p.a_row = 1;
        p.a_k = depth_;
        p.b = gradients;
        p.b_row = co_;
        p.c = arrays.filters + set * size;
        p.c_row = co_;
        p.k = count;
        p.accumulate = true;
        micro_block(p, depth_, co_);
      }
    });
    const std::int64_t all = g_.groups * g_.co;
    on.parallel_ranges(depth_, 32, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t k = begin; k < end; ++k)
        for (std::int64_t c = 0; c < all; ++c) dw[k * all + c] = sum_of_parts(arrays.filters, size, k * co_, c);
    });
    if (db)
      for (std::int64_t c = 0; c < all; ++c) db[c] = sum_of_parts(arrays.sums, co_, 0, c);
  }

 private:
  static constexpr std::int64_t block = 8 * Micro::rows;  // pixels: their rows stay in the level 2 cache

  struct Arrays {
    T *filters, *sums;             // packed filters; or the partial sums of dw and db, part by part, group by group
    PerWorker<T> rows, gradients;  // of a block

    Arrays(const GatheredGemm& g, Scratch& scratch, int threads, bool weights)
        : filters(scratch.take<T>((weights ? g.parts_ : 1) * g.g_.groups * g.depth_ * g.co_)),
          sums(scratch.take<T>(weights ? g.parts_ * g.g_.groups * g.co_ : 0)),
          rows(PerWorker<T>::take(scratch, threads, block * g.depth_)),
          gradients(PerWorker<T>::take(scratch, threads, weights ? block * g.co_ : 0)) {}
  };

  /// Element of output channel c, over all parts from the first on.
  T sum_of_parts(const T* sums, std::int64_t size, std::int64_t at, std::int64_t c) const {
    T sum = 0;
    for (std::int64_t part = 0; part < parts_; ++part)
      sum += sums[(part * g_.groups + c / g_.co) * size + at + c % g_.co];
    return sum;
  }

  /// What the filters of a group see at pixels [first, first + count) of y, a row of depth_ elements each.
  void gather(const T* x, std::int64_t first, std::int64_t count, std::int64_t group, T* to) const {
    const auto place = [](std::int64_t at, std::int64_t step, std::int64_t size) {
      return at < 0 || at % step != 0 || at / step >= size ? std::int64_t{-1} : at / step;
    };
    for (std::int64_t i = first; i < first + count; ++i) {
      const std::int64_t column = i % g_.y.w, row = i / g_.y.w % g_.y.h, n = i / g_.y.w / g_.y.h;
      for (std::int64_t kh = 0; kh < g_.kh; ++kh) {
        const std::int64_t h = place(row * g_.stride.h + kh * g_.dilation.h - g_.top, g_.step.h, g_.x.h);
        const T* line = x + (n * g_.x.h + h) * g_.x.w * g_.x.c + group * g_.ci;
        for (std::int64_t kw = 0; kw < g_.kw; ++kw, to += g_.ci) {
          const std::int64_t w = place(column * g_.stride.w + kw * g_.dilation.w - g_.left, g_.step.w, g_.x.w);
          if (h < 0 || w < 0)
            std::fill_n(to, g_.ci, T(0));
          else
            std::copy_n(line + w * g_.x.c, g_.ci, to);
        }
      }
    }
  }

  /// Panels of a group's filters for the gradient by x: taps from the last to the first, w (KH, KW, CO, groups CI).
  void pack_rotated(const T* w, std::int64_t group, T* to) const {
    const std::int64_t taps = g_.kh * g_.kw;
    for (std::int64_t j = 0; j < g_.co; j += Micro::columns) {
      const std::int64_t count = std::min<std::int64_t>(Micro::columns, g_.co - j), padded = Micro::padded(count);
      T* panel = to + j * depth_;
      for (std::int64_t tap = 0; tap < taps; ++tap)
        for (std::int64_t k = 0; k < g_.ci; ++k, panel += padded) {
          for (std::int64_t c = 0; c < count; ++c)
            panel[c] = w[((taps - 1 - tap) * g_.co + j + c) * g_.groups * g_.ci + group * g_.ci + k];
          std::fill_n(panel + count, padded - count, T(0));
        }
    }
  }

  Geometry g_;
  std::int64_t depth_, co_;       // KH KW CI; output channels of a group, with padding
  std::int64_t pixels_, blocks_;  // of y
  std::int64_t parts_ = 1;        // partial sums of dw
};

/// The three convolutions of a layer; see GatheredGemm. The activation is left to the caller, and there is no pool.
template <class T>
class GatheredConvolution {
 public:
  GatheredConvolution(const Shape4& x, const FilterShape& w, const Conv2DOptions& o)
      : forward_(geometry(x, w, o)), backward_(turned(geometry(x, w, o))) {}

  std::int64_t forward_workspace(const Cpu& on) const { return forward_.forward_workspace(on.threads()); }
  std::int64_t backward_data_workspace(const Cpu& on) const { return backward_.forward_workspace(on.threads()); }
  std::int64_t backward_weights_workspace(const Cpu& on) const { return forward_.weights_workspace(on.threads()); }

  /// Elements of what prepare() makes of the filters, whatever the pictures are.
  std::int64_t prepared_size() const { return forward_.packed_size(); }

  /// w -> prepared, for forward().
  void prepare(const Cpu& on, const T* w, T* prepared) const { forward_.pack(on, w, false, prepared); }

  /// y = x * w + bias. prepared: by prepare(), or null.
  void forward(const Cpu& on, const Picture<T>& x, const T* w, const PictureOutput<T>& y, Workspace<Cpu> workspace,
               const T* prepared = nullptr) const {
    forward_.forward(on, x.data, w, false, y.bias, y.y, workspace, prepared);
  }

  /// dx (N, H, W, groups CI) from dz.
  void backward_data(const Cpu& on, const Picture<T>& dz, const T* w, T* dx, Workspace<Cpu> workspace) const {
    backward_.forward(on, dz.data, w, true, nullptr, dx, workspace);
  }

  /// dw (KH, KW, CI, CO) and, unless null, db (CO).
  void backward_weights(const Cpu& on, const Picture<T>& x, const Picture<T>& dz, T* dw, T* db,
                        Workspace<Cpu> workspace) const {
    forward_.backward_weights(on, x.data, dz.data, dw, db, workspace);
  }

 private:
  using Geometry = typename GatheredGemm<T>::Geometry;

  static Geometry geometry(const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    const auto [rows, columns] = conv2d_windows(x, w, o);
    return {.x = x,
            .y = {x.n, rows.out, columns.out, w.co},
            .kh = w.kh,
            .kw = w.kw,
            .ci = w.ci,
            .co = w.co / o.groups,
            .groups = o.groups,
            .stride = o.stride,
            .dilation = o.dilation,
            .step = Size2(1),
            .top = rows.before,
            .left = columns.before};
  }

  /// That which gives dx from dz.
  static Geometry turned(const Geometry& g) {
    Geometry b = g;
    std::swap(b.x, b.y);
    std::swap(b.ci, b.co);
    b.stride = Size2(1);
    b.step = g.stride;
    b.top = (g.kh - 1) * g.dilation.h - g.top;
    b.left = (g.kw - 1) * g.dilation.w - g.left;
    return b;
  }

  GatheredGemm<T> forward_, backward_;
};

}  // namespace brindle::ops::kernel
