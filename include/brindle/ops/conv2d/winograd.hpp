#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/conv2d/winograd_transform.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/gemm/micro_kernel.hpp"

namespace brindle::ops::kernel {

/// Convolution with 3x3 filters and a stride of 1 by F(m x m, 3 x 3), m = 4 or 2: a quarter or 4/9 of the
/// multiplications. P = 36 or 16 positions of a transformed tile, t tiles of m x m outputs in a block:
///
///     x tiles (t, m + 2, m + 2, CI) -> V (P, t, CI)     filters (3, 3, CI, CO) -> U (P, CI, CO)
///     M (P, t, CO) = V U at each position               M -> y tiles (t, m, m, CO), with bias, relu and pool
///
/// The gradient with respect to x is the same with rotated, transposed filters. The one with respect to the filters:
///
///     dz tiles (t, m, m, CO) -> D (P, t, CO)            dU (P, CI, CO) = sum over blocks of V' D   -> dw (3, 3, CI, CO)
///
/// A block is made in one of two ways, which give the same bits. "Fused": one thread takes a block through all steps, V
/// and M stay in its level 2 cache. "Staged": all threads share one large block and meet after each step; a task makes a
/// panel of U and multiplies all tiles by it, so that large filters are read once for many tiles and U, four times their
/// size, is never stored whole; and one picture keeps all threads busy.
template <class T, int m>
class Winograd {
  using Tile = WinogradTile<T, m>;
  using Micro = MicroTile<T>;
  static constexpr int positions = Tile::positions, width = Tile::width;
  static constexpr std::int64_t panel = Micro::columns;
  static constexpr auto line = static_cast<std::int64_t>(memory_alignment / sizeof(T));

 public:
  /// g: a convolution with 3x3 filters and stride 1; for a gradient with respect to x, its backward().
  explicit Winograd(const ConvGeometry& g)
      : g_(g),
        rows_((g.oh + m - 1) / m),
        columns_((g.ow + m - 1) / m),
        tiles_(g.n * rows_ * columns_),
        v_row_(apart(Micro::padded(g.ci))),
        m_row_(apart(Micro::padded(g.co))),
        co_(Micro::padded(g.co)) {
    const std::int64_t tile_bytes = positions * (v_row_ + m_row_) * static_cast<std::int64_t>(sizeof(T));
    const std::int64_t u_bytes = positions * g.ci * co_ * static_cast<std::int64_t>(sizeof(T));
    const std::int64_t fused_block = rounded(std::clamp<std::int64_t>(fused_bytes / tile_bytes, 2 * Micro::rows, 8 * Micro::rows));
    staged_ = u_bytes > staged_filter_bytes || tiles_ < few_blocks * fused_block;
    block_ = staged_ ? rounded(std::clamp<std::int64_t>(staged_bytes / tile_bytes, 64, 512)) : fused_block;
    block_ = std::min(block_, tiles_);
    blocks_ = tiles_ == 0 ? 0 : (tiles_ + block_ - 1) / block_;
    block_ = blocks_ == 0 ? 0 : std::min(block_, rounded((tiles_ + blocks_ - 1) / blocks_));
    u_plane_ = apart(g.ci * (staged_ ? std::min<std::int64_t>(co_, panel) : co_));
    pass_ = !staged_ ? g.ci : std::max<std::int64_t>(Micro::columns, pass_bytes * g.ci / u_bytes / width * width);
    pass_ = std::min(pass_, Micro::padded(g.ci));
    du_plane_ = apart(pass_ * co_);
    v_plane_ = apart(block_ * v_row_);
    m_plane_ = apart(block_ * m_row_);
    groups_ = staged_ ? 1 : std::min(blocks_, std::clamp<std::int64_t>(group_bytes / u_bytes, 4, 32));
    slots_ = staged_ ? (block_ + stage_tiles - 1) / stage_tiles : groups_;
  }

  /// Bytes of workspace for forward().
  std::int64_t forward_workspace(int threads, bool rotated) const {
    Scratch scratch;
    ForwardArrays(*this, scratch, threads, rotated);
    return scratch.bytes();
  }

  /// Bytes of workspace for backward_weights().
  std::int64_t weights_workspace(int threads) const {
    Scratch scratch;
    WeightsArrays(*this, scratch, threads);
    return scratch.bytes();
  }

