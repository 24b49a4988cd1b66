// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/globalpool2d/cuda_kernels.hpp"
#include "brindle/ops/globalpool2d/globalpool2d.hpp"

namespace brindle::ops::kernel {

template <>
struct globalpool2d<float, Cuda> {
  static void average(const Cuda& on, In<float, Cuda> x, Out<float, Cuda> y) {
    const Shape4 in = x.shape;
    launch(on, y.size(), GlobalAverage<float>{x.data, y.data, in.h, in.w, in.c});
  }

  static void average_backward(const Cuda& on, In<float, Cuda> dy, Out<float, Cuda> dx) {
    const Shape4 in = dx.shape;
    launch(on, dx.size(), GlobalAverageBackward<float>{dy.data, dx.data, in.h * in.w, in.c});
  }

  static void maximum(const Cuda& on, In<float, Cuda> x, Out<float, Cuda> y) {
    const Shape4 in = x.shape;
    launch(on, y.size(), GlobalMaximum<float>{x.data, y.data, in.h * in.w, in.c});
  }

  static void maximum_backward(const Cuda& on, In<float, Cuda> x, In<float, Cuda> y, In<float, Cuda> dy,
                               Out<float, Cuda> dx) {
    const Shape4 in = x.shape;
    launch(on, y.size(), GlobalMaximumBackward<float>{x.data, y.data, dy.data, dx.data, in.h * in.w, in.c});
  }
};

}  // namespace brindle::ops::kernel
