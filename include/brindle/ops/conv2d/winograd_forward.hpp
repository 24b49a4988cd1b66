// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation/cpu.hpp"
#include "brindle/ops/batch_normalization/normalize_rows.hpp"
#include "brindle/ops/conv2d/winograd_few_tiles.hpp"
#include "brindle/ops/conv2d/winograd_filters.hpp"
#include "brindle/ops/conv2d/winograd_tiles.hpp"
#include "brindle/ops/cpu_scratch.hpp"

namespace brindle::ops::kernel {

/// y = x * w, and dx from dz; see WinogradConvolution.
template <class T, int m>
class WinogradForward {
  using Tiles = WinogradTiles<T, m>;
  using Tile = WinogradTile<T, m>;
  using Micro = MicroTile<T>;
  using Filters = WinogradFilters<T, m>;
  using TileAt = typename Tiles::TileAt;
  static constexpr int positions = Tile::positions, width = Tile::width;
  static constexpr std::int64_t panel = Tiles::panel;

 public:
  /// g: of the convolution; for a gradient with respect to x, its backward().
  explicit WinogradForward(const ConvGeometry& g)
      : tiles_(g), v_row_(Tiles::apart(Micro::padded(g.ci))), m_row_(Tiles::apart(tiles_.co)) {
    // Without SIMD a compiler may join a product and a sum of two stages of a transform, and does so where nothing is
    // stored between them only: other bits.
    if (width > 1 && tiles_.count <= WinogradFewTiles<T, m>::most_tiles) few_.emplace(tiles_);
    blocks_ = tiles_.blocks(positions * (v_row_ + m_row_), staged_bytes);
    u_plane_ = Tiles::apart(g.ci * (blocks_.staged ? std::min(tiles_.co, panel) : tiles_.co));
    v_plane_ = Tiles::apart(blocks_.size * v_row_);
    m_plane_ = Tiles::apart(blocks_.size * m_row_);
  }

  std::int64_t workspace(int threads, bool rotated) const {
    Scratch scratch;
    Arrays(*this, scratch, threads, rotated);
    return scratch.bytes();
  }

  /// Elements of what prepare() makes, whatever the pictures are.
  std::int64_t prepared_size() const { return Filters::prepared_size(tiles_); }

  /// w -> what run() takes as prepared; see WinogradFilters.
  void prepare(const Cpu& on, const T* w, T* prepared) const { Filters::prepare(on, tiles_, w, prepared); }

  /// w: (3, 3, CI, CO); rotated: (3, 3, CO, CI), to be rotated and transposed, for a gradient with respect to x. A pool
  /// in `out` needs an even m. prepared: by prepare(), not of rotated filters, or null.
  void run(const Cpu& on, const Picture<T>& x, const T* w, bool rotated, const PictureOutput<T>& out,
           Workspace<Cpu> workspace, const T* prepared = nullptr) const {
    Scratch scratch(workspace);
    const Arrays arrays(*this, scratch, on.threads(), rotated);
    std::fill_n(arrays.zero, tiles_.zeros(), T(0));
    std::fill_n(arrays.bias, tiles_.co, T(0));
    if (out.bias) std::copy_n(out.bias, tiles_.g.co, arrays.bias);
    if (rotated) Filters::turn(on, tiles_, w, arrays.turned);
    const Filters filters(tiles_, rotated ? arrays.turned : w, prepared);
    if (blocks_.staged)
      run_staged(on, x, filters, out, arrays);
    else
      run_fused(on, x, filters, out, arrays);
  }

 private:
  static constexpr std::int64_t staged_bytes = 24 << 20;  // V and M of a block

  struct Arrays {
    PerWorker<T> u;     // one, or, staged, a panel of each thread
    T* packed;          // of few tiles, V
    PerWorker<T> work;  // and what each thread needs
    T *zero, *bias, *turned;
    PerWorker<T> crew;  // V and M of each thread, or, staged, of all

