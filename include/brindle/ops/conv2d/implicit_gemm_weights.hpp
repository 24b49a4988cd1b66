// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/batch_normalization/gradient_rows.hpp"
#include "brindle/ops/batch_normalization/partial_gradient_sums.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/picture_bands.hpp"
#include "brindle/ops/conv2d/picture_blocks.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/cpu_lanes.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/gemm/micro_kernel.hpp"
#include "brindle/ops/gradient_prologue.hpp"

namespace brindle::ops::kernel {

/// What the gradient by filters makes beside it, if they are 1x1 and so few that ImplicitGemmWeights::at_once().
template <class T>
struct DataGradient {
  const T* w = nullptr;       ///< (CI, CO)
  T* dx = nullptr;            ///< (pixels, CI); null: nothing is made
  GradientSums<T, Cpu> sums;  ///< of x's prologue and dx; empty: none are wanted
};

/// The gradient of a convolution by its filters, as matrix products whose left side is the picture itself: in the words
/// of ImplicitGemm,
///
///     dw(i) (KW CI, CO) = sum over rows r of  A' of x row (r stride.h + i) (KW CI, OW)  times  dz row r (OW, CO)
template <class T>
class ImplicitGemmWeights {
  using Micro = MicroTile<T>;
  static constexpr int width = Micro::width;

 public:
  /// g: of the convolution. prologue: whether pictures may come with one.
  explicit ImplicitGemmWeights(const ConvGeometry& g, bool prologue = false)
      : g_(g),
        seen_(g),
        segment_(g.kw * g.ci),
        depth_(g.kh * segment_),
        co_(Micro::padded(g.co)),
        cut_(PictureBlocks::of_pixels({g.n, g.oh, g.ow, g.co})) {
    const std::int64_t filter_bytes = depth_ * co_ * static_cast<std::int64_t>(sizeof(T));
    const std::int64_t most_groups =
        std::clamp<std::int64_t>((16 << 20) / std::max<std::int64_t>(filter_bytes, 1), 1, 32);
    if (filter_bytes > piece_bytes) {
      row_parts_ = std::max<std::int64_t>(segment_ / (7 * Micro::rows), 1);
      if (g.co == co_) column_parts_ = std::max<std::int64_t>(co_ / (2 * Micro::columns), 1);
      parts_ = g.kh * row_parts_ * column_parts_;
    }
    const std::int64_t wanted = std::max<std::int64_t>((tasks + parts_ / 2) / parts_, 1);
    const std::int64_t h = (g.oh - 1) * g.stride.h + g.kh, w = (g.ow - 1) * g.stride.w + g.kw;
    const bool zeros = g.top > 0 || g.left > 0 || h > g.h || w > g.w;
    copies_ = row_parts_ * column_parts_ >= (prologue ? 2 : 8) && (zeros || prologue);
    if (copies_) seen_.h = h, seen_.w = w, seen_.top = seen_.left = 0;
    groups_ = std::min(
        {cut_.count, parts_ == 1 ? cut_.count : std::max<std::int64_t>(cut_.count / 4, 1), most_groups, wanted});
  }

  /// Bytes of workspace.
  std::int64_t workspace(int threads) const {
    Scratch scratch;
    Arrays(*this, scratch, threads);
    return scratch.bytes();
  }

  /// dw (KH, KW, CI, CO) and, unless null, db (CO).
  void run(const Cpu& on, const Picture<T>& x, const Picture<T>& dz, T* dw, T* db, Workspace<Cpu> workspace,
           const DataGradient<T>& data = {}) const {
    Scratch space(workspace);
    const Arrays arrays(*this, space, on.threads());
    if (data.dx) pack_panels(data.w, 1, g_.co, g_.co, g_.ci, arrays.filters);
    if (groups_ == 0) {  // no pictures
      std::fill_n(dw, depth_ * g_.co, T(0));
      if (db) std::fill_n(db, g_.co, T(0));
      return;
    }
    const std::int64_t size = depth_ * co_;
    const bool direct = groups_ == 1 && g_.co == co_;  // into dw
    T *sums = direct ? dw : arrays.sums, *dbs = arrays.channels;
    std::fill_n(dbs, groups_ * co_, T(0));
    const Picture<T> from = copies_ ? copy(on, x, arrays.pictures) : x;
    on.parallel(groups_ * parts_, [&](std::int64_t task, int worker) {
      const std::int64_t group = task % groups_;
      const Piece piece = piece_at(task / groups_);
      if (!data.sums.empty()) arrays.in_front.clear(group);
      for (std::int64_t b = first_block(group); b < first_block(group + 1); ++b) {
        const PictureBlock block = cut_.at(b);
        const T* z = read_gradient(dz, block, arrays.gradients.of(worker));
        if (db && piece.first == 0 && piece.row == 0)
          add_pixels(z, block.rows * block.columns, piece, dbs + group * co_);
        const Band<T> band = read_band(seen_, from, block, piece.first, piece.last, arrays.bands.of(worker));
        MicroProduct<T> p;
        p.a_row = 1;
        p.a_k = g_.stride.w * g_.ci;
        p.a_segment = g_.stride.h * band.row;
        p.segments = block.rows;
        p.k = block.columns;
        p.b = z + piece.column;
        p.b_row = co_;
        p.c_row = co_;
        p.accumulate = b > first_block(group);
        const bool more = parts_ == 1 && b + 1 < first_block(group + 1);
        if (more) look_ahead_of_either(from, dz, cut_.at(b + 1), p);
        if (data.dx) backward_data(dz, z, block, more ? cut_.at(b + 1) : PictureBlock{}, arrays.filters, data.dx);
        if (!data.sums.empty())
          arrays.in_front.add(group, worker, *x.prologue, x.data + block.column * g_.ci, data.dx + block.column * g_.ci,
                              block.columns);
        for (std::int64_t i = piece.first; i < piece.last; ++i) {
          p.a = band.data + (i - piece.first) * band.row + piece.row;
          p.c = sums + group * size + (i * segment_ + piece.row) * co_ + piece.column;
          micro_block(p, piece.rows, piece.columns);
          p.ahead = nullptr;
        }
      }
    });
    if (!direct) add_up(on, sums, dw);
    if (!data.sums.empty()) arrays.in_front.add_up(data.sums);
    if (db)
      for (std::int64_t c = 0; c < g_.co; ++c) {
        db[c] = 0;
        for (std::int64_t group = 0; group < groups_; ++group) db[c] += dbs[group * co_ + c];
      }
  }

