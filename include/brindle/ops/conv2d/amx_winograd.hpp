// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/picture_blocks.hpp"
#include "brindle/ops/conv2d/winograd_dealing.hpp"
#include "brindle/ops/conv2d/winograd_filters.hpp"
#include "brindle/ops/conv2d/winograd_output.hpp"
#include "brindle/ops/conv2d/winograd_tiles.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/gemm/amx.hpp"

namespace brindle::ops::kernel {

#if BRINDLE_UNIT_AMX

/// y = x * w, and dx from dz, as WinogradForward, with M = V U on the matrix unit: V and U are split into bfloat16
/// (amx.hpp).
///
/// The unit multiplies faster than the level 3 cache delivers V and U, and to split a panel of U takes as long as to
/// multiply it by 30 tiles. So there are two ways, with the same bits. "Whole": all of U is made once, and a block of
/// tiles goes through it position by position, so that both factors of a product of (tiles, CI) and (CI, CO) are near.
/// "Sliced", for few tiles: of a panel of filters and a slice of its input channels U is made, is multiplied by the
/// tiles where it lies in the level 2 cache, and M grows with each slice.
template <int m>
class AmxWinograd {
  using Tiles = WinogradTiles<float, m>;
  using Tile = WinogradTile<float, m>;
  using Filters = WinogradFilters<float, m>;
  using Output = WinogradOutput<float, m>;
  using Channels = typename Tiles::Range;
  using Parts = PanelParts<float>;
  static constexpr int positions = Tile::positions;
  static constexpr std::int64_t panel = Tiles::panel;
  static_assert(panel == amx::columns);

 public:
  /// g: of the convolution; for a gradient with respect to x, its backward().
  explicit AmxWinograd(const ConvGeometry& g) : tiles_(g), v_row_(amx::row_bytes(g.ci)) {}

  std::int64_t workspace(int threads, bool rotated) const {
    Scratch scratch;
    Arrays(*this, scratch, threads, rotated);
    return scratch.bytes();
  }

  /// Elements of what prepare() makes, whatever the pictures are.
  std::int64_t prepared_size() const { return Filters::prepared_size(tiles_); }

  /// w -> what run() takes as prepared; see WinogradFilters.
  void prepare(const Cpu& on, const float* w, float* prepared) const { Filters::prepare(on, tiles_, w, prepared); }

  /// As WinogradForward::run().
  void run(const Cpu& on, const Picture<float>& x, const float* w, bool rotated, const PictureOutput<float>& out,
           Workspace<Cpu> workspace, const float* prepared = nullptr) const {
    if (tiles_.count == 0) return;
    Scratch scratch(workspace);
    const Arrays arrays(*this, scratch, on.threads(), rotated);
    std::fill_n(arrays.zero, tiles_.zeros(), 0.0F);
    std::fill_n(arrays.bias, tiles_.co, 0.0F);
    if (out.bias) std::copy_n(out.bias, tiles_.g.co, arrays.bias);
    if (rotated) Filters::turn(on, tiles_, w, arrays.turned);
    for (std::int64_t q = 0; q < chunks(); ++q) arrays.offsets[q] = q * amx::chunk_bytes;
    const Filters filters(tiles_, rotated ? arrays.turned : w, prepared);
    const Way& way = arrays.way;
    if (way.of == Filtered::together)
      on.parallel(panels() * chunks(), [&](std::int64_t i, int worker) {
        const std::int64_t at = i / chunks(), q = i % chunks();
        make_filters(filters, panel_from(at * panel), q, q + 1, arrays.values.of(worker), way,
                     arrays.u.of(0) + at * way.u_panel() + q * amx::panel_bytes);
      });
    std::fill_n(arrays.has_filters, on.threads(), false);
    const Output output(tiles_, panel, arrays.m_plane);
    const Parts parts{tiles_.co, way.dealing.groups};
    on.parallel(way.dealing.tasks(), [&](std::int64_t task, int worker) {
      const Step step{arrays, worker, way.dealing.first_tile(task / parts.count, tiles_.count),
                      way.dealing.first_tile(task / parts.count + 1, tiles_.count)};
      if (way.of == Filtered::by_each && !arrays.has_filters[worker]) {
        for (std::int64_t at = 0; at < panels(); ++at)
          make_filters(filters, panel_from(at * panel), 0, chunks(), step.values, way, step.u + at * way.u_panel());
        arrays.has_filters[worker] = true;
      }
      make_input(x, step);
      const Channels group{parts.first(task % parts.count), parts.first(task % parts.count + 1)};
      if (way.of == Filtered::together) multiply_far(step, group);
      if (way.of == Filtered::by_each) multiply_near(step, group, 0, chunks(), 0, {});
      for (std::int64_t q = 0; way.of == Filtered::in_slices && q < chunks(); q += way.chunks)
        for (std::int64_t c = group.begin; c < group.end; c += panel) {
          const std::int64_t end = std::min(q + way.chunks, chunks());
          make_filters(filters, panel_from(c), q, end, step.values, way, step.u);
          const bool in_row = c + panel < group.end;
          multiply_near(step, panel_from(c), q, end, group.begin,
                        slice_ahead(filters, panel_from(in_row ? c + panel : group.begin), in_row ? q : end, way));
        }
      for (std::int64_t c = group.begin; c < group.end; c += panel)
        output.transform(step.sums + (c - group.begin) / panel * positions * arrays.m_plane, step.first, step.end,
                         panel_from(c), arrays.bias, out);
    });
  }