  /// w: (3, 3, CI, CO); rotated: (3, 3, CO, CI), to be rotated and transposed, for a gradient with respect to x.
  void forward(const Cpu& on, const Picture<T>& x, const T* w, bool rotated, const PictureOutput<T>& out,
               Workspace<Cpu> workspace) const {
    Scratch scratch(workspace);
    const ForwardArrays arrays(*this, scratch, on.threads(), rotated);
    std::fill_n(arrays.zero, zeros(), T(0));
    std::fill_n(arrays.bias, co_, T(0));
    if (out.bias) std::copy_n(out.bias, g_.co, arrays.bias);
    if (rotated) turn_filters(on, w, arrays.turned);
    const T* filters = rotated ? arrays.turned : w;
    const std::int64_t panels = (co_ + panel - 1) / panel;
    if (staged_) {
      T *v = arrays.crew.of(0), *sums = v + positions * v_plane_;
      for (std::int64_t b = 0; b < blocks_; ++b) {
        const std::int64_t first = b * block_, count = std::min(block_, tiles_ - first);
        in_stages(on, count, [&](std::int64_t begin, std::int64_t end, std::int64_t) {
          transform_input(x, arrays.zero, first + begin, first + end, 0, g_.ci, v + begin * v_row_);
        });
        on.parallel(panels, [&](std::int64_t i, int worker) {
          const std::int64_t c = i * panel, c_end = std::min(co_, c + panel);
          T* u = arrays.u.of(worker);
          transform_filters(filters, 0, g_.ci, c, c_end, u);
          for (int p = 0; p < positions; ++p)
            multiply(v + p * v_plane_, u + p * u_plane_, sums + p * m_plane_, count, c, c_end);
        });
        in_stages(on, count, [&](std::int64_t begin, std::int64_t end, std::int64_t) {
          transform_output(sums + begin * m_row_, first + begin, first + end, arrays.bias, out);
        });
      }
    } else {
      T* u = arrays.u.of(0);
      const std::int64_t slices = (g_.ci + 63) / 64;
      on.parallel(panels * slices, [&](std::int64_t i, int) {
        const std::int64_t c = i / slices * panel, k = i % slices * 64;
        transform_filters(filters, k, std::min(g_.ci, k + 64), c, std::min(co_, c + panel), u + c * g_.ci);
      });
      on.parallel(blocks_, [&](std::int64_t b, int worker) {
        T *v = arrays.crew.of(worker), *sums = v + positions * v_plane_;
        const std::int64_t first = b * block_, end = std::min(first + block_, tiles_);
        transform_input(x, arrays.zero, first, end, 0, g_.ci, v);
        for (int p = 0; p < positions; ++p)
          multiply(v + p * v_plane_, u + p * u_plane_, sums + p * m_plane_, end - first, 0, co_);
        transform_output(sums, first, end, arrays.bias, out);
      });
    }
  }

