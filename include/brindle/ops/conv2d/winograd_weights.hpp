// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/winograd_tiles.hpp"
#include "brindle/ops/cpu_scratch.hpp"

namespace brindle::ops::kernel {

/// dw and db from x and dz; see WinogradConvolution.
template <class T, int m>
class WinogradWeights {
  using Tiles = WinogradTiles<T, m>;
  using Tile = WinogradTile<T, m>;
  using Micro = MicroTile<T>;
  static constexpr int positions = Tile::positions, width = Tile::width;

 public:
  explicit WinogradWeights(const ConvGeometry& g) : tiles_(g), d_row_(Tiles::apart(tiles_.co)) {
    const std::int64_t u_bytes = std::max<std::int64_t>(1, tiles_.filter_bytes());
    v_row_ = Tiles::apart(Micro::padded(g.ci));
    // Each staged block reads and writes all of dU: the larger dU, the fewer blocks.
    const std::int64_t elements = positions * (v_row_ + d_row_);
    staged_ = u_bytes > Tiles::most_fused_filters || tiles_.count < fewest_blocks * tiles_.fused_size(elements);
    blocks_ = staged_ ? tiles_.staged_blocks(elements, std::clamp<std::int64_t>(3 * u_bytes, 24 << 20, 96 << 20))
                      : tiles_.fused_blocks(elements);
    du_plane_ = Tiles::apart(g.ci * tiles_.co);
    v_plane_ = Tiles::apart(blocks_.size * v_row_);
    d_plane_ = Tiles::apart(blocks_.size * d_row_);
    groups_ = staged_ ? 1 : std::min(blocks_.count, std::clamp<std::int64_t>(group_bytes / u_bytes, 4, 32));
    slots_ = staged_ ? (blocks_.size + Tiles::stage_tiles - 1) / Tiles::stage_tiles : groups_;
  }

  std::int64_t workspace(int threads) const {
    Scratch scratch;
    Arrays(*this, scratch, threads);
    return scratch.bytes();
  }

  /// dw (3, 3, CI, CO) and, unless null, db (CO) from x and dz.
  void run(const Cpu& on, const Picture<T>& x, const Picture<T>& dz, T* dw, T* db, Workspace<Cpu> workspace) const {
    Scratch scratch(workspace);
    const Arrays arrays(*this, scratch, on.threads());
    T *du = arrays.du, *dbs = arrays.db;
    std::fill_n(arrays.zero, tiles_.zeros(), T(0));
    std::fill_n(dbs, slots_ * tiles_.co, T(0));
    if (blocks_.count == 0) std::fill_n(du, positions * du_plane_, T(0));
    if (staged_) {
      T *v = arrays.crew.of(0), *d = v + positions * v_plane_;
      const std::int64_t chunks = (tiles_.g.ci + 6 * Micro::rows - 1) / (6 * Micro::rows);
      for (std::int64_t b = 0; b < blocks_.count; ++b) {
        const std::int64_t first = b * blocks_.size, count = std::min(blocks_.size, tiles_.count - first);
        Tiles::in_stages(on, count, [&](std::int64_t begin, std::int64_t end, std::int64_t stage) {
          tiles_.transform_input(x, arrays.zero, first + begin, first + end, v + begin * v_row_, v_row_, v_plane_);
          transform_gradient(dz, arrays.zero, first + begin, first + end, d + begin * d_row_, dbs + stage * tiles_.co);
        });
        on.parallel(positions * chunks, [&](std::int64_t i, int) {
          const std::int64_t p = i / chunks, c = i % chunks * tiles_.g.ci / chunks;
          // The next position comes from memory while this one's products run: a share of V or of D a task.
          const T* next = i % 2 ? v + (p + 1) * v_plane_ + i % chunks * v_plane_ / chunks
                                : d + (p + 1) * d_plane_ + i % chunks * d_plane_ / chunks;
          accumulate(v + p * v_plane_, d + p * d_plane_, du + p * du_plane_,
                     tiles_.with_position(static_cast<int>(p), first, first + count), c,
                     (i % chunks + 1) * tiles_.g.ci / chunks, b > 0, p + 1 < positions ? next : nullptr);
        });
      }
    } else {
      on.parallel(groups_, [&](std::int64_t group, int worker) {
        T *v = arrays.crew.of(worker), *d = v + positions * v_plane_;
        const std::int64_t begin = group * blocks_.count / groups_, end = (group + 1) * blocks_.count / groups_;
        for (std::int64_t b = begin; b < end; ++b) {
          const std::int64_t first = b * blocks_.size, last = std::min(first + blocks_.size, tiles_.count);
          tiles_.transform_input(x, arrays.zero, first, last, v, v_row_, v_plane_);
          transform_gradient(dz, arrays.zero, first, last, d, dbs + group * tiles_.co);
          for (int p = 0; p < positions; ++p) {
            T* sums = du + (group * positions + p) * du_plane_;
            accumulate(v + p * v_plane_, d + p * d_plane_, sums, tiles_.with_position(p, first, last), 0, tiles_.g.ci,
                       b > begin, sums + du_plane_);
          }
        }
      });
    }
    transform_filter_gradient(on, du, dw);
    if (db) {
      for (std::int64_t slot = 1; slot < slots_; ++slot)
        for (std::int64_t c = 0; c < tiles_.g.co; ++c) dbs[c] += dbs[slot * tiles_.co + c];
      std::copy_n(dbs, tiles_.g.co, db);
    }
  }