    Arrays(const WinogradForward& f, Scratch& scratch, int threads, bool rotated)
        : u(PerWorker<T>::take(scratch,
                               f.few_             ? 0
                               : f.blocks_.staged ? threads
                                                  : 1,
                               positions * f.u_plane_)),
          packed(scratch.take<T>(f.few_ ? f.few_->packed_size() : 0)),
          work(PerWorker<T>::take(scratch, f.few_ ? threads : 0, f.few_ ? f.few_->work_size() : 0)),
          zero(scratch.take<T>(f.tiles_.zeros())),
          bias(scratch.take<T>(f.tiles_.co)),
          turned(scratch.take<T>(rotated ? 9 * f.tiles_.g.ci * f.tiles_.g.co : 0)),
          crew(PerWorker<T>::take(scratch, f.blocks_.staged ? 1 : threads, positions * (f.v_plane_ + f.m_plane_))) {}
  };

  std::int64_t panels() const { return (tiles_.co + panel - 1) / panel; }

  void run_staged(const Cpu& on, const Picture<T>& x, const Filters& filters, const PictureOutput<T>& out,
                  const Arrays& arrays) const {
    T *v = arrays.crew.of(0), *sums = v + positions * v_plane_;
    for (std::int64_t b = 0; b < blocks_.count; ++b) {
      const std::int64_t first = b * blocks_.size, count = std::min(blocks_.size, tiles_.count - first);
      Tiles::in_stages(on, count, [&](std::int64_t begin, std::int64_t end, std::int64_t) {
        tiles_.transform_input(x, arrays.zero, first + begin, first + end, v + begin * v_row_, v_row_, v_plane_);
      });
      if (few_) few_->pack(on, v, v_row_, v_plane_, arrays.packed);
      on.parallel(panels(), [&](std::int64_t i, int worker) {
        const std::int64_t c = i * panel, c_end = std::min(tiles_.co, c + panel);
        if (few_)
          return few_->multiply(arrays.packed, filters, c, c_end, arrays.work.of(worker), sums + c, m_row_, m_plane_);
        T* u = arrays.u.of(worker);
        filters.transform(0, tiles_.g.ci, c, c_end, u, u_plane_);
        multiply(v, u, sums, first, first + count, c, c_end);
      });
      Tiles::in_stages(on, count, [&](std::int64_t begin, std::int64_t end, std::int64_t) {
        transform_output(sums + begin * m_row_, first + begin, first + end, arrays.bias, out);
      });
    }
  }

  void run_fused(const Cpu& on, const Picture<T>& x, const Filters& filters, const PictureOutput<T>& out,
                 const Arrays& arrays) const {
    T* u = arrays.u.of(0);
    const std::int64_t slices = (tiles_.g.ci + 63) / 64;
    on.parallel(panels() * slices, [&](std::int64_t i, int) {
      const std::int64_t c = i / slices * panel, k = i % slices * 64;
      filters.transform(k, std::min(tiles_.g.ci, k + 64), c, std::min(tiles_.co, c + panel), u + c * tiles_.g.ci,
                        u_plane_);
    });
    on.parallel(blocks_.count, [&](std::int64_t b, int worker) {
      T *v = arrays.crew.of(worker), *sums = v + positions * v_plane_;
      const std::int64_t first = b * blocks_.size, end = std::min(first + blocks_.size, tiles_.count);
      tiles_.transform_input(x, arrays.zero, first, end, v, v_row_, v_plane_);
      multiply(v, u, sums, first, end, 0, tiles_.co);
      transform_output(sums, first, end, arrays.bias, out);
    });
  }

