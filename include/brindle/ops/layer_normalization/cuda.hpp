// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/cuda_column_sums.hpp"
#include "brindle/ops/cuda_scratch.hpp"
#include "brindle/ops/layer_normalization/cuda_kernels.hpp"
#include "brindle/ops/layer_normalization/layer_normalization.hpp"

namespace brindle::ops::kernel {

/// A thread a row.
template <>
struct layer_normalization<float, Cuda> {
  static void forward(const Cuda& on, In<float, Cuda> x, In<float, Cuda> gamma, In<float, Cuda> beta,
                      Out<float, Cuda> y, double epsilon) {
    const std::int64_t k = x.shape.back();
    launch(on, x.size() / k,
           LayerNormalizationForward<float>{x.data, gamma.data, beta.data, y.data, k, static_cast<float>(epsilon)});
  }

  static std::int64_t workspace(const Cuda&, const Shape& x) {
    CudaScratch scratch;
    static_cast<void>(Arrays(scratch, x));
    return scratch.bytes();
  }

  static void backward(const Cuda& on, In<float, Cuda> x, In<float, Cuda> gamma, In<float, Cuda> dy,
                       Out<float, Cuda> dx, Out<float, Cuda> dgamma, Out<float, Cuda> dbeta, double epsilon,
                       Workspace<Cuda> workspace) {
    const std::int64_t k = x.shape.back(), rows = x.size() / k;
    CudaScratch scratch(workspace);
    const Arrays arrays(scratch, x.shape);
    if (!dbeta.empty()) column_sums(on, dy.data, nullptr, rows, k, dbeta.data, arrays.sums);  // before dx may be there
    launch(on, rows,
           LayerNormalizationBackward<float>{x.data, gamma.data, dy.data, dx.data, arrays.scales, k,
                                             static_cast<float>(epsilon)});
    if (!dgamma.empty()) column_sums(on, arrays.scales, nullptr, rows, k, dgamma.data, arrays.sums);
  }

 private:
  struct Arrays {
    float *scales, *sums;

    Arrays(CudaScratch& scratch, const Shape& x)
        : scales(scratch.take<float>(x.size())),
          sums(scratch.take<float>(column_sums_scratch(x.size() / x.back(), x.back()))) {}
  };
};

}  // namespace brindle::ops::kernel