  /// dw (3, 3, CI, CO) and, unless null, db (CO) from x and dz.
  void backward_weights(const Cpu& on, const Picture<T>& x, const Picture<T>& dz, T* dw, T* db,
                        Workspace<Cpu> workspace) const {
    Scratch scratch(workspace);
    const WeightsArrays arrays(*this, scratch, on.threads());
    T *du = arrays.du, *dbs = arrays.db;
    std::fill_n(arrays.zero, zeros(), T(0));
    std::fill_n(dbs, slots_ * co_, T(0));
    if (blocks_ == 0) std::fill_n(du, positions * du_plane_, T(0));
    if (staged_) {
      // Passes over the input channels, so that dU stays in the level 3 cache while the tiles go by; D is made anew.
      T *v = arrays.crew.of(0), *d = v + positions * v_plane_;
      constexpr std::int64_t chunk = 5 * Micro::rows;
      for (std::int64_t c = 0; c < g_.ci; c += pass_) {
        const std::int64_t c_end = std::min(g_.ci, c + pass_), chunks = (c_end - c + chunk - 1) / chunk;
        for (std::int64_t b = 0; b < blocks_; ++b) {
          const std::int64_t first = b * block_, count = std::min(block_, tiles_ - first);
          in_stages(on, count, [&](std::int64_t begin, std::int64_t end, std::int64_t stage) {
            transform_input(x, arrays.zero, first + begin, first + end, c, c_end, v + begin * v_row_);
            transform_gradient(dz, arrays.zero, first + begin, first + end, d + begin * m_row_,
                               c == 0 ? dbs + stage * co_ : nullptr);
          });
          on.parallel(positions * chunks, [&](std::int64_t i, int) {
            const std::int64_t p = i / chunks, k = i % chunks * chunk, k_end = std::min(c_end - c, k + chunk);
            accumulate(v + p * v_plane_, d + p * m_plane_, du + p * du_plane_, count, k, k_end, b > 0);
          });
        }
        transform_filter_gradient(on, du, c, c_end, dw);
      }
    } else {
      on.parallel(groups_, [&](std::int64_t group, int worker) {
        T *v = arrays.crew.of(worker), *d = v + positions * v_plane_;
        const std::int64_t begin = group * blocks_ / groups_, end = (group + 1) * blocks_ / groups_;
        for (std::int64_t b = begin; b < end; ++b) {
          const std::int64_t first = b * block_, last = std::min(first + block_, tiles_);
          transform_input(x, arrays.zero, first, last, 0, g_.ci, v);
          transform_gradient(dz, arrays.zero, first, last, d, dbs + group * co_);
          for (int p = 0; p < positions; ++p)
            accumulate(v + p * v_plane_, d + p * m_plane_, du + (group * positions + p) * du_plane_, last - first, 0,
                       g_.ci, b > begin);
        }
      });
      transform_filter_gradient(on, du, 0, g_.ci, dw);
    }
    if (db) {
      for (std::int64_t slot = 1; slot < slots_; ++slot)
        for (std::int64_t c = 0; c < g_.co; ++c) dbs[c] += dbs[slot * co_ + c];
      std::copy_n(dbs, g_.co, db);
    }
  }

 private:
  // Bytes, measured on Zen 5 with 1 MiB of level 2 cache a core and 32 MiB of level 3.
  static constexpr std::int64_t fused_bytes = 1 << 20;          // V and M of a block
  static constexpr std::int64_t staged_bytes = 24 << 20;          // the same for all threads
  static constexpr std::int64_t staged_filter_bytes = 4 << 20;    // U from which on blocks are staged
  static constexpr std::int64_t group_bytes = 16 << 20;           // partial sums of dU
  static constexpr std::int64_t pass_bytes = 10 << 20;             // dU of a pass
  static constexpr std::int64_t few_blocks = 8;                   // too few to keep threads busy
  static constexpr std::int64_t stage_tiles = 8;                  // tiles in a task of a stage

  /// Rounded up to whole cache lines, an odd number of them: rows and planes this far apart fall into different sets
  /// of the level 1 cache.
  static constexpr std::int64_t apart(std::int64_t elements) {
    const std::int64_t lines = (elements + line - 1) / line;
    return (lines % 2 ? lines : lines + 1) * line;
  }
  static std::int64_t rounded(std::int64_t tiles) { return (tiles + Micro::rows - 1) / Micro::rows * Micro::rows; }
  std::int64_t zeros() const { return Micro::padded(std::max(g_.ci, g_.co)); }
  /// V and M, or V and D: of each thread, or, staged, of all.
  PerWorker<T> crew(Scratch& scratch, int threads) const {
    return PerWorker<T>::take(scratch, staged_ ? 1 : threads, positions * (v_plane_ + m_plane_));
  }

  struct ForwardArrays {
    PerWorker<T> u;  // one, or, staged, a panel of each thread
    T *zero, *bias, *turned;
    PerWorker<T> crew;

    ForwardArrays(const Winograd& w, Scratch& scratch, int threads, bool rotated)
        : u(PerWorker<T>::take(scratch, w.staged_ ? threads : 1, positions * w.u_plane_)),
          zero(scratch.take<T>(w.zeros())),
          bias(scratch.take<T>(w.co_)),
          turned(scratch.take<T>(rotated ? 9 * w.g_.ci * w.g_.co : 0)),
          crew(w.crew(scratch, threads)) {}
  };

  struct WeightsArrays {
    T *du, *db, *zero;
    PerWorker<T> crew;

