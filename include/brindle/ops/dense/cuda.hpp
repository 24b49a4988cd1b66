// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/cuda_column_sums.hpp"
#include "brindle/ops/cuda_scratch.hpp"
#include "brindle/ops/dense/dense.hpp"
#include "brindle/ops/gemm/cuda.hpp"
#include "brindle/ops/softmax/cuda.hpp"

namespace brindle::ops::kernel {

template <>
struct dense<float, Cuda> {
  static std::int64_t workspace(const Cuda& on, std::int64_t samples, std::int64_t inputs, std::int64_t outputs) {
    return std::max(gemm<float, Cuda>::workspace(on, samples, outputs, inputs, {}), sums(samples, outputs).bytes());
  }

  static void forward(const Cuda& on, In<float, Cuda> x, In<float, Cuda> w, In<float, Cuda> bias, Out<float, Cuda> y,
                      ActivationFunction activation, Workspace<Cuda> workspace) {
    const bool rows = activation == ActivationFunction::softmax;
    gemm<float, Cuda>::run(on, matrix(x), matrix(w), bias, matrix(y),
                           {.activation = rows ? ActivationFunction::linear : activation}, workspace);
    if (rows) softmax<float, Cuda>::forward(on, y, y);
  }

  static void backward_data(const Cuda& on, In<float, Cuda> dz, In<float, Cuda> w, Out<float, Cuda> dx,
                            Workspace<Cuda> workspace) {
    gemm<float, Cuda>::run(on, matrix(dz), matrix(w), {}, matrix(dx), {.transpose_b = true}, workspace);
  }

  static void backward_weights(const Cuda& on, In<float, Cuda> x, In<float, Cuda> dz, Out<float, Cuda> dw,
                               Out<float, Cuda> db, Workspace<Cuda> workspace) {
    rows_of_gradient(on, x, dz, 0, dw, workspace);
    sum_samples(on, dz, db, workspace);
  }

  /// The gradient of w is made by parts of at most 16 MB.
  static void backward_update(const Cuda& on, In<float, Cuda> x, In<float, Cuda> dz, In<float, Cuda> w,
                              Out<float, Cuda> dx, Out<float, Cuda> db, DenseUpdate<float, Cuda> update,
                              In<float, Cuda>, Workspace<Cuda> workspace) {
    if (!dx.empty() && dx.size() > 0) backward_data(on, dz, w, dx, workspace);
    sum_samples(on, dz, db, workspace);
    const std::int64_t inputs = w.shape[0], outputs = w.shape[1];
    const std::int64_t rows = std::min(std::max<std::int64_t>((4 << 20) / outputs, 1), inputs);
    auto part = Tensor<float, Cuda>::uninitialized({rows, outputs});
    for (std::int64_t begin = 0; begin < inputs; begin += rows) {
      const TensorView<float, Cuda> dw = part.view().slice(0, std::min(rows, inputs - begin));
      rows_of_gradient(on, x, dz, begin, dw, workspace);
      update(begin, dw);
    }
  }

 private:
  template <class T>
  static MatrixView<T, Cuda> matrix(const TensorView<T, Cuda>& x) {
    return {x.data, x.shape[0], x.shape[1], x.shape[1]};
  }

  // Rows [first, first + dw rows) of x^T dz.
  static void rows_of_gradient(const Cuda& on, In<float, Cuda> x, In<float, Cuda> dz, std::int64_t first,
                               Out<float, Cuda> dw, Workspace<Cuda> workspace) {
    if (x.shape[0] == 0)  // no sample: nothing to sum
      BRINDLE_CUDA_CHECK(cudaMemsetAsync(dw.data, 0, static_cast<std::size_t>(dw.size()) * sizeof(float), on.stream()));
    else
      gemm<float, Cuda>::run(on, {x.data + first, x.shape[0], dw.shape[0], x.shape[1]}, matrix(dz), {}, matrix(dw),
                             {.transpose_a = true}, workspace);
  }

  static void sum_samples(const Cuda& on, In<float, Cuda> dz, Out<float, Cuda> db, Workspace<Cuda> workspace) {
    if (db.empty()) return;
    CudaScratch scratch(workspace);
    auto* parts = scratch.take<float>(column_sums_scratch(dz.shape[0], db.size()));
    column_sums(on, dz.data, nullptr, dz.shape[0], db.size(), db.data, parts);
  }

  static CudaScratch sums(std::int64_t samples, std::int64_t outputs) {
    CudaScratch scratch;
    scratch.take<float>(column_sums_scratch(samples, outputs));
    return scratch;
  }
};

}  // namespace brindle::ops::kernel