  /// M = V U for tiles [first, end), output channels [c, c_end); u begins with their panel.
  void multiply(const T* v, const T* u, T* sums, std::int64_t first, std::int64_t end, std::int64_t c,
                std::int64_t c_end) const {
    const std::int64_t slices = (tiles_.g.ci + Micro::depth - 1) / Micro::depth;
    for (int position = 0; position < positions; ++position) {
      const auto tiles = tiles_.with_position(position, first, end);
      MicroProduct<T> p;
      p.a_row = v_row_;
      p.b = u + position * u_plane_;
      p.c = sums + position * m_plane_ + tiles.begin * m_row_ + c;
      p.c_row = m_row_;
      for (std::int64_t s = 0; s < slices; ++s) {
        const std::int64_t k = s * tiles_.g.ci / slices;
        p.a = v + position * v_plane_ + tiles.begin * v_row_ + k;
        p.k = (s + 1) * tiles_.g.ci / slices - k;
        p.accumulate = s > 0;
        micro_block(p, tiles.size(), c_end - c, tiles_.g.ci * panel, k);
      }
    }
  }

  /// M -> tiles [first, end) of y.
  void transform_output(const T* sums, std::int64_t first, std::int64_t end, const T* bias,
                        const PictureOutput<T>& out) const {
    if (out.normalization)
      transform_and_normalize(sums, first, end, bias, out);
    else if (out.residual)
      transform_output<true>(sums, first, end, bias, out);
    else
      transform_output<false>(sums, first, end, bias, out);
  }

  /// The same with a normalization, of a tile that has just been stored.
  void transform_and_normalize(const T* sums, std::int64_t first, std::int64_t end, const T* bias,
                               const PictureOutput<T>& out) const {
    PictureOutput<T> plain = out;
    plain.residual = nullptr;
    const T least = -std::numeric_limits<T>::infinity();
    for (std::int64_t t = first; t < end; ++t, sums += m_row_) {
      const auto at = tiles_.at(t);
      Tiles::with_size(at, [&](auto rows, auto columns) {
        output_tile<rows, columns, false>(sums, at, bias, least, plain);
        each_row<rows, columns>(at, [&](std::int64_t row, std::int64_t pixels) {
          normalize_stored(*out.normalization, out.activation, out.residual ? out.residual + row : nullptr, out.y + row,
                           pixels);
        });
      });
    }
  }

  template <bool residual>
  void transform_output(const T* sums, std::int64_t first, std::int64_t end, const T* bias,
                        const PictureOutput<T>& out) const {
    const auto last = ActivationSteps<T>::of(out.activation);
    const bool limited = last.most < std::numeric_limits<T>::infinity();
    const ActivationFunction after = limited ? out.activation : last.after;
    for (std::int64_t t = first; t < end; ++t, sums += m_row_) {
      const auto at = tiles_.at(t);
      Tiles::with_size(at, [&](auto rows, auto columns) {
        output_tile<rows, columns, residual>(sums, at, bias, last.least, out);
        if (after == ActivationFunction::linear) return;
        each_row<rows, columns>(at, [&](std::int64_t row, std::int64_t pixels) {
          activate_range(after, out.y + row, out.y + row, pixels * tiles_.g.co);
        });
      });
    }
  }

  /// f(row, pixels) for each row of pixels that output_tile() has stored: its first element in y.
  template <int rows, int columns, class F>
  void each_row(const TileAt& at, F&& f) const {
    const std::int64_t pixels = std::min<std::int64_t>(columns, tiles_.g.ow - at.column);
    for (int i = 0; i < rows && at.row + i < tiles_.g.oh; ++i)
      f(((at.n * tiles_.g.oh + at.row + i) * tiles_.g.ow + at.column) * tiles_.g.co, pixels);
  }

