#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/cpu_bias_activation.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/cpu_product.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/maxpool2d/cpu.hpp"

namespace brindle::ops::kernel {

/// conv2d of any shape: patches of the input are copied side by side into a matrix, which is multiplied with the
/// filters, a block of pixels at a time.
template <class T>
struct conv2d_im2col {
  static std::int64_t workspace(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    const Sizes s(x, w, o);
    Scratch forward_, data, weights;
    ForwardScratch(forward_, on, s);
    DataScratch(data, on, s);
    WeightsScratch(weights, on, s);
    return std::max({forward_.bytes(), data.bytes(), weights.bytes()});
  }

  static std::int64_t forward_workspace(const Cpu& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
    Scratch scratch;
    ForwardScratch(scratch, on, Sizes(x, w, o));
    return scratch.bytes();
  }

  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y, const Conv2DOptions& o,
                      Workspace<Cpu> workspace) {
    const Sizes s(x.shape, w.shape, o);
    Scratch scratch(workspace);
    const ForwardScratch memory(scratch, on, s);
    on.parallel(ceil(s.pixels(), s.block), [&](std::int64_t task, int worker) {
      const std::int64_t first = task * s.block, count = std::min(s.block, s.pixels() - first);
      outputs(s, x.data, w.data, first, count, memory.patches.of(worker), y.data + first * s.co);
      bias_activation(y.data + first * s.co, count, s.co, bias.data, o.activation);
    });
  }

  static void forward_pooled(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y,
                             Out<std::uint8_t, Cpu> code, const Conv2DOptions& o, Workspace<Cpu> workspace) {
    const Sizes s(x.shape, w.shape, o);
    Scratch scratch(workspace);
    const ForwardScratch memory(scratch, on, s);
    const std::int64_t rows = s.oh / 2, columns = s.ow / 2, bands = ceil(rows, s.pooled_rows());
    on.parallel(s.n * bands, [&](std::int64_t task, int worker) {
      const std::int64_t n = task / bands, row0 = task % bands * s.pooled_rows();
      const std::int64_t row1 = std::min(row0 + s.pooled_rows(), rows);
      T* z = memory.band.of(worker);
      const std::int64_t first = (n * s.oh + 2 * row0) * s.ow, end = (n * s.oh + 2 * row1) * s.ow;
      for (std::int64_t pixel = first; pixel < end; pixel += s.block)
        outputs(s, x.data, w.data, pixel, std::min(s.block, end - pixel), memory.patches.of(worker),
                z + (pixel - first) * s.co);
      bias_activation(z, end - first, s.co, bias.data, o.activation);
      for (std::int64_t row = row0; row < row1; ++row) {
        const T* upper = z + 2 * (row - row0) * s.ow * s.co;
        const std::int64_t to = (n * rows + row) * columns * s.co;
        maxpool_2x2_row(upper, upper + s.ow * s.co, columns, s.co, y.data + to, code.empty() ? nullptr : code.data + to,
                        o.activation == ActivationFunction::relu ? 4 : -1);
      }
    });
  }

  static void backward_data(const Cpu& on, In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx, const Conv2DOptions& o,
                            Workspace<Cpu> workspace) {
    const Sizes s(dx.shape, w.shape, o);
    Scratch scratch(workspace);
    const DataScratch memory(scratch, on, s);
    turn_filters(on, s, w.data, memory.filters);
    on.parallel(ceil(s.n * s.h * s.w, s.data_block), [&](std::int64_t task, int worker) {
      const std::int64_t first = task * s.data_block, end = std::min(first + s.data_block, s.n * s.h * s.w);
      T* patches = memory.patches.of(worker);
      for (std::int64_t pixel = first; pixel < end;) {
        const std::int64_t n = pixel / (s.h * s.w), h = pixel / s.w % s.h, w0 = pixel % s.w;
        const std::int64_t run = std::min(s.w - w0, end - pixel);
        gather_gradients(s, dz.data + n * s.oh * s.ow * s.co, h, w0, w0 + run,
                         patches + (pixel - first) * s.taps() * s.co);
        pixel += run;
      }
      inputs(s, patches, memory.filters, end - first, dx.data + first * s.ci);
    });
  }

