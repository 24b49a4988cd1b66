#pragma once

#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/cuda_cudnn.hpp"
#include "brindle/ops/softmax/cuda_kernels.hpp"
#include "brindle/ops/softmax/softmax.hpp"

namespace brindle::ops::kernel {

template <>
struct softmax<float, Cuda> {
  static void forward(const Cuda& on, In<float, Cuda> x, Out<float, Cuda> y) {
    if (x.size() == 0) return;
    const std::int64_t k = x.shape.back();
    const auto lock = on.lock();
    TensorDescriptor matrix;
    describe_matrix(matrix, x.size() / k, k, k);
    const float one = 1, zero = 0;
    BRINDLE_CUDA_CHECK(cudnnSoftmaxForward(on.cudnn(), CUDNN_SOFTMAX_ACCURATE, CUDNN_SOFTMAX_MODE_INSTANCE, &one,
                                           matrix, x.data, &zero, matrix, y.data));
  }

  static void backward(const Cuda& on, In<float, Cuda> y, In<float, Cuda> dy, Out<float, Cuda> dx) {
    const std::int64_t k = y.shape.back();
    launch(on, y.size() / k, SoftmaxBackward<float>{y.data, dy.data, dx.data, k});
  }
};

}  // namespace brindle::ops::kernel