    WeightsArrays(const Winograd& w, Scratch& scratch, int threads)
        : du(scratch.take<T>(w.groups_ * positions * w.du_plane_)),
          db(scratch.take<T>(w.slots_ * w.co_)),
          zero(scratch.take<T>(w.zeros())),
          crew(w.crew(scratch, threads)) {}
  };

  template <class F>
  static void in_stages(const Cpu& on, std::int64_t count, F&& stage) {
    on.parallel((count + stage_tiles - 1) / stage_tiles, [&](std::int64_t i, int) {
      stage(i * stage_tiles, std::min(count, (i + 1) * stage_tiles), i);
    });
  }

  struct TileAt {
    std::int64_t n, row, column;  ///< of its first output
  };
  TileAt tile(std::int64_t t) const {
    return {t / (rows_ * columns_), t / columns_ % rows_ * m, t % columns_ * m};
  }

  /// Tiles [first, end), channels [c, c_end) -> V, from its first row on.
  void transform_input(const Picture<T>& x, const T* zero, std::int64_t first, std::int64_t end, std::int64_t c,
                       std::int64_t c_end, T* v) const {
    TileReader<T, Tile::inputs, width> reader(x, zero);
    for (std::int64_t t = first; t < end; ++t, v += v_row_) {
      const TileAt at = tile(t);
      reader.at(at.n, at.row - g_.top, at.column - g_.left);
      for (std::int64_t k = c; k < c_end; k += width)
        Tile::input(reader.pixel, reader.channels(k), v + k - c, v_plane_);
    }
  }

  /// Tiles [first, end) of dz -> D; db (CO), unless null, += their sums.
  void transform_gradient(const Picture<T>& dz, const T* zero, std::int64_t first, std::int64_t end, T* d,
                          T* db) const {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    using namespace Eigen::internal;
    TileReader<T, Tile::outputs, width> reader(dz, zero);
    for (std::int64_t t = first; t < end; ++t, d += m_row_) {
      const TileAt at = tile(t);
      reader.at(at.n, at.row, at.column);
      for (std::int64_t c = 0; c < g_.co; c += width) {
        const std::int64_t offset = reader.channels(c);
        Tile::gradient(reader.pixel, offset, d + c, m_plane_);
        if (!db) continue;
        Packet sum = ploadu<Packet>(db + c);
        for (int i = 0; i < m * m; ++i) sum = padd(sum, ploadu<Packet>(reader.pixel[i] + offset));
        pstoreu(db + c, sum);
      }
    }
  }

  /// M = V U at one position, output channels [c, c_end); u begins with their panel.
  void multiply(const T* v, const T* u, T* sums, std::int64_t count, std::int64_t c, std::int64_t c_end) const {
    MicroProduct<T> p;
    p.a_row = v_row_;
    p.c = sums + c;
    p.c_row = m_row_;
    const std::int64_t slices = (g_.ci + Micro::depth - 1) / Micro::depth;
    for (std::int64_t s = 0; s < slices; ++s) {
      const std::int64_t k = s * g_.ci / slices;
      p.a = v + k;
      p.b = u;
      p.k = (s + 1) * g_.ci / slices - k;
      p.accumulate = s > 0;
      micro_block(p, count, c_end - c, g_.ci * panel, k);
    }
  }

  /// dU (+)= V' D at one position, input channels [c, c_end).
  void accumulate(const T* v, const T* d, T* du, std::int64_t count, std::int64_t c, std::int64_t c_end,
                  bool add) const {
    MicroProduct<T> p;
    p.a_row = 1;
    p.a_k = v_row_;
    p.b_row = m_row_;
    p.c = du + c * co_;
    p.c_row = co_;
    for (std::int64_t t = 0; t < count; t += Micro::depth) {
      p.a = v + t * v_row_ + c;
      p.b = d + t * m_row_;
      p.k = std::min<std::int64_t>(Micro::depth, count - t);
      p.accumulate = add || t > 0;
      micro_block(p, c_end - c, co_);
    }
  }

