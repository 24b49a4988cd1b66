// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/activation/cuda.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/batch_normalization/cuda_kernels.hpp"
#include "brindle/ops/cuda_column_sums.hpp"
#include "brindle/ops/cuda_scratch.hpp"

namespace brindle::ops::kernel {

/// A thread an element; sums over the batch by column_sums, whose bits are the same each time.
template <>
struct batch_normalization<float, Cuda> {
  static std::int64_t workspace(const Cuda&, const Shape& x) {
    CudaScratch scratch;
    static_cast<void>(Arrays(scratch, x));
    return scratch.bytes();
  }

  static void statistics(const Cuda& on, In<float, Cuda> x, Out<float, Cuda> mean, Out<float, Cuda> variance,
                         Workspace<Cuda> workspace) {
    const std::int64_t channels = x.shape.back(), rows = x.size() / channels;
    CudaScratch scratch(workspace);
    const Arrays arrays(scratch, x.shape);
    const auto count = static_cast<float>(rows);
    column_sums(on, x.data, nullptr, rows, channels, mean.data, arrays.sums);
    launch(on, channels, DivideBy<float>{mean.data, count});
    launch(on, x.size(), SquaresAroundMean<float>{x.data, mean.data, arrays.terms, channels});
    column_sums(on, arrays.terms, nullptr, rows, channels, variance.data, arrays.sums);
    launch(on, channels, DivideBy<float>{variance.data, count});
  }

  static void forward(const Cuda& on, In<float, Cuda> x, In<float, Cuda> mean, In<float, Cuda> variance,
                      In<float, Cuda> gamma, In<float, Cuda> beta, Out<float, Cuda> y, double epsilon,
                      ActivationFunction) {
    launch(on, x.size(),
           BatchNormalizationForward<float>{x.data, mean.data, variance.data, gamma.data, beta.data, y.data,
                                            x.shape.back(), static_cast<float>(epsilon)});
  }

  static void factors(const Cuda& on, In<float, Cuda> variance, In<float, Cuda> gamma, In<float, Cuda> beta,
                      double epsilon, Out<float, Cuda> factor, Out<float, Cuda> shift) {
    launch(on, factor.size(),
           NormalizationFactors<float>{variance.data, gamma.data, beta.data, factor.data, shift.data,
                                       static_cast<float>(epsilon)});
  }

  /// What a convolution has left in y becomes f of it as it is normalized, and the residual added unless it is empty.
  static void normalize(const Cuda& on, const ChannelNormalization<float, Cuda>& by, In<float, Cuda> residual,
                        Out<float, Cuda> y, ActivationFunction f) {
    launch(
        on, y.size(),
        NormalizeByFactors<float>{y.data, by.mean.data, by.factor.data, by.shift.data, residual.data, y.shape.back()});
    if (f != ActivationFunction::linear) activation<float, Cuda>::forward(on, f, y, y);
  }

  static void backward(const Cuda& on, bool of_batch, In<float, Cuda> x, In<float, Cuda> mean, In<float, Cuda> variance,
                       In<float, Cuda> gamma, In<float, Cuda> dy, Out<float, Cuda> dx, Out<float, Cuda> dgamma,
                       Out<float, Cuda> dbeta, double epsilon, Workspace<Cuda> workspace, In<float, Cuda>,
                       ActivationFunction) {
    const std::int64_t channels = x.shape.back(), rows = x.size() / channels;
    CudaScratch scratch(workspace);
    const Arrays arrays(scratch, x.shape);
    const auto small = static_cast<float>(epsilon);
    float* const scale = dgamma.empty() ? arrays.scale : dgamma.data;
    float* const shift = dbeta.empty() ? arrays.shift : dbeta.data;
    if (of_batch || !dbeta.empty()) column_sums(on, dy.data, nullptr, rows, channels, shift, arrays.sums);
    if (of_batch || !dgamma.empty()) {
      launch(on, x.size(),
             BatchNormalizationScales<float>{x.data, mean.data, variance.data, dy.data, arrays.terms, channels, small});
      column_sums(on, arrays.terms, nullptr, rows, channels, scale, arrays.sums);
    }
    if (!dx.empty())
      launch(on, x.size(),
             BatchNormalizationBackward<float>{x.data, mean.data, variance.data, gamma.data, dy.data,
                                               of_batch ? scale : nullptr, of_batch ? shift : nullptr, dx.data,
                                               channels, static_cast<float>(rows), small});
  }

  static void follow(const Cuda& on, Out<float, Cuda> value, In<float, Cuda> now, double momentum) {
    launch(on, value.size(),
           FollowAverage<float>{value.data, now.data, static_cast<float>(momentum), static_cast<float>(1 - momentum)});
  }

 private:
  struct Arrays {
    float *terms, *scale, *shift, *sums;

    Arrays(CudaScratch& scratch, const Shape& x)
        : terms(scratch.take<float>(x.size())),
          scale(scratch.take<float>(x.back())),
          shift(scratch.take<float>(x.back())),
          sums(scratch.take<float>(column_sums_scratch(x.size() / x.back(), x.back()))) {}
  };
};

}  // namespace brindle::ops::kernel