 private:
  static constexpr std::int64_t tasks = 32;             // about so many
  static constexpr std::int64_t piece_bytes = 1 << 17;  // filters from which on they are cut, so that sums stay few

  /// A part of dw: rows of filters [first, last), and of their KW CI and CO.
  struct Piece {
    std::int64_t first, last, row, rows, column, columns;
  };
  Piece piece_at(std::int64_t i) const {
    if (parts_ == 1) return {0, g_.kh, 0, segment_, 0, co_};
    const std::int64_t c = i % column_parts_, r = i / column_parts_ % row_parts_, k = i / (column_parts_ * row_parts_);
    const std::int64_t panels = (co_ + Micro::columns - 1) / Micro::columns;
    const std::int64_t column = c * panels / column_parts_ * Micro::columns,
                       column_end = std::min(co_, (c + 1) * panels / column_parts_ * Micro::columns);
    const std::int64_t row = r * segment_ / row_parts_, row_end = (r + 1) * segment_ / row_parts_;
    return {k, k + 1, row, row_end - row, column, column_end - column};
  }
  std::int64_t first_block(std::int64_t group) const { return group * cut_.count / groups_; }

  struct Arrays {
    T *sums, *channels;  // of dw and db, one for each group
    T* filters;          // transposed, in panels
    PartialGradientSums<T> in_front;
    T* pictures;                    // x as windows see it, where all pieces read it from there
    PerWorker<T> bands, gradients;  // rows of x, and of dz

    Arrays(const ImplicitGemmWeights& c, Scratch& scratch, int threads)
        : sums(scratch.take<T>(c.groups_ * c.depth_ * c.co_)),
          channels(scratch.take<T>(c.groups_ * c.co_)),
          filters(scratch.take<T>(c.at_once() ? c.g_.co * Micro::padded(c.g_.ci) : 0)),
          in_front(scratch, c.at_once() ? c.groups_ : 0, c.g_.ci, threads),
          pictures(scratch.take<T>(c.copies_ ? c.g_.n * c.seen_.h * c.seen_.w * c.g_.ci : 0)),
          bands(PerWorker<T>::take(scratch, threads, band_size(c.g_))),
          gradients(PerWorker<T>::take(scratch, threads, PictureBlocks::most_pixels(c.g_.ow) * c.co_)) {}
  };

