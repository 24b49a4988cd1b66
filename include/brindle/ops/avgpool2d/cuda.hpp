// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/avgpool2d/avgpool2d.hpp"
#include "brindle/ops/avgpool2d/cuda_kernels.hpp"

namespace brindle::ops::kernel {

template <>
struct avgpool2d<float, Cuda> {
  static void forward(const Cuda& on, In<float, Cuda> x, Out<float, Cuda> y, const AveragePool2DOptions& o) {
    launch(on, y.size(), AveragePoolForward<float>{x.data, y.data, PoolWindows::of(x.shape, y.shape, o)});
  }

  static void backward(const Cuda& on, In<float, Cuda> dy, Out<float, Cuda> dx, const AveragePool2DOptions& o) {
    launch(on, dx.size(), AveragePoolBackward<float>{dy.data, dx.data, PoolWindows::of(dx.shape, dy.shape, o)});
  }
};

}  // namespace brindle::ops::kernel