  /// M -> tiles [first, end) of y.
  void transform_output(const T* sums, std::int64_t first, std::int64_t end, const T* bias,
                        const PictureOutput<T>& out) const {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    using namespace Eigen::internal;
    const Packet least = pset1<Packet>(out.relu ? T(0) : -std::numeric_limits<T>::infinity());
    alignas(64) T z[m * m * width];
    for (std::int64_t t = first; t < end; ++t, sums += m_row_) {
      const TileAt at = tile(t);
      T* y = out.y + ((at.n * g_.oh + at.row) * g_.ow + at.column) * g_.co;
      const bool whole = !out.pooled && at.row + m <= g_.oh && at.column + m <= g_.ow;
      std::int64_t c = 0;
      if (whole)
        for (; c + width <= g_.co; c += width) {
          const Packet b = ploadu<Packet>(bias + c);
          Tile::output(sums + c, m_plane_, [&](int i, int j, const auto& value) {
            const auto sum = padd(value, b);
            pstoreu(y + (i * g_.ow + j) * g_.co + c, sum < least ? least : sum);
          });
        }
      for (; c < g_.co; c += width) {
        const Packet b = ploadu<Packet>(bias + c);
        Tile::output(sums + c, m_plane_, [&](int i, int j, const auto& value) {
          const auto sum = padd(value, b);
          pstore(z + (i * m + j) * width, sum < least ? least : sum);
        });
        const std::int64_t count = std::min<std::int64_t>(width, g_.co - c);
        if (out.pooled)
          store_pooled(z, at, c, count, out);
        else
          store(z, at, c, count, out.y);
      }
    }
  }

  void store(const T* z, const TileAt& at, std::int64_t c, std::int64_t count, T* y) const {
    for (int i = 0; i < m && at.row + i < g_.oh; ++i)
      for (int j = 0; j < m && at.column + j < g_.ow; ++j)
        std::copy_n(z + (i * m + j) * width, count,
                    y + ((at.n * g_.oh + at.row + i) * g_.ow + at.column + j) * g_.co + c);
  }

  void store_pooled(const T* z, const TileAt& at, std::int64_t c, std::int64_t count,
                    const PictureOutput<T>& out) const {
    const std::int64_t ph = g_.oh / 2, pw = g_.ow / 2;
    for (int i = 0; i < m / 2 && at.row / 2 + i < ph; ++i)
      for (int j = 0; j < m / 2 && at.column / 2 + j < pw; ++j) {
        const T* from = z + (2 * i * m + 2 * j) * width;
        const std::int64_t to = ((at.n * ph + at.row / 2 + i) * pw + at.column / 2 + j) * g_.co + c;
        if (count == width) {
          pool_window<T, width>(from, from + width, from + m * width, from + (m + 1) * width, out.relu, out.y + to,
                                out.code ? out.code + to : nullptr);
        } else {
          T y[width];
          std::uint8_t code[width];
          pool_window<T, width>(from, from + width, from + m * width, from + (m + 1) * width, out.relu, y, code);
          std::copy_n(y, count, out.y + to);
          if (out.code) std::copy_n(code, count, out.code + to);
        }
      }
  }

  /// w (3, 3, CO, CI) of the convolution whose gradient this is, rotated by half a turn and transposed: (3, 3, CI, CO).
  void turn_filters(const Cpu& on, const T* w, T* turned) const {
    constexpr std::int64_t side = 16;
    const std::int64_t strips = (g_.co + side - 1) / side, plane = g_.ci * g_.co;
    on.parallel(9 * strips, [&](std::int64_t task, int) {
      const std::int64_t tap = task / strips, o = task % strips * side, rows = std::min(side, g_.co - o);
      T square[side][side];
      for (std::int64_t k = 0; k < g_.ci; k += side) {
        const std::int64_t columns = std::min(side, g_.ci - k);
        for (std::int64_t i = 0; i < rows; ++i)
          for (std::int64_t j = 0; j < columns; ++j) square[j][i] = w[tap * plane + (o + i) * g_.ci + k + j];
        for (std::int64_t j = 0; j < columns; ++j)
          std::copy_n(square[j], rows, turned + (8 - tap) * plane + (k + j) * g_.co + o);
      }
    });
  }

