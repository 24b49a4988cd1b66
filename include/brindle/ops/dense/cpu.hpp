// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/cpu_bias_activation.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/dense/dense.hpp"
#include "brindle/ops/gemm/micro_kernel.hpp"
#include "brindle/ops/softmax/cpu.hpp"

namespace brindle::ops::kernel {

/// The three products over the micro-kernel of ops/gemm, cut so that each element of w is read once:
///
///     y (N, O) = x w            a few rows of w at a time are packed into the level 2 cache and met by all rows of x
///     dw (I, O) = x' dz         x is read as it lies, dz is packed once a call
///     dx' (I, N) = w dz'        w is read as it lies, dz' is packed once a call; blocks of dx' are turned on the way
///     out
///
/// Memory is the limit, so the products call for what comes next: the next rows of w, and of what the update reads.
template <class T>
struct dense<T, Cpu> {
  static std::int64_t workspace(const Cpu& on, std::int64_t samples, std::int64_t inputs, std::int64_t outputs) {
    Scratch forward, backward;
    Forward(forward, on, Cut(samples, inputs, outputs));
    Backward(backward, on, samples, outputs);
    return std::max(forward.bytes(), backward.bytes());
  }

  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y,
                      ActivationFunction activation, Workspace<Cpu> workspace) {
    const std::int64_t samples = x.shape[0], inputs = w.shape[0], outputs = w.shape[1];
    const Cut cut(samples, inputs, outputs);
    Scratch scratch(workspace);
    const Forward memory(scratch, on, cut);
    T* sums = cut.parts == 1 ? y.data : memory.sums;
    on.parallel(cut.parts * cut.sample_blocks * cut.output_blocks, [&](std::int64_t task, int worker) {
      const std::int64_t part = task / (cut.sample_blocks * cut.output_blocks);
      const std::int64_t n0 = task / cut.output_blocks % cut.sample_blocks * Cut::samples_a_block;
      const std::int64_t o0 = task % cut.output_blocks * Cut::outputs_a_block;
      const std::int64_t i0 = part * cut.inputs_a_part, i1 = std::min(i0 + cut.inputs_a_part, inputs);
      const std::int64_t n = std::min(Cut::samples_a_block, samples - n0);
      const std::int64_t o1 = std::min(o0 + Cut::outputs_a_block, outputs);
      if (samples <= few_samples) return few_rows(x, w, i0, i1, o0, o1, sums + part * samples * outputs);
      T* panel = memory.panels.of(worker);
      for (std::int64_t i = i0; i < i1 || i == i0; i += cut.depth) {
        const std::int64_t k = std::min(cut.depth, i1 - i);
        const T* const rows = w.data + i * outputs + o0;
        pack_panels(rows, outputs, 1, k, o1 - o0, panel);
        MicroProduct<T> p;
        p.a = x.data + n0 * inputs + i;
        p.a_row = inputs;
        p.b = panel;
        p.c = sums + (part * samples + n0) * outputs + o0;
        p.c_row = outputs;
        p.k = k;
        p.accumulate = i > i0;
        if (i + k < i1) p.ahead = rows + k * outputs;
        micro_matrix(p, n, o1 - o0, k * Micro::columns);
      }
    });
    const std::int64_t piece = std::max<std::int64_t>(4096 / outputs, 1);
    on.parallel_ranges(samples, piece, [&](std::int64_t begin, std::int64_t end) {
      T* to = y.data + begin * outputs;
      const std::int64_t count = (end - begin) * outputs;
      if (cut.parts > 1) {
        std::copy_n(sums + begin * outputs, count, to);
        for (std::int64_t part = 1; part < cut.parts; ++part) {
          const T* sum = sums + (part * samples + begin) * outputs;
          for (std::int64_t i = 0; i < count; ++i) to[i] += sum[i];
        }
      }
      bias_activation(to, end - begin, outputs, bias.data,
                      activation == ActivationFunction::softmax ? ActivationFunction::linear : activation);
      if (activation == ActivationFunction::softmax)
        for (std::int64_t i = 0; i < count; i += outputs) softmax_row(to + i, to + i, outputs);
    });
  }

  static void backward_data(const Cpu& on, In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx, Workspace<Cpu> workspace) {
    Scratch scratch(workspace);
    const Backward memory(scratch, on, dz.shape[0], dz.shape[1]);
    pack_panels(dz.data, 1, dz.shape[1], dz.shape[1], dz.shape[0], memory.dz_turned);
    const std::int64_t inputs = w.shape[0], rows = update_rows(w.shape[1]);
    in_blocks(on, inputs, rows, [&](std::int64_t begin, std::int64_t end, std::int64_t last, int worker) {
      data_block(memory, worker, dz.shape, w, dx, begin, end, last);
    });
  }