  /// The pictures behind their prologue, with the zeros that windows see around them. Else each piece would make each
  /// band anew: with 56 pieces (256 to 512 channels at 10x10, a stride of 2) that took 0.4 of the time.
  Picture<T> copy(const Cpu& on, const Picture<T>& x, T* to) const {
    const std::int64_t row = seen_.w * g_.ci;
    on.parallel_ranges(g_.n * seen_.h, 8, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r)
        read_row(x, r / seen_.h, r % seen_.h - g_.top, -g_.left, seen_.w, to + r * row);
    });
    return {to, nullptr, seen_.h, seen_.w, g_.ci};
  }

  bool at_once() const { return g_.is_pointwise() && parts_ == 1; }

  /// dx of a block of pixels, all of which are one row, from its dz (pixels, co_). filters: w transposed, in panels.
  /// next: the next block, which may be empty.
  void backward_data(const Picture<T>& dz, const T* z, const PictureBlock& b, const PictureBlock& next,
                     const T* filters, T* dx) const {
    MicroProduct<T> p;
    p.a_row = co_;
    p.b = filters;
    p.c = dx + b.column * g_.ci;
    p.c_row = g_.ci;
    p.tail = g_.ci % width;
    if (next.columns > 0 && dz.behind) look_ahead({dz.behind->z.data, nullptr, dz.h, dz.w, dz.c}, next, p);
    const std::int64_t slices =  // as in ImplicitGemm
        g_.co <= Micro::depth + Micro::depth / 2 ? 1 : (g_.co + Micro::depth - 1) / Micro::depth;
    for (std::int64_t slice = 0; slice < slices; ++slice, p.ahead = nullptr) {
      const std::int64_t begin = slice * g_.co / slices;
      p.a = z + begin;
      p.k = (slice + 1) * g_.co / slices - begin;
      p.accumulate = slice > 0;
      micro_block(p, b.columns, Micro::padded(g_.ci), Micro::columns * g_.co, begin);
    }
  }

  /// dz of a block as one matrix (pixels, co_), channels beyond CO zero.
  const T* read_gradient(const Picture<T>& dz, const PictureBlock& b, T* scratch) const {
    if (dz.behind) return read_behind(dz, b, scratch);
    if (!dz.code && g_.co == co_ && (b.columns == g_.ow || b.rows == 1))
      return dz.data + ((b.n * g_.oh + b.row) * g_.ow + b.column) * g_.co;
    if (g_.co == co_) {
      for (std::int64_t r = 0; r < b.rows; ++r)
        read_row(dz, b.n, b.row + r, b.column, b.columns, scratch + r * b.columns * co_);
      return scratch;
    }
    for (std::int64_t r = 0; r < b.rows; ++r)
      for (std::int64_t c = 0; c < b.columns; ++c) {
        T* to = scratch + (r * b.columns + c) * co_;
        if (dz.code)
          read_row(dz, b.n, b.row + r, b.column + c, 1, to);
        else
          std::copy_n(dz.data + ((b.n * g_.oh + b.row + r) * g_.ow + b.column + c) * g_.co, g_.co, to);
        std::fill_n(to + g_.co, co_ - g_.co, T(0));
      }
    return scratch;
  }

  /// The same where dz is made of dy, and all pixels are one row.
  const T* read_behind(const Picture<T>& dy, const PictureBlock& b, T* scratch) const {
    for (std::int64_t i = 0; g_.co < co_ && i < b.columns; ++i)
      std::fill_n(scratch + i * co_ + g_.co, co_ - g_.co, T(0));
    const std::int64_t first = b.column * g_.co;
    gradient_of_rows(*dy.behind, dy.behind->z.data + first, dy.data + first, scratch, co_, b.columns);
    return scratch;
  }

  /// dw = the sums of all groups, in their order.
  void add_up(const Cpu& on, const T* sums, T* dw) const {
    on.parallel_ranges(depth_, 32, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t k = begin; k < end; ++k) {
        T* to = dw + k * g_.co;
        std::copy_n(sums + k * co_, g_.co, to);
        for (std::int64_t group = 1; group < groups_; ++group)
          in_lanes<T>(
              g_.co, [](auto sum, auto more) { return sum + more; }, to, to, sums + (group * depth_ + k) * co_);
      }
    });
  }

  /// What the next block reads most of, x or dz, if it is read from where it lies.
  void look_ahead_of_either(const Picture<T>& x, const Picture<T>& dz, const PictureBlock& next,
                            MicroProduct<T>& p) const {
    if (segment_ > co_ && g_.is_pointwise() && !x.code)
      look_ahead(x, next, p);
    else if (dz.behind || (g_.co == co_ && !dz.code))
      look_ahead(dz, next, p);
  }

  /// db (co_) += the sum of dz's columns of the piece over pixels, in four interleaved sums.
  void add_pixels(const T* z, std::int64_t pixels, const Piece& piece, T* db) const {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    using namespace Eigen::internal;
    for (std::int64_t c = piece.column; c < piece.column + piece.columns; c += width) {
      Packet sum[4] = {ploadu<Packet>(db + c), pset1<Packet>(T(0)), pset1<Packet>(T(0)), pset1<Packet>(T(0))};
      std::int64_t i = 0;
      for (; i + 4 <= pixels; i += 4)
        for (int j = 0; j < 4; ++j) sum[j] = padd(sum[j], ploadu<Packet>(z + (i + j) * co_ + c));
      for (; i < pixels; ++i) sum[0] = padd(sum[0], ploadu<Packet>(z + i * co_ + c));
      pstoreu(db + c, padd(padd(sum[0], sum[1]), padd(sum[2], sum[3])));
    }
  }

  ConvGeometry g_, seen_;                                      // as it is, and of the pictures that the pieces read
  bool copies_ = false;                                        // they are copied
  std::int64_t segment_, depth_, co_;                          // KW CI; KH KW CI; output channels with padding
  PictureBlocks cut_;                                          // whatever the number of threads
  std::int64_t parts_ = 1, row_parts_ = 1, column_parts_ = 1;  // pieces of dw, which are tasks
  std::int64_t groups_ = 1;                                    // of blocks, which are, too: partial sums
};

}  // namespace brindle::ops::kernel
