// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/rescale/cuda_kernels.hpp"
#include "brindle/ops/rescale/rescale.hpp"

namespace brindle::ops::kernel {

template <>
struct rescale<float, Cuda> {
  static void forward(const Cuda& on, In<float, Cuda> x, In<float, Cuda> centre, In<float, Cuda> factor,
                      In<float, Cuda> offset, Out<float, Cuda> y) {
    launch(on, x.size(), RescaleForward<float>{x.data, y.data, numbers(centre), numbers(factor), numbers(offset)});
  }

  static void backward(const Cuda& on, In<float, Cuda> dy, In<float, Cuda> factor, Out<float, Cuda> dx) {
    launch(on, dy.size(), RescaleBackward<float>{dy.data, dx.data, numbers(factor)});
  }

 private:
  static ChannelNumbers<float> numbers(const In<float, Cuda>& n) { return {n.data, n.size()}; }
};

}  // namespace brindle::ops::kernel
