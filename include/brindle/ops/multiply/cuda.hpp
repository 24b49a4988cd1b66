// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/multiply/cuda_kernels.hpp"
#include "brindle/ops/multiply/multiply.hpp"

namespace brindle::ops::kernel {

template <class T>
struct multiply<T, Cuda> {
  static void forward(const Cuda& on, In<T, Cuda> x, In<T, Cuda> factor, Out<T, Cuda> y, const FactorShape& s) {
    launch(on, x.size(),
           MultiplyForward<T>{x.data, factor.data, y.data, s.positions, s.channels, s.each_position, s.each_channel});
  }

  static void backward(const Cuda& on, In<T, Cuda> x, In<T, Cuda> dy, Out<T, Cuda> dfactor, const FactorShape& s) {
    launch(
        on, s.samples * s.factor_size(),
        MultiplyBackward<T>{x.data, dy.data, dfactor.data, s.positions, s.channels, s.each_position, s.each_channel});
  }
};

}  // namespace brindle::ops::kernel
