// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation/cpu.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/picture_bands.hpp"
#include "brindle/ops/conv2d/picture_blocks.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/gemm/amx.hpp"

namespace brindle::ops::kernel {

#if BRINDLE_UNIT_AMX

/// Convolution with filters and strides of any size on the matrix unit, whose left side is the picture itself: the
/// pixels that a block of y sees are split into bfloat16 (amx.hpp), each pixel in whole chunks, and
///
///     y(pixel, :) = sum over i < KH, j < KW of  A(pixel + offset(i, j), :)  times  w(i, j) (CI, CO)
///
/// With a stride the pixels of each phase (row modulo stride.h, column modulo stride.w) form a plane of their own, so
/// that in all of them the next pixel of y sees the next pixel. Rows of y follow each other as those of a plane do: the
/// few pixels between them, which filters see beyond a row's end, are computed and left out.
class AmxGemm {
  using Parts = PanelParts<float>;
  static_assert(MicroTile<float>::columns == amx::columns);

 public:
  /// y = x * w as g says.
  explicit AmxGemm(const ConvGeometry& g) : AmxGemm(g, {.kw = g.kw}, {.h = g.oh, .w = g.ow}) {}

  /// The same with some taps of the filters, which g counts, and with y's pixels spread over a larger picture.
  AmxGemm(const ConvGeometry& g, const FilterTaps& taps, const PixelGrid& to)
      : g_(g), taps_(taps), to_(to), co_(MicroTile<float>::padded(g.co)), pixel_(amx::row_bytes(g.ci)) {
    const std::int64_t most = std::clamp<std::int64_t>(most_bytes / pixel_ / 32 * 32, 64, 256);
    cut_ = PictureBlocks::of_pixels({g.n, g.oh, g.ow, g.co}, most);
    most_rows_ = std::min(PictureBlocks::most_rows(g.ow, most), std::max<std::int64_t>(g.oh, 1));
    most_columns_ = PictureBlocks::most_columns(g.ow, most);
  }

  /// Bytes of workspace for forward().
  std::int64_t forward_workspace(int threads) const {
    Scratch scratch;
    Arrays(*this, scratch, threads);
    return scratch.bytes();
  }

  /// Elements of packed filters, whatever the pictures are.
  std::int64_t packed_size() const {
    return Parts{co_}.panels() * panel_bytes() / static_cast<std::int64_t>(sizeof(float));
  }

  /// Filters in pieces, a panel of output channels behind the other. w: (KH, KW, CI, CO); rotated: (KH, KW, CO, CI), of
  /// which the taps are to be rotated and transposed.
  void pack(const Cpu& on, const float* w, bool rotated, float* packed) const {
    on.parallel(Parts{co_}.panels() * taps(), [&](std::int64_t task, int) {
      const std::int64_t c = task / taps() * amx::columns, tap = task % taps();
      const std::int64_t i = taps_.first.h + (g_.kh - 1 - tap / g_.kw) * taps_.step.h;
      const std::int64_t j = taps_.first.w + (g_.kw - 1 - tap % g_.kw) * taps_.step.w;
      const float* from = rotated ? w + ((i * taps_.kw + j) * g_.co + c) * g_.ci : w + tap * g_.ci * g_.co + c;
      const std::int64_t row = rotated ? 1 : g_.co, column = rotated ? g_.ci : 1;
      std::byte* to = reinterpret_cast<std::byte*>(packed) + task * chunks() * amx::panel_bytes;
      for (std::int64_t k = 0; k < g_.ci; k += amx::depth, to += amx::panel_bytes)
        amx::pack_chunk(from + k * row, row, column, g_.ci - k, g_.co - c, to);
    });
  }

  /// w: as for pack(). prepared: what that made of it, or null.
  void forward(const Cpu& on, const Picture<float>& x, const float* w, bool rotated, const PictureOutput<float>& out,
               Workspace<Cpu> workspace, const float* prepared = nullptr) const {
    Scratch space(workspace);
    const Arrays arrays(*this, space, on.threads());
    if (!prepared) pack(on, w, rotated, arrays.filters);
    const auto* packed = reinterpret_cast<const std::byte*>(prepared ? prepared : arrays.filters);
    const amx::Behind behind = arrays.behind(g_.co, out);
    const Dealing<float> dealt = deal(on.threads());
    const PictureBlocks& blocks = dealt.blocks;  // no structured binding: Clang before 16 captures none
    const Parts& parts = dealt.parts;
    const bool few = blocks.count <= 2 * on.threads();  // pixels, so that filters come from memory for each of them
    on.parallel(blocks.count * parts.count, [&](std::int64_t i, int worker) {
      const PictureBlock block = blocks.at(i / parts.count);
      const Planes planes(g_, block, pixel_);
      std::byte* pixels = arrays.pixels.of(worker);
      std::int64_t* offset = arrays.offsets.of(worker);
      split(x, block, planes, arrays.rows.of(worker), pixels);
      for (std::int64_t q = 0; q < steps(); ++q)
        offset[q] = planes.at(q / chunks() / g_.kw, q / chunks() % g_.kw, g_, pixel_) + q % chunks() * amx::chunk_bytes;
      const amx::Product product{.a = pixels, .a_row = pixel_, .offset = offset, .chunks = steps()};
      const amx::Tiles tiles;
      const std::int64_t end = parts.first(i % parts.count + 1);
      for (std::int64_t c = parts.first(i % parts.count); c < end; c += amx::columns) {
        const std::byte* filters = packed + c / amx::columns * panel_bytes();
        make_panel(block, planes.columns, product, filters, few && c + amx::columns < end, c, behind, out,
                   arrays.results.of(worker));
      }
    });
  }

