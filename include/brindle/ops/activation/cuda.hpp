// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/activation/activation.hpp"
#include "brindle/ops/activation/cuda_kernels.hpp"
#include "brindle/ops/cuda_cudnn.hpp"

namespace brindle::ops::kernel {

/// y = f(x) of matrices with `stride` elements from row to row, which may be the same: relu and sigmoid by cuDNN, so
/// that a program without nvcc has them, the others by a kernel of our own. f is not softmax.
inline void cuda_activation(const Cuda& on, ActivationFunction f, std::int64_t rows, std::int64_t columns,
                            std::int64_t stride, const float* x, float* y) {
  if (f != ActivationFunction::relu && f != ActivationFunction::sigmoid)
    launch(on, rows * columns, ActivationForward<float>{x, y, columns, stride, f});
  else if (rows == 1)
    cudnn_activation(on, f, columns, x, y);
  else
    cudnn_activation(on, f, rows, columns, stride, x, y);
}

template <>
struct activation<float, Cuda> {
  static void forward(const Cuda& on, ActivationFunction f, In<float, Cuda> x, Out<float, Cuda> y) {
    cuda_activation(on, f, 1, x.size(), x.size(), x.data, y.data);
  }

  static void backward(const Cuda& on, ActivationFunction f, In<float, Cuda> z, In<float, Cuda> dy,
                       Out<float, Cuda> dx) {
    launch(on, z.size(), ActivationBackward<float>{z.data, dy.data, dx.data, f});
  }

  static void rectify(const Cuda& on, In<float, Cuda> x, Out<float, Cuda> y, const RectifierOptions& o) {
    launch(on, x.size(), FunctionForward<float, activations::Rectifier>{x.data, y.data, activations::Rectifier(o)});
  }

  static void rectify_backward(const Cuda& on, In<float, Cuda> x, In<float, Cuda> dy, Out<float, Cuda> dx,
                               const RectifierOptions& o) {
    launch(on, x.size(),
           FunctionBackward<float, activations::Rectifier>{x.data, dy.data, dx.data, activations::Rectifier(o)});
  }

  static void elu(const Cuda& on, In<float, Cuda> x, Out<float, Cuda> y, double alpha) {
    launch(on, x.size(), FunctionForward<float, activations::Elu>{x.data, y.data, activations::Elu{{}, alpha}});
  }

  static void elu_backward(const Cuda& on, In<float, Cuda> y, In<float, Cuda> dy, Out<float, Cuda> dx, double alpha) {
    launch(on, y.size(),
           FunctionBackward<float, activations::Elu>{y.data, dy.data, dx.data, activations::Elu{{}, alpha}});
  }
};

}  // namespace brindle::ops::kernel
