// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation/cpu.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/picture_bands.hpp"
#include "brindle/ops/conv2d/picture_blocks.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/gemm/micro_kernel.hpp"

namespace brindle::ops::kernel {

/// Convolution with filters and strides of any size as a matrix product whose left side is the picture itself.
///
/// The KW x CI values that one row of a filter sees lie side by side in a row of x, and the next pixel of y sees those
/// stride.w CI further on. So a row of y is, with A(pixel, t) = row[pixel stride.w CI + t],
///
///     y row (OW, CO) = sum over i < KH of  A of x row (r stride.h + i) (OW, KW CI)  times  w(i) (KW CI, CO)
///
/// and nothing is gathered into columns. Where zeros surround x, a band of a few rows is copied with them around it;
/// the gradient with respect to x is the same with rotated, transposed filters over dz (implicit_gemm_gradient.hpp).
/// That with respect to the filters has the sum over pixels (implicit_gemm_weights.hpp).
///
/// With few input channels, as in a first layer, all of w stays in the level 1 cache, and a row of y is made in one go.
template <class T>
class ImplicitGemm {
  using Micro = MicroTile<T>;
  static constexpr int width = Micro::width;

 public:
  /// y = x * w as g says.
  explicit ImplicitGemm(const ConvGeometry& g) : ImplicitGemm(g, {.kw = g.kw}, {.h = g.oh, .w = g.ow}) {}

  /// The same with some taps of the filters, which g counts, and with y's pixels spread over a larger picture.
  ImplicitGemm(const ConvGeometry& g, const FilterTaps& taps, const PixelGrid& to)
      : g_(g), taps_(taps), to_(to), segment_(g.kw * g.ci), depth_(g.kh * segment_), co_(Micro::padded(g.co)) {
    cut_ = PictureBlocks::of_pixels({g.n, g.oh, g.ow, g.co});
  }

  /// Bytes of workspace for forward().
  std::int64_t forward_workspace(int threads) const {
    Scratch scratch;
    Arrays(*this, scratch, threads);
    return scratch.bytes();
  }

  /// Elements of packed filters, whatever the pictures are.
  std::int64_t packed_size() const { return depth_ * co_; }

  /// Filters as panels of columns, (KH KW CI, columns) each. w: (KH, KW, CI, CO); rotated: (KH, KW, CO, CI), of which
  /// the taps are to be rotated and transposed.
  void pack(const Cpu& on, const T* w, bool rotated, T* packed) const {
    on.parallel((co_ + Micro::columns - 1) / Micro::columns, [&](std::int64_t panel, int) {
      const std::int64_t c = panel * Micro::columns, columns = std::min<std::int64_t>(Micro::columns, co_ - c);
      const std::int64_t count = std::min(columns, g_.co - c), taps = g_.kh * g_.kw;
      T* to = packed + c * depth_;
      if (count < columns) std::fill_n(to, depth_ * columns, T(0));
      for (std::int64_t tap = 0; tap < taps; ++tap)
        if (rotated)
          for (std::int64_t o = 0; o < count; ++o) {
            const std::int64_t i = taps_.first.h + (g_.kh - 1 - tap / g_.kw) * taps_.step.h;
            const std::int64_t j = taps_.first.w + (g_.kw - 1 - tap % g_.kw) * taps_.step.w;
            const T* from = w + ((i * taps_.kw + j) * g_.co + c + o) * g_.ci;
            for (std::int64_t k = 0; k < g_.ci; ++k) to[(tap * g_.ci + k) * columns + o] = from[k];
          }
        else
          for (std::int64_t k = tap * g_.ci; k < (tap + 1) * g_.ci; ++k)
            std::copy_n(w + k * g_.co + c, count, to + k * columns);
    });
  }

