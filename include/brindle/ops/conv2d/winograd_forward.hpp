// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/picture_blocks.hpp"
#include "brindle/ops/conv2d/winograd_dealing.hpp"
#include "brindle/ops/conv2d/winograd_few_tiles.hpp"
#include "brindle/ops/conv2d/winograd_filters.hpp"
#include "brindle/ops/conv2d/winograd_output.hpp"
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
  using Output = WinogradOutput<T, m>;
  using Channels = typename Tiles::Range;
  static constexpr int positions = Tile::positions, width = Tile::width;
  static constexpr std::int64_t panel = Tiles::panel;

 public:
  /// g: of the convolution; for a gradient with respect to x, its backward().
  explicit WinogradForward(const ConvGeometry& g)
      : tiles_(g),
        v_row_(Tiles::apart(Micro::padded(g.ci))),
        blocks_(tiles_.fused_blocks(positions * (v_row_ + Tiles::apart(tiles_.co)))) {
    // Without SIMD a compiler may join a product and a sum of two stages of a transform, and does so where nothing is
    // stored between them only: other bits.
    if (width > 1 && tiles_.count <= WinogradFewTiles<T, m>::most_tiles) few_.emplace(tiles_);
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
    if (tiles_.count == 0) return;
    Scratch scratch(workspace);
    const Arrays arrays(*this, scratch, on.threads(), rotated);
    std::fill_n(arrays.zero, tiles_.zeros(), T(0));
    std::fill_n(arrays.bias, tiles_.co, T(0));
    if (out.bias) std::copy_n(out.bias, tiles_.g.co, arrays.bias);
    if (rotated) Filters::turn(on, tiles_, w, arrays.turned);
    const Filters filters(tiles_, rotated ? arrays.turned : w, prepared);
    switch (arrays.way) {
      case Way::few:
        return run_few(on, x, filters, out, arrays);
      case Way::fused:
        return run_fused(on, x, filters, out, arrays);
      case Way::dealt:
        return run_dealt(on, x, filters, out, arrays);
    }
  }

 private:
  static constexpr std::int64_t blocks_of_thread = 8;  // with fewer it is quicker to deal tiles and filters

  enum class Way { few, fused, dealt };
  Way way(int threads) const {
    if (few_) return Way::few;
    const bool fused =
        tiles_.filter_bytes() <= Tiles::most_fused_filters && blocks_.count >= blocks_of_thread * threads;
    return fused ? Way::fused : Way::dealt;
  }

  /// Measured on an Intel Xeon with AVX-512 and 2 MiB of level 2 cache a core, two threads, 64 to 512 channels, 16 to
  /// 3,000 tiles.
  WinogradDealing deal(int threads) const {
    // Of a step of the sum: to make a tile's part of V, whose pixels another core may have; to bring a panel's filters
    // and to make U of them; and a tile's products with a panel.
    constexpr double tile_cost = 30, bring_cost = 160, panel_cost = 140, product_cost = 42;
    constexpr std::int64_t cache = 5 << 18;                             // bytes, of a level 2 cache
    constexpr std::int64_t most_of_thread = 12 << 20, most = 48 << 20;  // bytes of V and M
    const std::int64_t tile_bytes = Tiles::bytes_of(positions * (v_row_ + Tiles::apart(panel)));
    const std::int64_t panel_bytes = Tiles::bytes_of(positions * tiles_.g.ci * panel);
    const bool filters_stay = Tiles::bytes_of(9 * tiles_.g.ci * tiles_.co) <= cache;
    const std::int64_t bytes = std::clamp<std::int64_t>(most / threads, 1 << 20, most_of_thread);
    return deal_winograd({.tiles = tiles_.count,
                          .panels = panels(),
                          .most_tiles = std::max<std::int64_t>(1, bytes / tile_bytes),
                          .most_groups = 4 * threads},
                         threads, [&](std::int64_t block, std::int64_t group, double rounds) {
                           const std::int64_t block_bytes = block * tile_bytes + panel_bytes;
                           const double slower = block_bytes <= cache ? 1 : block_bytes <= 2 * cache ? 1.1 : 1.2;
                           const auto tiles = static_cast<double>(block), panels = static_cast<double>(group);
                           return rounds * slower *
                                      (tile_cost * tiles + panel_cost * panels + product_cost * tiles * panels) +
                                  (filters_stay ? 1 : rounds) * bring_cost * panels;
                         });
  }

  /// Elements of M from tile to tile, and of U, V and M from position to position.
  struct Layout {
    std::int64_t m_row, u_plane, v_plane, m_plane;

    /// Of so many tiles and output channels.
    Layout(const WinogradForward& f, std::int64_t tiles, std::int64_t channels)
        : m_row(Tiles::apart(channels)),
          u_plane(Tiles::apart(f.tiles_.g.ci * channels)),
          v_plane(Tiles::apart(tiles * f.v_row_)),
          m_plane(Tiles::apart(tiles * m_row)) {}
  };

  struct Arrays {
    Way way;
    WinogradDealing dealing;  // if they are dealt
    Layout layout;
    PerWorker<T> u, v, sums;  // sums: M
    T* packed;                // of few tiles, V
    PerWorker<T> work;        // and what each thread needs
    T *zero, *bias, *turned;

    Arrays(const WinogradForward& f, Scratch& scratch, int threads, bool rotated)
        : way(f.way(threads)),
          dealing(way == Way::dealt ? f.deal(threads) : WinogradDealing{}),
          layout(way == Way::fused ? Layout(f, f.blocks_.size, f.tiles_.co)
                                   : Layout(f, way == Way::few ? f.tiles_.count : dealing.most_tiles(f.tiles_.count),
                                            std::min(f.tiles_.co, panel))),
          u(PerWorker<T>::take(scratch, way == Way::dealt ? threads : 1,
                               way == Way::few ? 0 : positions * layout.u_plane)),
          v(PerWorker<T>::take(scratch, way == Way::few ? 1 : threads, positions * layout.v_plane)),
          sums(PerWorker<T>::take(scratch, threads, positions * layout.m_plane)),
          packed(scratch.take<T>(f.few_ ? f.few_->packed_size() : 0)),
          work(PerWorker<T>::take(scratch, threads, f.few_ ? f.few_->work_size() : 0)),
          zero(scratch.take<T>(f.tiles_.zeros())),
          bias(scratch.take<T>(f.tiles_.co)),
          turned(scratch.take<T>(rotated ? 9 * f.tiles_.g.ci * f.tiles_.g.co : 0)) {}
  };

  std::int64_t panels() const { return PanelParts<T>{tiles_.co}.panels(); }

  /// Those of the panel that begins with this one.
  Channels panel_from(std::int64_t c) const { return {c, std::min(tiles_.co, c + panel)}; }

  /// V is made once, by all threads; each takes a panel of filters after the other.
  void run_few(const Cpu& on, const Picture<T>& x, const Filters& filters, const PictureOutput<T>& out,
               const Arrays& arrays) const {
    const Layout& layout = arrays.layout;
    T* v = arrays.v.of(0);
    Tiles::in_stages(on, tiles_.count, [&](std::int64_t begin, std::int64_t end, std::int64_t) {
      tiles_.transform_input(x, arrays.zero, begin, end, v + begin * v_row_, v_row_, layout.v_plane);
    });
    few_->pack(on, v, v_row_, layout.v_plane, arrays.packed);
    const Output output(tiles_, layout.m_row, layout.m_plane);
    on.parallel(panels(), [&](std::int64_t i, int worker) {
      const Channels c = panel_from(i * panel);
      T* sums = arrays.sums.of(worker);
      few_->multiply(arrays.packed, filters, c.begin, c.end, arrays.work.of(worker), sums, layout.m_row,
                     layout.m_plane);
      output.transform(sums, 0, tiles_.count, c, arrays.bias, out);
    });
  }

  void run_fused(const Cpu& on, const Picture<T>& x, const Filters& filters, const PictureOutput<T>& out,
                 const Arrays& arrays) const {
    const Layout& layout = arrays.layout;
    T* u = arrays.u.of(0);
    const std::int64_t slices = (tiles_.g.ci + 63) / 64;
    on.parallel(panels() * slices, [&](std::int64_t i, int) {
      const Channels c = panel_from(i / slices * panel);
      const std::int64_t k = i % slices * 64;
      filters.transform(k, std::min(tiles_.g.ci, k + 64), c.begin, c.end, u + c.begin * tiles_.g.ci, layout.u_plane);
    });
    const Output output(tiles_, layout.m_row, layout.m_plane);
    on.parallel(blocks_.count, [&](std::int64_t b, int worker) {
      T *v = arrays.v.of(worker), *sums = arrays.sums.of(worker);
      const std::int64_t first = b * blocks_.size, end = std::min(first + blocks_.size, tiles_.count);
      tiles_.transform_input(x, arrays.zero, first, end, v, v_row_, layout.v_plane);
      multiply(v, u, sums, layout, first, end, tiles_.co);
      output.transform(sums, first, end, {0, tiles_.co}, arrays.bias, out);
    });
  }

  void run_dealt(const Cpu& on, const Picture<T>& x, const Filters& filters, const PictureOutput<T>& out,
                 const Arrays& arrays) const {
    const Layout& layout = arrays.layout;
    const WinogradDealing& d = arrays.dealing;
    const PanelParts<T> parts{tiles_.co, d.groups};
    const Output output(tiles_, layout.m_row, layout.m_plane);
    on.parallel(d.tasks(), [&](std::int64_t task, int worker) {
      T *u = arrays.u.of(worker), *v = arrays.v.of(worker), *sums = arrays.sums.of(worker);
      const std::int64_t block = task / d.groups, group = task % d.groups;
      const std::int64_t first = d.first_tile(block, tiles_.count), end = d.first_tile(block + 1, tiles_.count);
      tiles_.transform_input(x, arrays.zero, first, end, v, v_row_, layout.v_plane);
      for (std::int64_t at = parts.first(group); at < parts.first(group + 1); at += panel) {
        const Channels c = panel_from(at);
        filters.transform(0, tiles_.g.ci, c.begin, c.end, u, layout.u_plane);
        multiply(v, u, sums, layout, first, end, c.size());
        output.transform(sums, first, end, c, arrays.bias, out);
      }
    });
  }

  /// M = V U for tiles [first, end), `channels` output channels, with which u and sums begin.
  void multiply(const T* v, const T* u, T* sums, const Layout& layout, std::int64_t first, std::int64_t end,
                std::int64_t channels) const {
    const std::int64_t slices = (tiles_.g.ci + Micro::depth - 1) / Micro::depth;
    for (int position = 0; position < positions; ++position) {
      const auto tiles = tiles_.with_position(position, first, end);
      MicroProduct<T> p;
      p.a_row = v_row_;
      p.b = u + position * layout.u_plane;
      p.c = sums + position * layout.m_plane + tiles.begin * layout.m_row;
      p.c_row = layout.m_row;
      for (std::int64_t s = 0; s < slices; ++s) {
        const std::int64_t k = s * tiles_.g.ci / slices;
        p.a = v + position * layout.v_plane + tiles.begin * v_row_ + k;
        p.k = (s + 1) * tiles_.g.ci / slices - k;
        p.accumulate = s > 0;
        micro_block(p, tiles.size(), channels, tiles_.g.ci * panel, k);
      }
    }
  }

  Tiles tiles_;
  std::int64_t v_row_;                         // elements of V from tile to tile
  typename Tiles::Blocks blocks_;              // if they are fused
  std::optional<WinogradFewTiles<T, m>> few_;  // if they are
};

}  // namespace brindle::ops::kernel