 private:
  static constexpr std::int64_t group_bytes = 16 << 20;  // partial sums of dU
  static constexpr std::int64_t fewest_blocks = 8;       // with fewer, blocks are staged

  struct Arrays {
    T *du, *db, *zero;
    PerWorker<T> crew;  // V and D of each thread, or, staged, of all

    Arrays(const WinogradWeights& w, Scratch& scratch, int threads)
        : du(scratch.take<T>(w.groups_ * positions * w.du_plane_)),
          db(scratch.take<T>(w.slots_ * w.tiles_.co)),
          zero(scratch.take<T>(w.tiles_.zeros())),
          crew(PerWorker<T>::take(scratch, w.staged_ ? 1 : threads, positions * (w.v_plane_ + w.d_plane_))) {}
  };

  /// Tiles [first, end) of dz -> D; db (CO) += their sums.
  void transform_gradient(const Picture<T>& dz, const T* zero, std::int64_t first, std::int64_t end, T* d,
                          T* db) const {
    with_reader<Tile::outputs>(dz, zero, 0, 0, [&](auto& reader) {
      for (std::int64_t t = first; t < end; ++t, d += d_row_) {
        const auto at = tiles_.at(t);
        reader.at(at.n, at.row, at.column);
        Tiles::with_size(at, [&](auto rows, auto columns) { gradient_tile<rows, columns>(reader, at.narrow, d, db); });
      }
    });
  }

  template <int rows, int columns, class Reader>
  void gradient_tile(Reader& reader, bool down, T* d, T* db) const {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    using namespace Eigen::internal;
    for (std::int64_t c = 0; c < tiles_.g.co; c += width) {
      reader.channels(c);
      reader.prefetch(m, c, down);
      Packet sum = ploadu<Packet>(db + c);
      const auto load = [&](int i, int j) {
        const Packet z = reader.load(i, j);
        sum = padd(sum, z);
        return z;
      };
      Tile::template gradient<rows, columns>(load, d + c, d_plane_);
      pstoreu(db + c, sum);
    }
  }

  /// dU (+)= V' D at one position, input channels [c, c_end). ahead: memory to call for in the first slice of tiles; in
  /// the others, the next rows of dU.
  void accumulate(const T* v, const T* d, T* du, typename Tiles::Range tiles, std::int64_t c, std::int64_t c_end,
                  bool add, const T* ahead = nullptr) const {
    MicroProduct<T> p;
    p.a_row = 1;
    p.a_k = v_row_;
    p.b_row = d_row_;
    p.c = du + c * tiles_.co;
    p.c_row = tiles_.co;
    // Without tiles, one slice of nothing: dU is written.
    const std::int64_t slices = std::max<std::int64_t>(1, (tiles.size() + Micro::depth - 1) / Micro::depth);
    for (std::int64_t s = 0; s < slices; ++s) {
      const std::int64_t t = tiles.begin + s * tiles.size() / slices;
      p.a = v + t * v_row_ + c;
      p.b = d + t * d_row_;
      p.k = tiles.begin + (s + 1) * tiles.size() / slices - t;
      p.accumulate = add || s > 0;
      p.ahead = ahead && s > 0 ? p.c + (c_end - c) * p.c_row : ahead;
      micro_block(p, c_end - c, tiles_.co);
    }
  }

  /// dU, summed over its groups, -> dw.
  void transform_filter_gradient(const Cpu& on, T* du, T* dw) const {
    on.parallel_ranges(tiles_.g.ci, 4, [&](std::int64_t begin, std::int64_t end) {
      T tail[9 * width];
      for (std::int64_t group = 1; group < groups_; ++group)
        for (int p = 0; p < positions; ++p) {
          T* sum = du + p * du_plane_;
          const T* part = sum + group * positions * du_plane_;
          for (std::int64_t i = begin * tiles_.co; i < end * tiles_.co; ++i) sum[i] += part[i];
        }
      for (std::int64_t k = begin; k < end; ++k)
        for (std::int64_t c = 0; c < tiles_.g.co; c += width) {
          const std::int64_t count = std::min<std::int64_t>(width, tiles_.g.co - c), tap = tiles_.g.ci * tiles_.g.co;
          T* to = dw + k * tiles_.g.co + c;
          Tile::filter_gradient(du + k * tiles_.co + c, du_plane_, count == width ? to : tail,
                                count == width ? tap : width);
          if (count < width)
            for (int i = 0; i < 9; ++i) std::copy_n(tail + i * width, count, to + i * tap);
        }
    });
  }

  Tiles tiles_;
  bool staged_ = false;
  typename Tiles::Blocks blocks_;
  std::int64_t v_row_ = 0, d_row_;                         // elements from tile to tile
  std::int64_t v_plane_ = 0, d_plane_ = 0, du_plane_ = 0;  // and from position to position
  std::int64_t groups_ = 0, slots_ = 0;                    // partial sums of dU and of db
};

}  // namespace brindle::ops::kernel