  /// w: as for pack(). prepared: what that made of it, or null.
  void forward(const Cpu& on, const Picture<T>& x, const T* w, bool rotated, const PictureOutput<T>& out,
               Workspace<Cpu> workspace, const T* prepared = nullptr) const {
    Scratch space(workspace);
    const Arrays arrays(*this, space, on.threads());
    T* bias = arrays.channels;
    std::fill_n(bias, co_, T(0));
    if (out.bias) std::copy_n(out.bias, g_.co, bias);
    if (out.normalization) arrays.copy(*out.normalization, co_);
    if (!prepared) pack(on, w, rotated, arrays.filters);
    const T* packed = prepared ? prepared : arrays.filters;
    const Dealing<T> dealt = deal_product<T>(cut_, co_, on.threads());
    const PictureBlocks& blocks = dealt.blocks;  // no structured binding: Clang before 16 captures none
    const PanelParts<T>& panels = dealt.parts;
    const std::int64_t chunks = panels.count;
    const auto last = ActivationSteps<T>::of(out.activation);
    on.parallel(blocks.count * chunks, [&](std::int64_t i, int worker) {
      T *scratch = arrays.bands.of(worker), *result = arrays.results.of(worker);
      const std::int64_t c = panels.first(i % chunks), c_end = panels.first(i % chunks + 1);
      const PictureBlock block = blocks.at(i / chunks);
      const Band<T> band = read_band(g_, x, block, 0, g_.kh, scratch);
      const bool direct = !out.pooled;
      T* to = direct ? out.y + to_.at(block.n, block.row, block.column) * g_.co + c : result;
      const std::int64_t to_pixel = direct ? to_.step.w * g_.co : c_end - c;
      const std::int64_t to_row = direct ? to_.step.h * to_.w * g_.co : block.columns * to_pixel;
      const T* residual = out.residual ? out.residual + (to - out.y) : nullptr;
      MicroProduct<T> p;
      p.least = last.least, p.most = last.most;
      if (out.normalization) p.mean = arrays.mean + c, p.factor = p.mean + co_, p.shift = p.factor + co_;
      p.c_row = to_pixel;
      p.tail = direct && c_end > g_.co ? g_.co % width : 0;
      if (chunks == 1 && i + 1 < blocks.count && comes_from_memory(x)) look_ahead(x, blocks.at(i + 1), p);
      multiply(p, band, packed + c * depth_, bias + c, residual, last.clamps, block, c_end - c, to, to_row);
      if (last.after != ActivationFunction::linear)
        for (std::int64_t r = 0; r < block.rows; ++r)
          activate_rows(last.after, to + r * to_row, block.columns, to_pixel, std::min(c_end, g_.co) - c);
      if (out.pooled) write_pooled(g_, block, result, c, c_end, out);
    });
  }

 private:
  struct Arrays {
    T *filters, *channels;        // packed, and bias
    T* mean;                      // of a normalization; factor and shift follow
    PerWorker<T> bands, results;  // rows of x, and of y

    Arrays(const ImplicitGemm& c, Scratch& scratch, int threads)
        : filters(scratch.take<T>(c.depth_ * c.co_)),
          channels(scratch.take<T>(c.co_)),
          mean(scratch.take<T>(3 * c.co_)),
          bands(PerWorker<T>::take(scratch, threads, band_size(c.g_))),
          results(PerWorker<T>::take(scratch, threads, PictureBlocks::most_pixels(c.g_.ow) * c.co_)) {}

    /// With zeros for the channels that fill the last packet.
    void copy(const ChannelNormalization<T, Cpu>& from, std::int64_t co) const {
      std::fill_n(mean, 3 * co, T(0));
      std::copy_n(from.mean.data, from.mean.size(), mean);
      std::copy_n(from.factor.data, from.mean.size(), mean + co);
      std::copy_n(from.shift.data, from.mean.size(), mean + 2 * co);
    }
  };