  static void backward_data_pooled(const Cpu& on, In<T, Cpu> dy, In<std::uint8_t, Cpu> code, In<T, Cpu> w,
                                   Out<T, Cpu> dx, const Conv2DOptions& o, Workspace<Cpu> workspace) {
    const Sizes s(dx.shape, w.shape, o);
    Scratch scratch(workspace);
    const DataScratch memory(scratch, on, s);
    turn_filters(on, s, w.data, memory.filters);
    const std::int64_t bands = ceil(s.h, s.data_rows());
    on.parallel(s.n * bands, [&](std::int64_t task, int worker) {
      const std::int64_t n = task / bands, h0 = task % bands * s.data_rows(), h1 = std::min(h0 + s.data_rows(), s.h);
      // The rows of outputs that these rows of inputs took part in.
      const std::int64_t oh0 = std::max<std::int64_t>(h0 + s.top - s.kh + 1, 0) / s.sh;
      const std::int64_t oh1 = std::min((h1 - 1 + s.top) / s.sh + 1, s.oh);
      T* z = memory.band.of(worker);
      expand_rows(s, dy.data, code.data, n, oh0, oh1, z);
      T* patches = memory.patches.of(worker);
      for (std::int64_t h = h0; h < h1; ++h)
        for (std::int64_t w0 = 0; w0 < s.w; w0 += s.data_block) {
          const std::int64_t w1 = std::min(w0 + s.data_block, s.w);
          gather_gradients(s, z - oh0 * s.ow * s.co, h, w0, w1, patches);
          inputs(s, patches, memory.filters, w1 - w0, dx.data + ((n * s.h + h) * s.w + w0) * s.ci);
        }
    });
  }

  static void backward_weights(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dz, Out<T, Cpu> dw, Out<T, Cpu> db,
                               const Conv2DOptions& o, Workspace<Cpu> workspace) {
    const Sizes s(x.shape, dw.shape, o);
    weights(on, s, x, dw, db, workspace, ceil(s.pixels(), s.block), [&](std::int64_t block, T*) {
      const std::int64_t first = block * s.block;
      return Gradients{first, std::min(s.block, s.pixels() - first), dz.data + first * s.co};
    });
  }

  static void backward_weights_pooled(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dy, In<std::uint8_t, Cpu> code,
                                      Out<T, Cpu> dw, Out<T, Cpu> db, const Conv2DOptions& o,
                                      Workspace<Cpu> workspace) {
    const Sizes s(x.shape, dw.shape, o);
    const std::int64_t rows = s.weight_rows(), bands = ceil(s.oh, rows);
    weights(on, s, x, dw, db, workspace, s.n * bands, [&](std::int64_t block, T* z) {
      const std::int64_t n = block / bands, oh0 = block % bands * rows, oh1 = std::min(oh0 + rows, s.oh);
      expand_rows(s, dy.data, code.data, n, oh0, oh1, z);
      return Gradients{(n * s.oh + oh0) * s.ow, (oh1 - oh0) * s.ow, z};
    });
  }

