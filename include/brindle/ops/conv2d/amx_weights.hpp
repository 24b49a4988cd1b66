// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/picture_bands.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/gemm/amx.hpp"

namespace brindle::ops::kernel {

#if BRINDLE_UNIT_AMX

/// The gradient of a pointwise convolution by its filters on the matrix unit, with all pixels of the batch in one row:
///
///     dw (CI, CO) = x' dz
///
/// A thread takes a part of dw, a few hundred pixels at a time: x is turned, so that a channel's pixels lie side by
/// side, and its channels of both are split into bfloat16 (amx.hpp); then each tile of dw gets what these pixels add.
/// Sums run in the order of pixels, whatever the number of threads. Two threads may split the same pixels: that takes
/// less than to read what another core has just written.
class AmxWeights {
 public:
  /// g: of the convolution, whose pixels are one row; pictures may come with a prologue or not.
  explicit AmxWeights(const ConvGeometry& g, bool = false)
      : pixels_(g.w), ci_(g.ci), co_(g.co), tiles_((g.ci + tile_rows - 1) / tile_rows), panels_(amx::chunks(g.co)) {}

  /// Bytes of workspace.
  std::int64_t workspace(int threads) const {
    Scratch scratch;
    Arrays(*this, scratch, threads);
    return scratch.bytes();
  }

  /// dw (1, 1, CI, CO) and, unless null, db (CO).
  void run(const Cpu& on, const Picture<float>& x, const Picture<float>& dz, float* dw, float* db,
           Workspace<Cpu> workspace) const {
    Scratch space(workspace);
    const Arrays arrays(*this, space, on.threads());
    const Parts& parts = arrays.parts;
    std::array<std::int64_t, slab_chunks> offset;
    for (std::int64_t q = 0; q < slab_chunks; ++q) offset[static_cast<std::size_t>(q)] = q * tile_bytes;
    on.parallel(parts.tiles * parts.panels, [&](std::int64_t task, int worker) {
      const std::int64_t i = task / parts.panels, j = task % parts.panels;
      const std::int64_t tile = i * tiles_ / parts.tiles, tile_end = (i + 1) * tiles_ / parts.tiles;
      const std::int64_t panel = j * panels_ / parts.panels, panel_end = (j + 1) * panels_ / parts.panels;
      const std::int64_t c = panel * amx::columns, c_end = std::min(co_, panel_end * amx::columns);
      std::byte *left = arrays.x.of(worker), *right = arrays.dz.of(worker);
      float *rows = arrays.rows.of(worker), *sums = arrays.sums.of(worker);
      std::fill_n(sums, (tile_end - tile) * (panel_end - panel) * tile_elements, 0.0F);
      float* slab_sums = arrays.slab_sums.of(worker);
      if (db && i == 0) std::fill(db + c, db + c_end, 0.0F);
      const amx::Tiles registers;
      for (std::int64_t first = 0; first < pixels_; first += slab_pixels) {
        const std::int64_t chunks = std::min(slab_chunks, amx::chunks(pixels_ - first));
        std::fill_n(slab_sums, c_end - c, 0.0F);
        for (std::int64_t q = 0; q < chunks; ++q) {
          const std::int64_t pixel = first + q * amx::depth;
          turn(pixels_at(x, pixel, rows), tile, tile_end, left + q * tile_bytes);
          const float* z = pixels_at(dz, pixel, rows);
          for (std::int64_t p = panel; p < panel_end; ++p)
            amx::pack_chunk(z + p * amx::columns, co_, 1, amx::depth, co_ - p * amx::columns,
                            right + ((p - panel) * slab_chunks + q) * amx::panel_bytes);
          if (db && i == 0) add_pixels(z + c, c_end - c, slab_sums);
        }
        if (db && i == 0)
          for (std::int64_t k = c; k < c_end; ++k) db[k] += slab_sums[k - c];
        amx::Finish none;
        amx::Product p{
            .a_row = amx::chunk_bytes, .offset = offset.data(), .chunks = chunks, .c = sums, .accumulate = true};
        for (std::int64_t b = 0; b < panel_end - panel; ++b)
          for (std::int64_t a = 0; a < tile_end - tile; ++a, p.c += tile_elements) {
            p.a = left + a * slab_chunks * tile_bytes;
            p.b = right + b * slab_chunks * amx::panel_bytes;
            amx::tile<32>(p, none);
          }
      }
      for (std::int64_t b = panel; b < panel_end; ++b)
        for (std::int64_t a = tile; a < tile_end; ++a, sums += tile_elements)
          for (std::int64_t k = 0; k < std::min(tile_rows, ci_ - a * tile_rows); ++k)
            std::copy_n(sums + k * amx::columns, std::min(amx::columns, co_ - b * amx::columns),
                        dw + (a * tile_rows + k) * co_ + b * amx::columns);
    });
  }

