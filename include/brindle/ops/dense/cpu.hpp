#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/ops/cpu_bias_activation.hpp"
#include "brindle/ops/cpu_chunks.hpp"
#include "brindle/ops/cpu_product.hpp"
#include "brindle/ops/cpu_scratch.hpp"
#include "brindle/ops/dense/dense.hpp"
#include "brindle/ops/softmax/cpu.hpp"

namespace brindle::ops::kernel {

template <class T>
struct dense<T, Cpu> {
  static std::int64_t workspace(const Cpu& on, std::int64_t samples, std::int64_t inputs, std::int64_t outputs) {
    Scratch forward;
    forward.take<T>(Cut(samples, inputs, outputs).partial_sums());
    Scratch update;
    PerWorker<T>::take(update, on.threads(), update_rows(outputs) * outputs);
    return std::max(forward.bytes(), update.bytes());
  }

  static void forward(const Cpu& on, In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y,
                      ActivationFunction activation, Workspace<Cpu> workspace) {
    const std::int64_t samples = x.shape[0], inputs = w.shape[0], outputs = w.shape[1];
    const Cut cut(samples, inputs, outputs);
    Scratch scratch(workspace);
    T* sums = cut.parts == 1 ? y.data : scratch.take<T>(cut.partial_sums());
    on.parallel(cut.parts * cut.sample_blocks * cut.output_blocks, [&](std::int64_t task, int) {
      const std::int64_t part = task / (cut.sample_blocks * cut.output_blocks);
      const std::int64_t n0 = task / cut.output_blocks % cut.sample_blocks * Cut::samples_a_block;
      const std::int64_t o0 = task % cut.output_blocks * Cut::outputs_a_block;
      const std::int64_t i0 = part * cut.inputs_a_part, i1 = std::min(i0 + cut.inputs_a_part, inputs);
      const std::int64_t n = std::min(Cut::samples_a_block, samples - n0);
      const std::int64_t o = std::min(Cut::outputs_a_block, outputs - o0);
      product<false, false, T>({x.data + n0 * inputs + i0, n, i1 - i0, inputs},
                               {w.data + i0 * outputs + o0, i1 - i0, o, outputs},
                               {sums + (part * samples + n0) * outputs + o0, n, o, outputs}, false);
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

  static void backward_data(const Cpu& on, In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx, Workspace<Cpu>) {
    const std::int64_t inputs = w.shape[0];
    on.parallel_ranges(inputs, update_rows(w.shape[1]),
                       [&](std::int64_t begin, std::int64_t end) { data_block(dz, w, dx, begin, end); });
  }

  static void backward_weights(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dz, Out<T, Cpu> dw, Out<T, Cpu> db,
                               Workspace<Cpu>) {
    const std::int64_t inputs = dw.shape[0], outputs = dw.shape[1];
    on.parallel_ranges(inputs, update_rows(outputs), [&](std::int64_t begin, std::int64_t end) {
      weights_block(x, dz, begin, end, dw.data + begin * outputs);
    });
    if (!db.empty()) sum_samples(dz, db);
  }

  static void backward_update(const Cpu& on, In<T, Cpu> x, In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx, Out<T, Cpu> db,
                              DenseUpdate<T, Cpu> update, Workspace<Cpu> workspace) {
    const std::int64_t inputs = w.shape[0], outputs = w.shape[1], rows = update_rows(outputs);
    Scratch scratch(workspace);
    const PerWorker<T> blocks = PerWorker<T>::take(scratch, on.threads(), rows * outputs);
    on.parallel((inputs + rows - 1) / rows, [&](std::int64_t task, int worker) {
      const std::int64_t begin = task * rows, end = std::min(begin + rows, inputs);
      if (!dx.empty()) data_block(dz, w, dx, begin, end);
      T* block = blocks.of(worker);
      weights_block(x, dz, begin, end, block);
      update(begin, TensorView<const T>(block, {end - begin, outputs}));
    });
    if (!db.empty()) sum_samples(dz, db);
  }

 private:
  // Work of the forward pass. Few samples cannot keep the threads busy, so the sum over the inputs is cut into parts
  // that are added in order; with many samples the parts' memory would grow, and there is no need.
  struct Cut {
    static constexpr std::int64_t samples_a_block = 128, outputs_a_block = 512;
    std::int64_t samples, outputs, parts, inputs_a_part, sample_blocks, output_blocks;

    Cut(std::int64_t n, std::int64_t i, std::int64_t o)
        : samples(n),
          outputs(o),
          parts(n > 256 ? 1 : std::clamp<std::int64_t>(i / 512, 1, 32)),
          inputs_a_part((i + parts - 1) / parts),
          sample_blocks((n + samples_a_block - 1) / samples_a_block),
          output_blocks((o + outputs_a_block - 1) / outputs_a_block) {
      parts = inputs_a_part == 0 ? 1 : (i + inputs_a_part - 1) / inputs_a_part;
    }
    std::int64_t partial_sums() const { return parts == 1 ? 0 : parts * samples * outputs; }
  };

  // Rows of w that a task of the backward pass takes: 128 KB of floats stay in the second-level cache.
  static std::int64_t update_rows(std::int64_t outputs) {
    return std::clamp<std::int64_t>(32768 / std::max<std::int64_t>(outputs, 1), 8, 2048);
  }

  static void data_block(In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx, std::int64_t begin, std::int64_t end) {
    const std::int64_t samples = dz.shape[0], inputs = w.shape[0], outputs = w.shape[1];
    product<false, true, T>({dz.data, samples, outputs, outputs},
                            {w.data + begin * outputs, end - begin, outputs, outputs},
                            {dx.data + begin, samples, end - begin, inputs}, false);
  }

  static void weights_block(In<T, Cpu> x, In<T, Cpu> dz, std::int64_t begin, std::int64_t end, T* dw) {
    const std::int64_t samples = x.shape[0], inputs = x.shape[1], outputs = dz.shape[1];
    product<true, false, T>({x.data + begin, samples, end - begin, inputs}, {dz.data, samples, outputs, outputs},
                            {dw, end - begin, outputs, outputs}, false);
  }

  static void sum_samples(In<T, Cpu> dz, Out<T, Cpu> db) {
    const std::int64_t outputs = db.size();
    std::fill_n(db.data, outputs, T(0));
    for (std::int64_t i = 0; i < dz.size(); i += outputs)
      for (std::int64_t o = 0; o < outputs; ++o) db.data[o] += dz.data[i + o];
  }
};

}  // namespace brindle::ops::kernel