  static void backward_weights(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dz, Out<T, Cpu> dw, Out<T, Cpu> db,
                               Workspace<Cpu> workspace) {
    Scratch scratch(workspace);
    const Backward memory(scratch, on, dz.shape[0], dz.shape[1]);
    const std::int64_t inputs = dw.shape[0], outputs = dw.shape[1];
    pack_panels(dz.data, outputs, 1, dz.shape[0], outputs, memory.dz);
    on.parallel_ranges(inputs, update_rows(outputs), [&](std::int64_t begin, std::int64_t end) {
      weights_block(memory, x, outputs, begin, end, dw.data + begin * outputs);
    });
    if (!db.empty()) sum_samples(dz, db);
  }

  static void backward_update(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx, Out<T, Cpu> db,
                              DenseUpdate<T, Cpu> update, In<T, Cpu> state, Workspace<Cpu> workspace) {
    const std::int64_t inputs = w.shape[0], outputs = w.shape[1], rows = update_rows(outputs);
    Scratch scratch(workspace);
    const Backward memory(scratch, on, dz.shape[0], outputs);
    pack_panels(dz.data, outputs, 1, dz.shape[0], outputs, memory.dz);
    if (!dx.empty()) pack_panels(dz.data, 1, outputs, outputs, dz.shape[0], memory.dz_turned);
    in_blocks(on, inputs, rows, [&](std::int64_t begin, std::int64_t end, std::int64_t last, int worker) {
      if (!dx.empty()) data_block(memory, worker, dz.shape, w, dx, begin, end, last);
      T* block = memory.dw_blocks.of(worker);
      weights_block(memory, x, outputs, begin, end, block, state.empty() ? nullptr : state.data + begin * outputs);
      update(begin, TensorView<const T>(block, {end - begin, outputs}));
    });
    if (!db.empty()) sum_samples(dz, db);
  }

 private:
  using Micro = MicroTile<T>;

  // Work of the forward pass. Few samples cannot keep the threads busy, so the sum over the inputs is cut into parts
  // that are added in order; with many samples the parts' memory would grow, and there is no need.
  struct Cut {
    static constexpr std::int64_t samples_a_block = 128, outputs_a_block = 512;
    std::int64_t samples, outputs, parts, inputs_a_part, sample_blocks, output_blocks;
    std::int64_t depth;  // inputs whose rows of w are packed at a time: 120 KB of floats; panels this long do not fall
                         // into few cache sets

    Cut(std::int64_t n, std::int64_t i, std::int64_t o)
        : samples(n),
          outputs(o),
          parts(n > 256 ? 1 : std::clamp<std::int64_t>(i / 512, 1, 32)),
          inputs_a_part((i + parts - 1) / parts),
          sample_blocks((n + samples_a_block - 1) / samples_a_block),
          output_blocks((o + outputs_a_block - 1) / outputs_a_block),
          depth(std::clamp<std::int64_t>(60 * outputs_a_block / std::max<std::int64_t>(o, 1), 60, 252)) {
      parts = inputs_a_part == 0 ? 1 : (i + inputs_a_part - 1) / inputs_a_part;
    }
    std::int64_t panels() const { return depth * Micro::padded(std::min(outputs, outputs_a_block)); }
    std::int64_t partial_sums() const { return parts == 1 ? 0 : parts * samples * outputs; }
  };

  /// Up to so many samples use a panel of w too seldom to pay for its packing.
  static constexpr std::int64_t few_samples = 4;

  /// sums (N, O) = x w over inputs [i0, i1) and outputs [o0, o1): w is read from front to back, four rows at a time.
  static void few_rows(In<T, Cpu> x, In<T, Cpu> w, std::int64_t i0, std::int64_t i1, std::int64_t o0, std::int64_t o1,
                       T* sums) {
    const std::int64_t inputs = w.shape[0], outputs = w.shape[1];
    for (std::int64_t n = 0; n < x.shape[0]; ++n) std::fill(sums + n * outputs + o0, sums + n * outputs + o1, T(0));
    for (std::int64_t i = i0; i < i1; i += 4) {
      const std::int64_t rows = std::min<std::int64_t>(4, i1 - i);
      for (std::int64_t n = 0; n < x.shape[0]; ++n) {
        T* const y = sums + n * outputs;
        const T* const factors = x.data + n * inputs + i;
        const T* const row = w.data + i * outputs;
        if (rows == 4) {
          const T a = factors[0], b = factors[1], c = factors[2], d = factors[3];
          for (std::int64_t o = o0; o < o1; ++o)
            y[o] += (a * row[o] + b * row[outputs + o]) + (c * row[2 * outputs + o] + d * row[3 * outputs + o]);
        } else {
          for (std::int64_t r = 0; r < rows; ++r)
            for (std::int64_t o = o0; o < o1; ++o) y[o] += factors[r] * row[r * outputs + o];
        }
      }
    }
  }