 private:
  static std::int64_t ceil(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

  struct Sizes {
    std::int64_t n, h, w, ci, kh, kw, co, oh, ow, sh, sw, top, left;
    std::int64_t block;       // outputs a task makes
    std::int64_t data_block;  // inputs whose gradient a task makes

    Sizes(const Shape4& x, const FilterShape& f, const Conv2DOptions& o)
        : n(x.n), h(x.h), w(x.w), ci(x.c), kh(f.kh), kw(f.kw), co(f.co), sh(o.stride.h), sw(o.stride.w) {
      const WindowAxis rows = WindowAxis::of(h, kh, sh, o.padding), columns = WindowAxis::of(w, kw, sw, o.padding);
      oh = rows.out, ow = columns.out, top = rows.before, left = columns.before;
      block = pixel_block(patch(), pixels());
      data_block = pixel_block(taps() * co, n * h * w);
    }

    std::int64_t taps() const { return kh * kw; }
    std::int64_t patch() const { return taps() * ci; }
    std::int64_t pixels() const { return n * oh * ow; }
    std::int64_t pooled_rows() const { return std::max<std::int64_t>(block / (2 * ow), 1); }
    std::int64_t weight_rows() const { return std::max<std::int64_t>(block / ow, 1); }
    std::int64_t data_rows() const { return std::max<std::int64_t>(data_block / w, 1); }

    // Enough rows that packing the filters again for each block costs little, few enough for the cache, and for one
    // picture at least 16 blocks for the threads to share.
    static std::int64_t pixel_block(std::int64_t row, std::int64_t pixels) {
      const std::int64_t by_cache = std::clamp<std::int64_t>((1 << 19) / row, 128, 1024);
      return std::min(by_cache, std::max<std::int64_t>(ceil(pixels, 16), 16));
    }
  };

  struct ForwardScratch {
    PerWorker<T> patches, band;
    ForwardScratch(Scratch& scratch, const Cpu& on, const Sizes& s)
        : patches(PerWorker<T>::take(scratch, on.threads(), s.block * s.patch())),
          band(PerWorker<T>::take(scratch, on.threads(), 2 * s.pooled_rows() * s.ow * s.co)) {}
  };

  struct DataScratch {
    T* filters;
    PerWorker<T> patches, band;
    DataScratch(Scratch& scratch, const Cpu& on, const Sizes& s)
        : filters(scratch.take<T>(s.patch() * s.co)),
          patches(PerWorker<T>::take(scratch, on.threads(), s.data_block * s.taps() * s.co)),
          band(PerWorker<T>::take(scratch, on.threads(),
                                  std::min(ceil(s.data_rows() + s.kh, s.sh) + 1, s.oh) * s.ow * s.co)) {}
  };

  // Sums over pixels are cut into parts and the filters into slices of taps, so that there are at least 16 tasks; parts
  // are added in order at the end.
  struct WeightsScratch {
    std::int64_t slices, taps_a_slice, parts;
    T* sums;
    T* bias_sums;
    PerWorker<T> patches, band, bias_row;
    WeightsScratch(Scratch& scratch, const Cpu& on, const Sizes& s) {
      slices = std::min(ceil(s.patch(), 640), s.taps());
      taps_a_slice = ceil(s.taps(), slices);
      slices = ceil(s.taps(), taps_a_slice);
      parts = ceil(16, slices);
      sums = scratch.take<T>(parts == 1 ? 0 : parts * s.patch() * s.co);
      bias_sums = scratch.take<T>(parts * s.co);
      const std::int64_t pixels = std::max(s.block, s.weight_rows() * s.ow);
      patches = PerWorker<T>::take(scratch, on.threads(), pixels * taps_a_slice * s.ci);
      band = PerWorker<T>::take(scratch, on.threads(), s.weight_rows() * s.ow * s.co);
      bias_row = PerWorker<T>::take(scratch, on.threads(), s.co);
    }
  };

  struct Gradients {
    std::int64_t first, count;  // outputs, numbered through the batch
    const T* dz;
  };

  // Taps [tap0, tap1) of the patches of outputs [first, first + count), a row each.
  static void gather(const Sizes& s, const T* x, std::int64_t first, std::int64_t count, std::int64_t tap0,
                     std::int64_t tap1, T* to) {
    std::int64_t ow = first % s.ow, oh = first / s.ow % s.oh, n = first / (s.ow * s.oh);
    for (std::int64_t i = 0; i < count; ++i) {
      const T* image = x + n * s.h * s.w * s.ci;
      for (std::int64_t tap = tap0; tap < tap1;) {
        const std::int64_t kh = tap / s.kw, kw0 = tap % s.kw, kw1 = std::min(s.kw, kw0 + tap1 - tap);
        const std::int64_t h = oh * s.sh - s.top + kh, w0 = ow * s.sw - s.left;
        tap += kw1 - kw0;
        const std::int64_t inside0 = std::clamp<std::int64_t>(-w0, kw0, kw1);
        const std::int64_t inside1 = h < 0 || h >= s.h ? inside0 : std::clamp<std::int64_t>(s.w - w0, inside0, kw1);
        to = std::fill_n(to, (inside0 - kw0) * s.ci, T(0));
        if (inside1 > inside0)
          to = std::copy_n(image + (h * s.w + w0 + inside0) * s.ci, (inside1 - inside0) * s.ci, to);
        to = std::fill_n(to, (kw1 - inside1) * s.ci, T(0));
      }
      if (++ow == s.ow) ow = 0, ++oh;
      if (oh == s.oh) oh = 0, ++n;
    }
  }

  // For inputs [w0, w1) of row h, the gradients of the outputs that each tap took it to.
  static void gather_gradients(const Sizes& s, const T* dz, std::int64_t h, std::int64_t w0, std::int64_t w1, T* to) {
    for (std::int64_t w = w0; w < w1; ++w)
      for (std::int64_t kh = 0; kh < s.kh; ++kh) {
        const std::int64_t down = h + s.top - kh;
        const bool row = down >= 0 && down % s.sh == 0 && down / s.sh < s.oh;
        for (std::int64_t kw = 0; kw < s.kw; ++kw) {
          const std::int64_t right = w + s.left - kw;
          if (row && right >= 0 && right % s.sw == 0 && right / s.sw < s.ow)
            to = std::copy_n(dz + (down / s.sh * s.ow + right / s.sw) * s.co, s.co, to);
          else
            to = std::fill_n(to, s.co, T(0));
        }
      }
  }

  static void outputs(const Sizes& s, const T* x, const T* w, std::int64_t first, std::int64_t count, T* patches,
                      T* z) {
    gather(s, x, first, count, 0, s.taps(), patches);
    product<false, false, T>({patches, count, s.patch(), s.patch()}, {w, s.patch(), s.co, s.co}, {z, count, s.co, s.co},
                             false);
  }

  static void inputs(const Sizes& s, const T* patches, const T* filters, std::int64_t count, T* dx) {
    const std::int64_t row = s.taps() * s.co;
    product<false, false, T>({patches, count, row, row}, {filters, row, s.ci, s.ci}, {dx, count, s.ci, s.ci}, false);
  }

  // (KH, KW, CI, CO) -> (KH, KW, CO, CI)
  static void turn_filters(const Cpu& on, const Sizes& s, const T* w, T* to) {
    on.parallel(s.taps(), [&](std::int64_t tap, int) {
      const T* from = w + tap * s.ci * s.co;
      T* turned = to + tap * s.ci * s.co;
      for (std::int64_t co = 0; co < s.co; ++co)
        for (std::int64_t ci = 0; ci < s.ci; ++ci) turned[co * s.ci + ci] = from[ci * s.co + co];
    });
  }

  // Rows [oh0, oh1) of picture n of the gradient in front of the pool.
  static void expand_rows(const Sizes& s, const T* dy, const std::uint8_t* code, std::int64_t n, std::int64_t oh0,
                          std::int64_t oh1, T* z) {
    const std::int64_t rows = s.oh / 2, columns = s.ow / 2;
    for (std::int64_t oh = oh0; oh < oh1; ++oh, z += s.ow * s.co) {
      const std::int64_t from = (n * rows + oh / 2) * columns * s.co;
      if (oh / 2 < rows)
        maxpool_2x2_expand_row(dy + from, code + from, columns, s.co, static_cast<int>(oh % 2), s.ow, z);
      else
        std::fill_n(z, s.ow * s.co, T(0));
    }
  }

  // block(i, memory) gives the gradients of a range of outputs, for i in [0, blocks).
  template <class Block>
  static void weights(const Cpu& on, const Sizes& s, In<T, Cpu> x, Out<T, Cpu> dw, Out<T, Cpu> db,
                      Workspace<Cpu> workspace, std::int64_t blocks, Block&& block) {
    Scratch scratch(workspace);
    const WeightsScratch memory(scratch, on, s);
    const std::int64_t filters = s.patch() * s.co;
    T* sums = memory.parts == 1 ? dw.data : memory.sums;
    on.parallel(memory.parts * memory.slices, [&](std::int64_t task, int worker) {
      const std::int64_t part = task / memory.slices, slice = task % memory.slices;
      const std::int64_t tap0 = slice * memory.taps_a_slice, tap1 = std::min(tap0 + memory.taps_a_slice, s.taps());
      const std::int64_t width = (tap1 - tap0) * s.ci;
      T* sum = sums + part * filters + tap0 * s.ci * s.co;
      T* bias_sum = slice == 0 ? memory.bias_sums + part * s.co : nullptr;
      std::fill_n(sum, width * s.co, T(0));
      if (bias_sum) std::fill_n(bias_sum, s.co, T(0));
      T* patches = memory.patches.of(worker);
      for (std::int64_t b = blocks * part / memory.parts; b < blocks * (part + 1) / memory.parts; ++b) {
        const Gradients g = block(b, memory.band.of(worker));
        gather(s, x.data, g.first, g.count, tap0, tap1, patches);
        product<true, false, T>({patches, g.count, width, width}, {g.dz, g.count, s.co, s.co}, {sum, width, s.co, s.co},
                                true);
        if (bias_sum) add_rows(s, g, memory.bias_row.of(worker), bias_sum);
      }
    });
    if (memory.parts > 1)
      on.parallel_ranges(filters, elementwise_piece, [&](std::int64_t begin, std::int64_t end) {
        add_parts(memory.sums, filters, memory.parts, begin, end, dw.data);
      });
    if (!db.empty()) add_parts(memory.bias_sums, s.co, memory.parts, 0, s.co, db.data);
  }

  // A block's sum is made by itself before it is added, which keeps rounding small over many pixels.
  static void add_rows(const Sizes& s, const Gradients& g, T* row, T* sum) {
    std::fill_n(row, s.co, T(0));
    for (std::int64_t i = 0; i < g.count; ++i)
      for (std::int64_t co = 0; co < s.co; ++co) row[co] += g.dz[i * s.co + co];
    for (std::int64_t co = 0; co < s.co; ++co) sum[co] += row[co];
  }

  static void add_parts(const T* parts, std::int64_t size, std::int64_t count, std::int64_t begin, std::int64_t end,
                        T* to) {
    std::copy(parts + begin, parts + end, to + begin);
    for (std::int64_t part = 1; part < count; ++part)
      for (std::int64_t i = begin; i < end; ++i) to[i] += parts[part * size + i];
  }
};

}  // namespace brindle::ops::kernel