 private:
  static constexpr std::int64_t tile_rows = 2 * amx::rows, tile_elements = tile_rows * amx::columns;
  static constexpr std::int64_t slab_chunks = 16, slab_pixels = slab_chunks * amx::depth;
  static constexpr std::int64_t tile_bytes = tile_rows * amx::chunk_bytes;  // of x, a chunk

  /// How dw is cut.
  struct Parts {
    std::int64_t tiles = 1, panels = 1;
  };

  /// Of a few ways that in which the thread with most to do has least.
  Parts parts(std::int64_t threads) const {
    // Cycles for a chunk: to turn and split a tile's rows of x, to split a panel of dz, and of a product of both.
    constexpr double turn_cost = 740, split_cost = 480, product_cost = 430;
    const auto most_of = [](std::int64_t all, std::int64_t parts) {
      return static_cast<double>((all + parts - 1) / parts);
    };
    Parts best;
    double least = std::numeric_limits<double>::infinity();
    for (std::int64_t i = 1; i <= std::min(tiles_, 4 * threads); ++i)
      for (std::int64_t j = 1; j <= std::min(panels_, 4 * threads / i); ++j) {
        const double tiles = most_of(tiles_, i), panels = most_of(panels_, j);
        const double cost =
            most_of(i * j, threads) * (turn_cost * tiles + split_cost * panels + product_cost * tiles * panels);
        if (cost < least) least = cost, best = {i, j};
      }
    return best;
  }

  struct Arrays {
    Parts parts;
    PerWorker<std::byte> x, dz;  // split: tiles of input channels, panels of output channels, chunk by chunk
    PerWorker<float> sums;       // of dw, tile by tile
    PerWorker<float> rows;       // pixels of a chunk
    PerWorker<float> slab_sums;  // of dz, a channel each

    Arrays(const AmxWeights& w, Scratch& scratch, int threads) : parts(w.parts(threads)) {
      const std::int64_t tiles = (w.tiles_ + parts.tiles - 1) / parts.tiles;
      const std::int64_t panels = (w.panels_ + parts.panels - 1) / parts.panels;
      x = PerWorker<std::byte>::take(scratch, threads, tiles * slab_chunks * tile_bytes);
      dz = PerWorker<std::byte>::take(scratch, threads, panels * slab_chunks * amx::panel_bytes);
      sums = PerWorker<float>::take(scratch, threads, tiles * panels * tile_elements);
      rows = PerWorker<float>::take(scratch, threads, amx::depth * std::max(w.ci_, w.co_));
      slab_sums = PerWorker<float>::take(scratch, threads, panels * amx::columns);
    }
  };

  /// Those of a chunk, with zeros behind the last: where they lie, or a copy.
  const float* pixels_at(const Picture<float>& x, std::int64_t first, float* copy) const {
    if (!x.prologue && first + amx::depth <= pixels_) return x.data + first * x.c;
    read_row(x, 0, 0, first, amx::depth, copy);
    return copy;
  }