 private:
  /// Where U is made: whole, once, by all threads; whole, by each; or by a task, of a panel and a slice of the sum.
  enum class Filtered { together, by_each, in_slices };

  struct Way {
    Filtered of;
    WinogradDealing dealing;
    std::int64_t chunks;  // of the sum, in a slice

    std::int64_t u_plane() const { return (chunks * (amx::panel_bytes / 64) | 1) * 64; }  // bytes, of a position
    std::int64_t u_panel() const { return positions * u_plane(); }
  };

  static constexpr std::int64_t slice = 2;             // chunks
  static constexpr std::int64_t level_2 = 7 << 18;     // bytes of its cache that a task may fill
  static constexpr std::int64_t whole_of_thread = 96;  // tiles: with fewer it is quicker to cut U into slices
  static constexpr std::int64_t few = 32, sliced = 64, many = 256;  // tiles of a block
  static constexpr std::int64_t many_bytes = 48 << 20;              // of V and M of all threads

  Way way(std::int64_t threads) const {
    Way whole{Filtered::together, {}, chunks()};
    const std::int64_t tile_bytes = positions * (v_row_ + panels() * panel * 4);
    const bool stays = panels() * whole.u_panel() + few * tile_bytes <= level_2;
    if (stays) whole.of = Filtered::by_each;
    if (stays || tiles_.count >= whole_of_thread * threads) {
      const std::int64_t most = std::clamp(many_bytes / threads / tile_bytes, sliced, many);
      whole.dealing = deal(threads, stays ? few : most, 1, 0);
      return whole;
    }
    return {Filtered::in_slices, deal(threads, sliced, threads, 460), std::min(slice, chunks())};
  }

  /// Cycles, of a step of the sum: to make a tile's part of V, and for a panel of U (panel_cost) and its products with
  /// 32 tiles and with 16.
  WinogradDealing deal(std::int64_t threads, std::int64_t most_tiles, std::int64_t most_groups,
                       double panel_cost) const {
    constexpr double tile_cost = 40, pair_cost = 484, single_cost = 349;
    return deal_winograd({tiles_.count, panels(), most_tiles, most_groups}, threads,
                         [&](std::int64_t block, std::int64_t group, double rounds) {
                           const std::int64_t tiles = (block + amx::rows - 1) / amx::rows;
                           const double product = static_cast<double>(tiles / 2) * pair_cost +
                                                  static_cast<double>(tiles % 2) * single_cost;
                           return rounds * (tile_cost * static_cast<double>(block) +
                                            static_cast<double>(group) * (panel_cost + product));
                         });
  }

  struct Arrays {
    Way way;
    std::int64_t v_plane, m_plane;  // bytes of V and elements of M from position to position
    PerWorker<std::byte> u, v;
    PerWorker<float> sums, values;  // sums: M; values: on their way to U and V
    std::int64_t value_plane;       // elements of V's from position to position
    float *zero, *bias, *turned;
    std::int64_t* offsets;  // of the chunks of a row of V
    bool* has_filters;      // which workers