  struct Forward {
    T* sums;
    PerWorker<T> panels;  // of w
    Forward(Scratch& scratch, const Cpu& on, const Cut& cut)
        : sums(scratch.take<T>(cut.partial_sums())), panels(PerWorker<T>::take(scratch, on.threads(), cut.panels())) {}
  };

  struct Backward {
    T* dz;         // (N, O) in panels
    T* dz_turned;  // (O, N) in panels
    PerWorker<T> dw_blocks, dx_blocks;
    Backward(Scratch& scratch, const Cpu& on, std::int64_t samples, std::int64_t outputs)
        : dz(scratch.take<T>(samples * Micro::padded(outputs))),
          dz_turned(scratch.take<T>(outputs * Micro::padded(samples))),
          dw_blocks(PerWorker<T>::take(scratch, on.threads(), update_rows(outputs) * outputs)),
          dx_blocks(PerWorker<T>::take(scratch, on.threads(), update_rows(outputs) * samples)) {}
  };

  // Rows of w in a block of the backward pass, whole tiles: 128 KB of floats stay in the level 2 cache.
  static std::int64_t update_rows(std::int64_t outputs) {
    return std::clamp<std::int64_t>(32768 / std::max<std::int64_t>(outputs, 1), Micro::rows, 2048) / Micro::rows *
           Micro::rows;
  }

  /// block(begin, end, last, worker) for blocks of `rows` inputs. A task is a run of them, up to `last`, so that what a
  /// thread calls for ahead of time is seldom what another one changes.
  template <class F>
  static void in_blocks(const Cpu& on, std::int64_t inputs, std::int64_t rows, F&& block) {
    const std::int64_t run = std::clamp<std::int64_t>(inputs / (32 * rows), 1, 8) * rows;
    on.parallel((inputs + run - 1) / run, [&](std::int64_t task, int worker) {
      const std::int64_t last = std::min((task + 1) * run, inputs);
      for (std::int64_t i = task * run; i < last; i += rows) block(i, std::min(i + rows, last), last, worker);
    });
  }

  /// dx of inputs [begin, end); rows of w up to `last` come next.
  static void data_block(const Backward& memory, int worker, const Shape& dz, In<T, Cpu> w, Out<T, Cpu> dx,
                         std::int64_t begin, std::int64_t end, std::int64_t last) {
    const std::int64_t samples = dz[0], outputs = dz[1], inputs = w.shape[0], rows = end - begin;
    T* block = memory.dx_blocks.of(worker);  // (end - begin, N)
    for (std::int64_t i = 0; i < rows; i += Micro::rows)
      for (std::int64_t o = 0; o < outputs; o += Micro::depth) {
        MicroProduct<T> p;
        p.a = w.data + (begin + i) * outputs + o;
        p.a_row = outputs;
        p.b = memory.dz_turned;
        p.c = block + i * samples;
        p.c_row = samples;
        p.k = std::min(Micro::depth, outputs - o);
        p.accumulate = o > 0;
        // As many lines as the product has steps are nearly the next rows of w, one after the other.
        if (begin + i + Micro::rows < last) p.ahead = p.a + Micro::rows * outputs + o * (Micro::line - 1);
        micro_matrix(p, std::min<std::int64_t>(Micro::rows, rows - i), samples, outputs * Micro::columns, o);
      }
    for (std::int64_t n = 0; n < samples; ++n)
      for (std::int64_t i = 0; i < rows; ++i) dx.data[n * inputs + begin + i] = block[i * samples + n];
  }

  /// Rows [begin, end) of dw; `ahead`: what is needed next, or null.
  static void weights_block(const Backward& memory, In<T, Cpu> x, std::int64_t outputs, std::int64_t begin,
                            std::int64_t end, T* dw, const T* ahead = nullptr) {
    const std::int64_t samples = x.shape[0], inputs = x.shape[1];
    for (std::int64_t n = 0; n < samples; n += Micro::depth) {
      MicroProduct<T> p;
      p.a = x.data + n * inputs + begin;
      p.a_row = 1;
      p.a_k = inputs;
      p.b = memory.dz;
      p.c = dw;
      p.c_row = outputs;
      p.k = std::min(Micro::depth, samples - n);
      p.accumulate = n > 0;
      if (n == 0) p.ahead = ahead;
      micro_matrix(p, end - begin, outputs, samples * Micro::columns, n);
    }
    if (samples == 0) std::fill_n(dw, (end - begin) * outputs, T(0));
  }

  static void sum_samples(In<T, Cpu> dz, Out<T, Cpu> db) {
    const std::int64_t outputs = db.size();
    std::fill_n(db.data, outputs, T(0));
    for (std::int64_t i = 0; i < dz.size(); i += outputs)
      for (std::int64_t o = 0; o < outputs; ++o) db.data[o] += dz.data[i + o];
  }
};

}  // namespace brindle::ops::kernel