  /// Whether x is read from where it lies, too large for the caches, and filters are few enough to stay there
  /// meanwhile.
  bool comes_from_memory(const Picture<T>& x) const {
    constexpr std::int64_t few = (128 << 10) / sizeof(T);
    constexpr std::int64_t in_cache = (4 << 20) / sizeof(T);
    return depth_ * co_ <= few && g_.n * g_.h * g_.w * g_.ci > in_cache && !x.code && g_.is_pointwise();
  }

  /// Columns of y for a block; `packed` begins at the panel of the first. behind: what follows the sum, but for the
  /// residual, where pixels are stored, and what is needed soon.
  void multiply(const MicroProduct<T>& behind, const Band<T>& band, const T* packed, const T* bias, const T* residual,
                bool clamps, const PictureBlock& block, std::int64_t columns, T* to, std::int64_t to_row) const {
    const std::int64_t slices = (segment_ + Micro::depth - 1) / Micro::depth;
    const bool at_once = depth_ <= Micro::depth + Micro::depth / 2;
    const std::int64_t steps = at_once ? 1 : g_.kh * slices;
    const std::int64_t tiles = (block.columns + Micro::rows - 1) / Micro::rows;  // of a row of pixels and a panel
    // The first row of packed filters of a step.
    const auto row_of = [&](std::int64_t step) {
      return at_once ? 0 : step / slices * segment_ + step % slices * segment_ / slices;
    };
    MicroProduct<T> p = behind;
    p.a_row = g_.stride.w * g_.ci;
    p.a_segment = band.row;
    for (std::int64_t step = 0; step < steps; ++step) {
      const std::int64_t i = at_once ? 0 : step / slices, begin = row_of(step) - i * segment_;
      p.segments = at_once ? g_.kh : 1;
      p.k = at_once ? segment_ : row_of(step + 1) - row_of(step);
      p.accumulate = step > 0;
      const bool is_last = step + 1 == steps;
      p.clamps = clamps && is_last;
      const T* added = is_last ? residual : nullptr;
      for (std::int64_t c = 0; c < columns; c += Micro::columns) {
        const std::int64_t panel = std::min<std::int64_t>(Micro::columns, columns - c);
        p.bias = step == 0 ? bias + c : nullptr;
        p.mean = nullptr;
        if (behind.mean && is_last) p.mean = behind.mean + c, p.factor = behind.factor + c, p.shift = behind.shift + c;
        p.b_row = panel;
        p.b = packed + c * depth_ + row_of(step) * panel;
        // The filters that come next, which come from memory where there are few pixels: in equal steps, as many at a
        // time would hold up the others. After the last panel, the next slice of the first.
        if (!behind.ahead) {
          const bool goes_on = c + panel < columns;
          const std::int64_t next = goes_on ? c + panel : 0, rows = block.rows * tiles;
          const std::int64_t width_of_next = std::min<std::int64_t>(Micro::columns, columns - next);
          p.ahead = packed + next * depth_ + row_of(goes_on ? step : step + 1) * width_of_next;
          p.ahead_end = p.ahead + p.segments * p.k * width_of_next;
          p.ahead_step = std::min<std::int64_t>((width_of_next + rows - 1) / rows, Micro::line);
          if (!goes_on && is_last) p.ahead = nullptr;
        }
        for (std::int64_t r = 0; r < block.rows; ++r) {
          p.a = band.data + (r * g_.stride.h + i) * band.row + begin;
          p.c = to + r * to_row + c;
          p.residual = added ? added + r * to_row + c : nullptr;
          p.tail = c + panel < columns ? 0 : behind.tail;
          micro_block(p, block.columns, panel);
          p.move_ahead(tiles * p.segments * p.k);
        }
      }
    }
  }

  ConvGeometry g_;
  FilterTaps taps_;
  PixelGrid to_;
  std::int64_t segment_, depth_, co_;  // KW CI; KH KW CI; output channels with padding
  PictureBlocks cut_;                  // whatever the number of threads
};

}  // namespace brindle::ops::kernel