    Arrays(const AmxWinograd& f, Scratch& scratch, int threads, bool rotated)
        : way(f.way(threads)),
          v_plane((way.dealing.most_tiles(f.tiles_.count) * f.v_row_ / 64 | 1) * 64),
          m_plane(Tiles::apart(way.dealing.most_tiles(f.tiles_.count) * panel)),
          u(PerWorker<std::byte>::take(scratch, way.of == Filtered::together ? 1 : threads,
                                       (way.of == Filtered::in_slices ? 1 : f.panels()) * way.u_panel())),
          v(PerWorker<std::byte>::take(scratch, threads, positions * v_plane)),
          sums(PerWorker<float>::take(
              scratch, threads, (f.panels() + way.dealing.groups - 1) / way.dealing.groups * positions * m_plane)),
          values(PerWorker<float>::take(scratch, threads, positions * std::max(f.value_plane(), 2 * panel))),
          value_plane(f.value_plane()),
          zero(scratch.take<float>(f.tiles_.zeros())),
          bias(scratch.take<float>(f.tiles_.co)),
          turned(scratch.take<float>(rotated ? 9 * f.tiles_.g.ci * f.tiles_.g.co : 0)),
          offsets(scratch.take<std::int64_t>(f.chunks())),
          has_filters(scratch.take<bool>(threads)) {}
  };

  /// A block of tiles, and where a worker has its U, V and M.
  struct Step {
    std::int64_t first, end;
    std::byte *u, *v;
    float *sums, *values;
    const Arrays& arrays;

    Step(const Arrays& a, int worker, std::int64_t first_tile, std::int64_t end_tile)
        : first(first_tile),
          end(end_tile),
          u(a.u.of(a.way.of == Filtered::together ? 0 : worker)),
          v(a.v.of(worker)),
          sums(a.sums.of(worker)),
          values(a.values.of(worker)),
          arrays(a) {}
  };

  std::int64_t chunks() const { return amx::chunks(tiles_.g.ci); }
  std::int64_t panels() const { return Parts{tiles_.co}.panels(); }
  Channels panel_from(std::int64_t c) const { return {c, std::min(tiles_.co, c + panel)}; }
  std::int64_t value_plane() const { return Tiles::apart(Tiles::Micro::padded(tiles_.g.ci)); }

  /// Tiles of x -> V, whose rows lie one behind the other at each position.
  void make_input(const Picture<float>& x, const Step& step) const {
    const std::int64_t plane = step.arrays.value_plane;
    std::byte* to = step.v;
    for (std::int64_t t = step.first; t < step.end; ++t, to += v_row_) {
      tiles_.transform_input(x, step.arrays.zero, t, t + 1, step.values, plane, plane);
      for (int p = 0; p < positions; ++p)
        if (tiles_.with_position(p, t, t + 1).size() > 0)
          amx::split_row(step.values + p * plane, tiles_.g.ci, to + p * step.arrays.v_plane);
    }
  }

  /// Chunks [q, q_end) of a panel of output channels -> U, which begins with them.
  void make_filters(const Filters& filters, const Channels& c, std::int64_t q, std::int64_t q_end, float* values,
                    const Way& way, std::byte* u) const {
    const std::int64_t columns = c.size(), row = 2 * columns;  // two input channels
    for (std::int64_t k = q * amx::depth; k < q_end * amx::depth; k += 2) {
      const std::int64_t end = std::min(k + 2, tiles_.g.ci);
      if (end < k + 2) std::fill_n(values, positions * row, 0.0F);
      filters.transform(k, end, c.begin, c.end, values - k * columns, row);
      std::byte* to = u + (k / amx::depth - q) * amx::panel_bytes + k % amx::depth / 2 * 64;
      for (int p = 0; p < positions; ++p)
        for (std::int64_t j = 0; j < columns; j += 16) {
          const float* from = values + p * row + j;
          amx::split_pair(_mm512_loadu_ps(from), _mm512_loadu_ps(from + columns), to + p * way.u_plane() + j * 64);
        }
    }
  }

  /// Filters that a slice from chunk q on is made of, or nothing behind the last.
  typename Filters::Ahead slice_ahead(const Filters& filters, const Channels& c, std::int64_t q, const Way& way) const {
    const std::int64_t k = q * amx::depth;
    if (k >= tiles_.g.ci) return {};
    return filters.ahead(k, c.begin, c.end, std::min(way.chunks * amx::depth, tiles_.g.ci - k));
  }

