// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/zero_padding2d/cuda_kernels.hpp"
#include "brindle/ops/zero_padding2d/zero_padding2d.hpp"

namespace brindle::ops::kernel {

template <>
struct zero_padding2d<float, Cuda> {
  static void forward(const Cuda& on, In<float, Cuda> x, Out<float, Cuda> y, const Border& border) {
    const Shape4 in = x.shape, out = y.shape;
    launch(on, y.size(),
           ZeroPaddingForward<float>{x.data, y.data, in.h, in.w, in.c, out.h, out.w, border.top, border.left});
  }

  static void backward(const Cuda& on, In<float, Cuda> dy, Out<float, Cuda> dx, const Border& border) {
    const Shape4 in = dx.shape, out = dy.shape;
    launch(on, dx.size(),
           ZeroPaddingBackward<float>{dy.data, dx.data, in.h, in.w, in.c, out.h, out.w, border.top, border.left});
  }
};

}  // namespace brindle::ops::kernel