 private:
  static constexpr std::int64_t most_bytes = 5 << 18;  // of split pixels: they stay in the level 2 cache

  /// Where the pixels that a block sees lie.
  struct Planes {
    std::int64_t down, across;   // how many
    std::int64_t rows, columns;  // of a plane
    std::int64_t bytes;          // of a plane

    Planes(const ConvGeometry& g, const PictureBlock& b, std::int64_t pixel)
        : down(std::min(g.stride.h, g.kh)),
          across(std::min(g.stride.w, g.kw)),
          rows(b.rows + (g.kh - 1) / g.stride.h),
          columns(b.columns + (g.kw - 1) / g.stride.w),
          bytes(rows * columns * pixel) {}
    /// What a tap sees of the first pixel of a row and column.
    std::int64_t at(std::int64_t row, std::int64_t column, const ConvGeometry& g, std::int64_t pixel) const {
      return (row % g.stride.h * across + column % g.stride.w) * bytes +
             (row / g.stride.h * columns + column / g.stride.w) * pixel;
    }
    std::int64_t all_bytes() const { return down * across * bytes; }
  };

  struct Arrays {
    float* filters;   // packed
    float* channels;  // bias, and mean, factor and shift of a normalization
    std::int64_t channels_row;
    PerWorker<float> rows;            // a row of x
    PerWorker<std::byte> pixels;      // split
    PerWorker<float> results;         // of a panel, where they are pooled
    PerWorker<std::int64_t> offsets;  // of the chunks that a pixel of y sees

    Arrays(const AmxGemm& c, Scratch& scratch, int threads)
        : filters(scratch.take<float>(c.packed_size())),
          channels(scratch.take<float>(4 * c.channels_row())),
          channels_row(c.channels_row()),
          rows(PerWorker<float>::take(scratch, threads, c.row_size())),
          pixels(PerWorker<std::byte>::take(scratch, threads, c.pixel_bytes())),
          results(PerWorker<float>::take(scratch, threads, c.most_rows_ * c.most_columns_ * amx::columns)),
          offsets(PerWorker<std::int64_t>::take(scratch, threads, c.steps())) {}

    amx::Behind behind(std::int64_t co, const PictureOutput<float>& out) const {
      std::fill_n(channels, 4 * channels_row, 0.0F);
      if (out.bias) std::copy_n(out.bias, co, channels);
      const auto last = ActivationSteps<float>::of(out.activation);
      amx::Behind p{.bias = channels, .clamps = last.clamps, .least = last.least, .most = last.most};
      if (!out.normalization) return p;
      const auto take = [&](const float* from, std::int64_t row) {
        std::copy_n(from, co, channels + row * channels_row);
        return channels + row * channels_row;
      };
      p.mean = take(out.normalization->mean.data, 1);
      p.factor = take(out.normalization->factor.data, 2);
      p.shift = take(out.normalization->shift.data, 3);
      return p;
    }
  };

  std::int64_t taps() const { return g_.kh * g_.kw; }
  std::int64_t chunks() const { return amx::chunks(g_.ci); }  // of a tap
  std::int64_t steps() const { return taps() * chunks(); }    // chunks of the sum
  std::int64_t panel_bytes() const { return steps() * amx::panel_bytes; }
  std::int64_t channels_row() const { return Parts{co_}.panels() * amx::columns; }
  std::int64_t row_size() const { return ((most_columns_ - 1) * g_.stride.w + g_.kw) * g_.ci; }
  std::int64_t pixel_bytes() const {
    return Planes(g_, {0, 0, 0, most_rows_, most_columns_}, pixel_).all_bytes() + amx::rows * pixel_;
  }