  /// Products of tiles with panels of U, which begin with the channel `u_first`, in chunks [q, q_end) of the sum; M
  /// begins with `m_first`.
  struct Products {
    static constexpr std::int64_t most = 2 * amx::rows;  // tiles at a time

    const Step& step;
    std::int64_t u_first, m_first;
    amx::Product product;
    amx::Tiles registers = {};
    amx::Finish none = {};

    Products(const AmxWinograd& w, const Step& s, std::int64_t u_channel, std::int64_t m_channel, std::int64_t q,
             std::int64_t q_end)
        : step(s),
          u_first(u_channel),
          m_first(m_channel),
          product{.a_row = w.v_row_, .offset = s.arrays.offsets + q, .chunks = q_end - q, .accumulate = q > 0} {}

    /// `count` tiles from t on, and the panel of the channel `c`.
    void make(int position, std::int64_t c, std::int64_t t, std::int64_t count) {
      const Arrays& arrays = step.arrays;
      registers.take(count);
      product.a = step.v + position * arrays.v_plane + t * product.a_row;
      product.b = step.u + (c - u_first) / panel * arrays.way.u_panel() + position * arrays.way.u_plane();
      product.c = step.sums + ((c - m_first) / panel * positions + position) * arrays.m_plane + t * panel;
      if (count > amx::rows)
        amx::tile<32>(product, none);
      else
        amx::tile<16>(product, none);
      product.ahead += product.chunks * product.ahead_lines * 64;
    }
  };

  /// M of these channels from U of all threads, of which the panel that comes next is far away.
  void multiply_far(const Step& step, const Channels& c) const {
    const Way& way = step.arrays.way;
    Products products(*this, step, 0, c.begin, 0, chunks());
    for (int p = 0; p < positions; ++p) {
      const auto tiles = tiles_.with_position(p, step.first, step.end);
      const std::int64_t times = std::max<std::int64_t>(1, (tiles.size() + Products::most - 1) / Products::most);
      for (std::int64_t at = c.begin; at < c.end; at += panel) {
        const bool in_row = at + panel < c.end;
        products.product.ahead = in_row ? step.u + (at / panel + 1) * way.u_panel() + p * way.u_plane()
                                        : step.u + c.begin / panel * way.u_panel() + (p + 1) * way.u_plane();
        products.product.ahead_lines = in_row || p + 1 < positions ? (amx::panel_bytes / 64 + times - 1) / times : 0;
        for (std::int64_t t = tiles.begin; t < tiles.end; t += Products::most)
          products.make(p, at, t, std::min(tiles.end - t, Products::most));
      }
    }
  }

  /// M of these channels, with which U begins, or what chunks [q, q_end) add to it; M begins with the channel `first`.
  /// ahead: filters that come next.
  void multiply_near(const Step& step, const Channels& c, std::int64_t q, std::int64_t q_end, std::int64_t first,
                     const typename Filters::Ahead& ahead) const {
    Products products(*this, step, c.begin, first, q, q_end);
    if (ahead.next) {
      const std::int64_t lines = (ahead.end - ahead.next) * static_cast<std::int64_t>(sizeof(float)) / 64;
      const std::int64_t times = positions * ((step.end - step.first + Products::most - 1) / Products::most);
      products.product.ahead = reinterpret_cast<const std::byte*>(ahead.next);
      products.product.ahead_lines = (lines + times * (q_end - q) - 1) / (times * (q_end - q));
    }
    // The last rows, which the registers are configured for, come behind the others of all positions: to configure
    // takes half as long as a chunk's products.
    for (const bool last : {false, true})
      for (int p = 0; p < positions; ++p) {
        const auto tiles = tiles_.with_position(p, step.first, step.end);
        const std::int64_t last_tile = tiles.end - tiles.size() % Products::most, end = last ? tiles.end : last_tile;
        for (std::int64_t t = last ? last_tile : tiles.begin; t < end; t += Products::most)
          for (std::int64_t at = c.begin; at < c.end; at += panel)
            products.make(p, at, t, std::min(end - t, Products::most));
      }
  }

  Tiles tiles_;
  std::int64_t v_row_;  // bytes of V from tile to tile
};

#endif

}  // namespace brindle::ops::kernel