  /// sums += what each of `channels` is in the pixels of a chunk, which are added up apart: one behind the other, a
  /// hundred thousand pixels would round a hundred thousand times.
  void add_pixels(const float* z, std::int64_t channels, float* sums) const {
    for (std::int64_t k = 0; k < channels; k += 16) {
      const auto wanted = static_cast<__mmask16>((1U << std::min<std::int64_t>(channels - k, 16)) - 1);
      __m512 sum[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
      for (std::int64_t t = 0; t < amx::depth; t += 2)
        for (std::int64_t i = 0; i < 2; ++i)
          sum[i] = _mm512_add_ps(sum[i], _mm512_maskz_loadu_ps(wanted, z + (t + i) * co_ + k));
      const __m512 before = _mm512_maskz_loadu_ps(wanted, sums + k);
      _mm512_mask_storeu_ps(sums + k, wanted, _mm512_add_ps(before, _mm512_add_ps(sum[0], sum[1])));
    }
  }

  /// Pixels of a chunk (32, CI) -> the pieces of tiles [tile, end), a row for each channel, with zeros for those that
  /// fill the last one.
  void turn(const float* rows, std::int64_t tile, std::int64_t end, std::byte* to) const {
    for (std::int64_t k = tile * tile_rows; k < end * tile_rows; k += 16) {
      const std::int64_t count = std::clamp<std::int64_t>(ci_ - k, 0, 16);
      const auto wanted = static_cast<__mmask16>((1U << count) - 1);
      alignas(64) float turned[16][amx::depth];
      for (std::int64_t t = 0; t < amx::depth; t += 16) {
        __m512 square[16];
        for (std::int64_t i = 0; i < 16; ++i) square[i] = _mm512_maskz_loadu_ps(wanted, rows + (t + i) * ci_ + k);
        transpose(square);
        for (std::int64_t i = 0; i < 16; ++i) _mm512_store_ps(turned[i] + t, square[i]);
      }
      std::byte* half = to + (k / tile_rows - tile) * slab_chunks * tile_bytes + k % tile_rows * amx::chunk_bytes;
      for (std::int64_t i = 0; i < 16; ++i)
        amx::split_behind(_mm512_load_ps(turned[i]), _mm512_load_ps(turned[i] + 16), half + i * amx::chunk_bytes);
    }
  }

  /// 16 rows of 16 become columns.
  static void transpose(__m512 (&r)[16]) {
    __m512 t[16];
    for (int i = 0; i < 16; i += 2) {
      t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
      t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    const auto pairs = [&](int low, int high, bool upper) {
      const __m512d a = _mm512_castps_pd(t[low]), b = _mm512_castps_pd(t[high]);
      return _mm512_castpd_ps(upper ? _mm512_unpackhi_pd(a, b) : _mm512_unpacklo_pd(a, b));
    };
    for (int i = 0; i < 16; i += 4)
      for (int j = 0; j < 4; ++j) r[i + j] = pairs(i + j / 2, i + j / 2 + 2, j % 2 == 1);
    // Each quarter of r[4 i + j] is a piece of a column now: of rows 4 i to 4 i + 3.
    for (int j = 0; j < 4; ++j) {
      t[j] = _mm512_shuffle_f32x4(r[j], r[j + 4], 0x88);
      t[j + 4] = _mm512_shuffle_f32x4(r[j + 8], r[j + 12], 0x88);
      t[j + 8] = _mm512_shuffle_f32x4(r[j], r[j + 4], 0xdd);
      t[j + 12] = _mm512_shuffle_f32x4(r[j + 8], r[j + 12], 0xdd);
    }
    for (int j = 0; j < 4; ++j) {
      r[j] = _mm512_shuffle_f32x4(t[j], t[j + 4], 0x88);
      r[j + 4] = _mm512_shuffle_f32x4(t[j + 8], t[j + 12], 0x88);
      r[j + 8] = _mm512_shuffle_f32x4(t[j], t[j + 4], 0xdd);
      r[j + 12] = _mm512_shuffle_f32x4(t[j + 8], t[j + 12], 0xdd);
    }
  }

  std::int64_t pixels_, ci_, co_;
  std::int64_t tiles_, panels_;  // of dw
};

#endif

}  // namespace brindle::ops::kernel
