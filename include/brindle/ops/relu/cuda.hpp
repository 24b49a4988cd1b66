#pragma once

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/cuda_cudnn.hpp"
#include "brindle/ops/relu/cuda_kernels.hpp"
#include "brindle/ops/relu/relu.hpp"

namespace brindle::ops::kernel {

template <>
struct relu<float, Cuda> {
  static void forward(const Cuda& on, In<float, Cuda> x, Out<float, Cuda> y) {
    cudnn_activation(on, ActivationFunction::relu, x.size(), x.data, y.data);
  }

  static void backward(const Cuda& on, In<float, Cuda> y, In<float, Cuda> dy, Out<float, Cuda> dx) {
    launch(on, y.size(), ReluBackward<float>{y.data, dy.data, dx.data});
  }
};

}  // namespace brindle::ops::kernel