  /// Filters of input channels [k, k_end) and the panel of output channels [c, c_end) -> that panel of U, (CI, c_end - c)
  /// at each position.
  void transform_filters(const T* w, std::int64_t k, std::int64_t k_end, std::int64_t c, std::int64_t c_end,
                         T* u) const {
    alignas(64) T tail[9 * width] = {};  // the last filters, with zeros where there are fewer than a packet
    const std::int64_t tap = g_.ci * g_.co;
    for (std::int64_t i = k; i < k_end; ++i)
      for (std::int64_t o = c; o < c_end; o += width) {
        const std::int64_t count = std::min<std::int64_t>(width, g_.co - o);
        const T* from = w + i * g_.co + o;
        T* to = u + i * (c_end - c) + o - c;
        if (count == width) {
          Tile::filter(from, tap, to, u_plane_);
        } else {
          for (int j = 0; j < 9; ++j) std::copy_n(from + j * tap, count, tail + j * width);
          Tile::filter(tail, width, to, u_plane_);
        }
      }
  }

  /// dU, summed over its groups, -> dw of input channels [first, last), which it begins with.
  void transform_filter_gradient(const Cpu& on, T* du, std::int64_t first, std::int64_t last, T* dw) const {
    on.parallel_ranges(last - first, 4, [&](std::int64_t begin, std::int64_t end) {
      T tail[9 * width];
      for (std::int64_t group = 1; group < groups_; ++group)
        for (int p = 0; p < positions; ++p) {
          T* sum = du + p * du_plane_;
          const T* part = sum + group * positions * du_plane_;
          for (std::int64_t i = begin * co_; i < end * co_; ++i) sum[i] += part[i];
        }
      for (std::int64_t k = begin; k < end; ++k)
        for (std::int64_t c = 0; c < g_.co; c += width) {
          const std::int64_t count = std::min<std::int64_t>(width, g_.co - c), tap = g_.ci * g_.co;
          T* to = dw + (first + k) * g_.co + c;
          Tile::filter_gradient(du + k * co_ + c, du_plane_, count == width ? to : tail, count == width ? tap : width);
          if (count < width)
            for (int i = 0; i < 9; ++i) std::copy_n(tail + i * width, count, to + i * tap);
        }
    });
  }

  ConvGeometry g_;
  std::int64_t rows_, columns_, tiles_;          // of tiles in a picture, and all of them
  std::int64_t v_row_, m_row_, co_;              // elements from row to row; output channels with padding
  std::int64_t block_ = 0, blocks_ = 0, u_plane_ = 0, du_plane_ = 0, v_plane_ = 0, m_plane_ = 0;
  std::int64_t pass_ = 0;                        // input channels whose dU is made together
  std::int64_t groups_ = 0, slots_ = 0;          // partial sums of dU and of db
  bool staged_ = false;
};

/// The three convolutions of a layer with 3x3 filters and a stride of 1; see Winograd.
template <class T, int m>
class WinogradConvolution {
 public:
  explicit WinogradConvolution(const ConvGeometry& g) : forward_(g), backward_(g.backward()) {}

  std::int64_t forward_workspace(const Cpu& on) const { return forward_.forward_workspace(on.threads(), false); }
  std::int64_t backward_data_workspace(const Cpu& on) const { return backward_.forward_workspace(on.threads(), true); }
  std::int64_t backward_weights_workspace(const Cpu& on) const { return forward_.weights_workspace(on.threads()); }

  /// y = x * w, with what `y` says of bias, relu and pool.
  void forward(const Cpu& on, const Picture<T>& x, const T* w, const PictureOutput<T>& y, Workspace<Cpu> workspace) const {
    forward_.forward(on, x, w, false, y, workspace);
  }

  /// dx (N, H, W, CI) from dz.
  void backward_data(const Cpu& on, const Picture<T>& dz, const T* w, T* dx, Workspace<Cpu> workspace) const {
    backward_.forward(on, dz, w, true, {.y = dx}, workspace);
  }

  /// dw (3, 3, CI, CO) and, unless null, db (CO).
  void backward_weights(const Cpu& on, const Picture<T>& x, const Picture<T>& dz, T* dw, T* db,
                        Workspace<Cpu> workspace) const {
    forward_.backward_weights(on, x, dz, dw, db, workspace);
  }

 private:
  Winograd<T, m> forward_, backward_;
};

}  // namespace brindle::ops::kernel