  template <int rows, int columns, bool residual>
  void output_tile(const T* sums, const TileAt& at, const T* bias, T smallest, const PictureOutput<T>& out) const {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    using namespace Eigen::internal;
    const Packet least = pset1<Packet>(smallest);
    const std::int64_t first = ((at.n * tiles_.g.oh + at.row) * tiles_.g.ow + at.column) * tiles_.g.co;
    T* y = out.y + first;
    [[maybe_unused]] const T* shortcut = residual ? out.residual + first : nullptr;
    const bool inside = at.row + rows <= tiles_.g.oh && at.column + columns <= tiles_.g.ow;
    std::int64_t c = 0;
    if (!out.pooled && inside)
      for (; c + width <= tiles_.g.co; c += width) {
        const Packet b = ploadu<Packet>(bias + c);
        Tile::template output<rows, columns>(sums + c, m_plane_, [&](int i, int j, const auto& value) {
          const std::int64_t to = (i * tiles_.g.ow + j) * tiles_.g.co + c;
          auto sum = padd(value, b);
          if constexpr (residual) sum = padd(sum, ploadu<Packet>(shortcut + to));
          pstoreu(y + to, sum < least ? least : sum);
        });
      }
    alignas(64) T z[m * m * width];
    for (; c < tiles_.g.co; c += width) {
      const Packet b = ploadu<Packet>(bias + c);
      Tile::template output<rows, columns>(sums + c, m_plane_, [&](int i, int j, const auto& value) {
        const auto sum = padd(value, b);
        if constexpr (residual)
          pstore(z + (i * m + j) * width, sum);
        else
          pstore(z + (i * m + j) * width, sum < least ? least : sum);
      });
      const std::int64_t count = std::min<std::int64_t>(width, tiles_.g.co - c);
      if (out.pooled)
        store_pooled<rows, columns>(z, at, c, count, out);
      else
        store<rows, columns>(z, at, c, count, smallest, out);
    }
  }

  template <int rows, int columns>
  void store(const T* z, const TileAt& at, std::int64_t c, std::int64_t count, T smallest,
             const PictureOutput<T>& out) const {
    for (int i = 0; i < rows && at.row + i < tiles_.g.oh; ++i)
      for (int j = 0; j < columns && at.column + j < tiles_.g.ow; ++j) {
        const T* from = z + (i * m + j) * width;
        const std::int64_t to = ((at.n * tiles_.g.oh + at.row + i) * tiles_.g.ow + at.column + j) * tiles_.g.co + c;
        if (!out.residual) {
          std::copy_n(from, count, out.y + to);
          continue;
        }
        for (std::int64_t k = 0; k < count; ++k) {
          const T sum = from[k] + out.residual[to + k];
          out.y[to + k] = sum < smallest ? smallest : sum;
        }
      }
  }

  template <int rows, int columns>
  void store_pooled(const T* z, const TileAt& at, std::int64_t c, std::int64_t count,
                    const PictureOutput<T>& out) const {
    const std::int64_t ph = tiles_.g.oh / 2, pw = tiles_.g.ow / 2;
    for (int i = 0; i < rows / 2 && at.row / 2 + i < ph; ++i)
      for (int j = 0; j < columns / 2 && at.column / 2 + j < pw; ++j) {
        const T* from = z + (2 * i * m + 2 * j) * width;
        const std::int64_t to = ((at.n * ph + at.row / 2 + i) * pw + at.column / 2 + j) * tiles_.g.co + c;
        pool_window_part(from, from + width, from + m * width, from + (m + 1) * width, count, out, to);
      }
  }

  /// pool_window, of which the first `count` channels are stored at y + to.
  static void pool_window_part(const T* z0, const T* z1, const T* z2, const T* z3, std::int64_t count,
                               const PictureOutput<T>& out, std::int64_t to) {
    if (width == 1 || count == width)
      return pool_window<T, width>(z0, z1, z2, z3, out.relu(), out.y + to, out.code ? out.code + to : nullptr);
    T y[width];
    std::uint8_t code[width];
    pool_window<T, width>(z0, z1, z2, z3, out.relu(), y, code);
    std::copy_n(y, count, out.y + to);
    if (out.code) std::copy_n(code, count, out.code + to);
  }

  Tiles tiles_;
  std::optional<WinogradFewTiles<T, m>> few_;  // if they are; staged, in one block
  typename Tiles::Blocks blocks_;
  std::int64_t v_row_, m_row_;                            // elements from tile to tile
  std::int64_t u_plane_ = 0, v_plane_ = 0, m_plane_ = 0;  // and from position to position
};

}  // namespace brindle::ops::kernel