  Dealing<float> deal(std::int64_t threads) const {
    // Cycles for a chunk: to split a pixel, to bring a panel of filters, and for 32 rows of a product and 16.
    constexpr double split_cost = 15, bring_cost = 300, pair_cost = 430, single_cost = 310;
    const auto taps = static_cast<double>(g_.kh * g_.kw);
    return deal_product<float>(cut_, co_, threads, [&](double pixels, double channels) {
      const std::int64_t tiles = (static_cast<std::int64_t>(std::ceil(pixels)) + amx::rows - 1) / amx::rows;
      const double product = static_cast<double>(tiles / 2) * pair_cost + static_cast<double>(tiles % 2) * single_cost;
      return channels / amx::columns * (product + bring_cost) + pixels * split_cost / taps;
    });
  }

  void split(const Picture<float>& x, const PictureBlock& b, const Planes& planes, float* copy,
             std::byte* pixels) const {
    const std::int64_t first = b.row * g_.stride.h - g_.top, left = b.column * g_.stride.w - g_.left;
    const std::int64_t rows = (b.rows - 1) * g_.stride.h + g_.kh, columns = (b.columns - 1) * g_.stride.w + g_.kw;
    const bool inside = left >= 0 && left + columns <= x.w && !x.code && !x.prologue;
    for (std::int64_t r = 0; r < rows; ++r) {
      if (r % g_.stride.h >= planes.down) continue;
      const std::int64_t row = first + r;
      const bool direct = inside && row >= 0 && row < x.h;
      if (!direct) read_row(x, b.n, row, left, columns, copy);
      const float* from = direct ? x.data + ((b.n * x.h + row) * x.w + left) * x.c : copy;
      for (std::int64_t phase = 0; phase < planes.across; ++phase) {
        std::byte* to = pixels + planes.at(r, phase, g_, pixel_);
        for (std::int64_t c = phase; c < columns; c += g_.stride.w, to += pixel_)
          amx::split_row(from + c * g_.ci, g_.ci, to);
      }
    }
  }

  /// Channels of y from c on, of a panel. row_pixels: pixels from row to row of y. goes_on: the panel behind it comes
  /// next, and its filters are prefetched.
  void make_panel(const PictureBlock& b, std::int64_t row_pixels, amx::Product p, const std::byte* filters,
                  bool goes_on, std::int64_t c, const amx::Behind& behind, const PictureOutput<float>& out,
                  float* result) const {
    const std::int64_t count = std::min(amx::columns, g_.co - c), padded = std::min(amx::columns, co_ - c);
    float* to = out.pooled ? result : out.y + to_.at(b.n, b.row, b.column) * g_.co + c;
    const std::int64_t to_pixel = out.pooled ? padded : to_.step.w * g_.co;
    const std::int64_t to_row = out.pooled ? b.columns * padded : to_.step.h * to_.w * g_.co;
    amx::Behind here = behind;
    if (out.residual) here.residual = out.residual + (to - out.y);
    amx::Finish finish(here, c, out.pooled ? padded : count, to);
    alignas(64) float sums[2][2 * amx::rows * amx::columns];
    std::int32_t to_of[2][2 * amx::rows];
    const std::byte* pixels = p.a;
    p.b = filters;
    const std::int64_t positions = (b.rows - 1) * row_pixels + b.columns;
    const std::int64_t pairs = (positions + 2 * amx::rows - 1) / (2 * amx::rows);
    if (goes_on) p.ahead = filters + panel_bytes(), p.ahead_lines = (amx::panel_bytes / 64 + pairs - 1) / pairs;
    std::int64_t row = 0, column = 0;
    bool odd = false;
    for (std::int64_t at = 0; at < positions; at += 2 * amx::rows, odd = !odd) {
      const std::int64_t rows = std::min(2 * amx::rows, positions - at);
      p.a = pixels + at * pixel_;
      p.c = sums[odd];
      if (rows > amx::rows)
        amx::tile<32>(p, finish);
      else
        amx::tile<16>(p, finish);
      for (std::int64_t k = 0; k < rows; ++k) {
        to_of[odd][k] = column < b.columns ? static_cast<std::int32_t>(row * to_row + column * to_pixel) : -1;
        if (++column == row_pixels) column = 0, ++row;
      }
      finish.take(sums[odd], to_of[odd], rows);
      p.ahead += p.chunks * p.ahead_lines * 64;
    }
    finish.rows(finish.left());
    const auto after = ActivationSteps<float>::of(out.activation).after;
    if (after != ActivationFunction::linear)
      for (std::int64_t r = 0; r < b.rows; ++r)
        for (std::int64_t k = 0; k < b.columns; ++k)
          activate_range(after, to + r * to_row + k * to_pixel, to + r * to_row + k * to_pixel, count);
    if (out.pooled) write_pooled(g_, b, result, c, c + padded, out);
  }

  ConvGeometry g_;
  FilterTaps taps_;
  PixelGrid to_;
  std::int64_t co_;     // with those that fill the last packet
  std::int64_t pixel_;  // bytes of a split pixel
  PictureBlocks cut_;   // whatever the number of threads
  std::int64_t most_rows_ = 0, most_columns_ = 0;
};

#endif

}  // namespace brindle::ops::kernel
