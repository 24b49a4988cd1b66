// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "brindle/ops/cuda_cudnn.hpp"
#include "brindle/ops/maxpool2d/cuda_kernels.hpp"
#include "brindle/ops/maxpool2d/maxpool2d.hpp"

namespace brindle::ops::kernel {

/// A maximum of windows, in which NaN wins.
inline void describe_pool(cudnnPoolingDescriptor_t to, const PoolWindows& at) {
  BRINDLE_CUDA_CHECK(cudnnSetPooling2dDescriptor(to, CUDNN_POOLING_MAX, CUDNN_PROPAGATE_NAN, cudnn_size(at.window_h),
                                                 cudnn_size(at.window_w), cudnn_size(at.top), cudnn_size(at.left),
                                                 cudnn_size(at.step_h), cudnn_size(at.step_w)));
}

template <>
struct maxpool2d<float, Cuda> {
  static void forward(const Cuda& on, In<float, Cuda> x, Out<float, Cuda> y, Out<std::uint8_t, Cuda> code,
                      const MaxPool2DOptions& o) {
    const Shape4 in = x.shape, out = y.shape;
    if (out.size() == 0) return;
    if (code.empty() && centred(in, out, o))
      forward_by_cudnn(on, x.data, y.data, in, out, o);
    else
      launch(on, out.size(), MaxPoolForward<float>{x.data, y.data, code.data, PoolWindows::of(in, out, o)});
  }

  static void backward(const Cuda& on, In<float, Cuda> dy, In<std::uint8_t, Cuda> code, Out<float, Cuda> dx,
                       const MaxPool2DOptions& o) {
    launch(on, dx.size(), MaxPoolBackward<float>{dy.data, code.data, dx.data, PoolWindows::of(dx.shape, dy.shape, o)});
  }

  /// Without codes, as cuDNN does it: predicting needs no kernel of our own.
  static void forward_by_cudnn(const Cuda& on, const float* x, float* y, const Shape4& in, const Shape4& out,
                               const MaxPool2DOptions& o) {
    const PoolWindows at = PoolWindows::of(in, out, o);
    const auto lock = on.lock();
    TensorDescriptor from, to;
    describe_pictures(from, CUDNN_DATA_FLOAT, in);
    describe_pictures(to, CUDNN_DATA_FLOAT, out);
    PoolingDescriptor pool;
    describe_pool(pool, at);
    const float one = 1, zero = 0;
    BRINDLE_CUDA_CHECK(cudnnPoolingForward(on.cudnn(), pool, &one, from, x, &zero, to, y));
  }

  /// cuDNN pads the same on both sides; its number of windows shows whether that is what is wanted.
  static bool centred(const Shape4& in, const Shape4& out, const MaxPool2DOptions& o) {
    const PoolWindows at = PoolWindows::of(in, out, o);
    return (in.h + 2 * at.top - at.window_h) / at.step_h + 1 == out.h &&
           (in.w + 2 * at.left - at.window_w) / at.step_w + 1 == out.w && at.top < at.window_h && at.left < at.window_w;
  }
};

}  // namespace brindle::ops::kernel
