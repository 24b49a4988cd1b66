// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
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
    constexpr std::int64_t most = 1 << 15;  // rows: a grid has 65535 blocks in its second and third axis
    const std::int64_t k = x.shape.back();
    const auto lock = on.lock();
    for (std::int64_t begin = 0; begin < x.size(); begin += most * k) {
      TensorDescriptor matrix;
      describe_matrix(matrix, std::min(most, (x.size() - begin) / k), k, k);
      const float one = 1, zero = 0;
      BRINDLE_CUDA_CHECK(cudnnSoftmaxForward(on.cudnn(), CUDNN_SOFTMAX_ACCURATE, CUDNN_SOFTMAX_MODE_INSTANCE, &one,
                                             matrix, x.data + begin, &zero, matrix, y.data + begin));
    }
  }

  static void backward(const Cuda& on, In<float, Cuda> y, In<float, Cuda> dy, Out<float, Cuda> dx) {
    const std::int64_t k = y.shape.back();
    launch(on, y.size() / k, SoftmaxBackward<float>{y.data, dy.data, dx.data, k});
  }
};

}  // namespace brindle::ops::kernel
