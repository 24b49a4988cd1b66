// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/regression_error/cuda_kernels.hpp"
#include "brindle/ops/regression_error/regression_error.hpp"

namespace brindle::ops::kernel {

template <class T>
struct regression_error<T, Cuda> {
  static void run(const Cuda& on, In<T, Cuda> y, In<T, Cuda> t, In<T, Cuda> weight, Out<T, Cuda> each, Out<T, Cuda> dy,
                  const RegressionErrorOptions& o) {
    launch(on, y.shape[0],
           RegressionErrorSample<T>{y.data, t.data, weight.data, each.data, dy.data, y.shape[0], y.shape[1], o});
  }
};

}  // namespace brindle::ops::kernel
