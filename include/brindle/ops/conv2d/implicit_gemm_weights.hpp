// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/picture_bands.hpp"
#include "brindle/ops/conv2d/picture_blocks.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/gemm/micro_kernel.hpp"

namespace brindle::ops::kernel {

/// The gradient of a convolution by its filters, as matrix products whose left side is the picture itself: in the words
/// of ImplicitGemm,
///
///     dw(i) (KW CI, CO) = sum over rows r of  A' of x row (r stride.h + i) (KW CI, OW)  times  dz row r (OW, CO)
template <class T>
class ImplicitGemmWeights {
  using Micro = MicroTile<T>;
  static constexpr int width = Micro::width;

 public:
  /// g: of the convolution.
  explicit ImplicitGemmWeights(const ConvGeometry& g)
      : g_(g),
        segment_(g.kw * g.ci),
        depth_(g.kh * segment_),
        co_(Micro::padded(g.co)),
        cut_(PictureBlocks::of_pixels({g.n, g.oh, g.ow, g.co})) {
    const std::int64_t filter_bytes = depth_ * co_ * static_cast<std::int64_t>(sizeof(T));
    groups_ =
        std::min(cut_.count, std::clamp<std::int64_t>((16 << 20) / std::max<std::int64_t>(filter_bytes, 1), 2, 32));
    split_rows_ = groups_ < 8;
  }

  /// Bytes of workspace.
  std::int64_t workspace(int threads) const {
    Scratch scratch;
    Arrays(*this, scratch, threads);
    return scratch.bytes();
  }

  /// dw (KH, KW, CI, CO) and, unless null, db (CO).
  void run(const Cpu& on, const Picture<T>& x, const Picture<T>& dz, T* dw, T* db, Workspace<Cpu> workspace) const {
    Scratch space(workspace);
    const Arrays arrays(*this, space, on.threads());
    const std::int64_t size = depth_ * co_, blocks = cut_.count;
    T *sums = arrays.sums, *dbs = arrays.channels;
    std::fill_n(dbs, groups_ * co_, T(0));
    const std::int64_t parts = split_rows_ ? g_.kh : 1;
    on.parallel(groups_ * parts, [&](std::int64_t task, int worker) {
      T *scratch = arrays.bands.of(worker), *gradient = arrays.gradients.of(worker);
      const std::int64_t group = task / parts, part = task % parts;
      const std::int64_t begin = group * blocks / groups_, end = (group + 1) * blocks / groups_;
      for (std::int64_t b = begin; b < end; ++b) {
        const PictureBlock block = cut_.at(b);
        const T* z = read_gradient(dz, block, gradient);
        if (part == 0) add_pixels(z, block.rows * block.columns, dbs + group * co_);
        const std::int64_t first = split_rows_ ? part : 0, last = split_rows_ ? part + 1 : g_.kh;
        const Band<T> band = read_band(g_, x, block, first, last, scratch);
        for (std::int64_t i = first; i < last; ++i) {
          MicroProduct<T> p;
          p.a = band.data + (i - first) * band.row;
          p.a_row = 1;
          p.a_k = g_.stride.w * g_.ci;
          p.a_segment = g_.stride.h * band.row;
          p.segments = block.rows;
          p.k = block.columns;
          p.b = z;
          p.b_row = co_;
          p.c = sums + group * size + i * segment_ * co_;
          p.c_row = co_;
          p.accumulate = b > begin;
          micro_block(p, segment_, co_);
        }
      }
    });
    on.parallel_ranges(depth_, 32, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t k = begin; k < end; ++k)
        for (std::int64_t c = 0; c < g_.co; ++c) {
          T sum = 0;
          for (std::int64_t group = 0; group < groups_; ++group) sum += sums[group * size + k * co_ + c];
          dw[k * g_.co + c] = sum;
        }
    });
    if (db)
      for (std::int64_t c = 0; c < g_.co; ++c) {
        db[c] = 0;
        for (std::int64_t group = 0; group < groups_; ++group) db[c] += dbs[group * co_ + c];
      }
  }

 private:
  struct Arrays {
    T *sums, *channels;             // of dw and db, one for each group
    PerWorker<T> bands, gradients;  // rows of x, and of dz

    Arrays(const ImplicitGemmWeights& c, Scratch& scratch, int threads)
        : sums(scratch.take<T>(c.groups_ * c.depth_ * c.co_)),
          channels(scratch.take<T>(c.groups_ * c.co_)),
          bands(PerWorker<T>::take(scratch, threads, band_size(c.g_))),
          gradients(PerWorker<T>::take(scratch, threads, PictureBlocks::most_pixels(c.g_.ow) * c.co_)) {}
  };

  /// dz of a block as one matrix (pixels, co_), channels beyond CO zero.
  const T* read_gradient(const Picture<T>& dz, const PictureBlock& b, T* scratch) const {
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

  /// db (co_) += the sum of dz over pixels, in four interleaved sums.
  void add_pixels(const T* z, std::int64_t pixels, T* db) const {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    using namespace Eigen::internal;
    for (std::int64_t c = 0; c < co_; c += width) {
      Packet sum[4] = {ploadu<Packet>(db + c), pset1<Packet>(T(0)), pset1<Packet>(T(0)), pset1<Packet>(T(0))};
      std::int64_t i = 0;
      for (; i + 4 <= pixels; i += 4)
        for (int j = 0; j < 4; ++j) sum[j] = padd(sum[j], ploadu<Packet>(z + (i + j) * co_ + c));
      for (; i < pixels; ++i) sum[0] = padd(sum[0], ploadu<Packet>(z + i * co_ + c));
      pstoreu(db + c, padd(padd(sum[0], sum[1]), padd(sum[2], sum[3])));
    }
  }

  ConvGeometry g_;
  std::int64_t segment_, depth_, co_;  // KW CI; KH KW CI; output channels with padding
  PictureBlocks cut_;                  // whatever the number of threads
  std::int64_t groups_ = 0;            // partial sums
  bool split_rows_ = false;            // rows of the filter are tasks of their own
};

}  // namespace brindle::ops::kernel
