// SPDX-License-Identifier: MIT
#pragma once

#include <cudnn.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "brindle/core/cuda.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/ops/activation_function.hpp"

namespace brindle::ops::kernel {

/// A size as cuDNN takes it. Throws ShapeError for one that does not fit 31 bits.
inline int cudnn_size(std::int64_t size) {
  if (size > std::numeric_limits<int>::max())
    brindle::detail::raise<ShapeError>("cuDNN: a size of " + std::to_string(size) +
                                       " is more than it takes, 2147483647; use a smaller batch");
  return static_cast<int>(size);
}

/// Whether cuDNN has no kernel for what it was asked, which is no error of the one who asks.
inline bool cudnn_refuses(cudnnStatus_t status) {
  return CUDNN_STATUS_CATEGORY(static_cast<int>(status)) == CUDNN_STATUS_NOT_SUPPORTED;
}

/// Owns one of cuDNN's descriptions.
template <class Handle, cudnnStatus_t (*create)(Handle*), cudnnStatus_t (*destroy)(Handle)>
class CudnnDescriptor {
 public:
  CudnnDescriptor() { BRINDLE_CUDA_CHECK(create(&handle_)); }
  CudnnDescriptor(const CudnnDescriptor&) = delete;
  CudnnDescriptor& operator=(const CudnnDescriptor&) = delete;
  ~CudnnDescriptor() { static_cast<void>(destroy(handle_)); }
  operator Handle() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};

using TensorDescriptor =
    CudnnDescriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using FilterDescriptor =
    CudnnDescriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using ConvolutionDescriptor =
    CudnnDescriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor, cudnnDestroyConvolutionDescriptor>;
using ActivationDescriptor =
    CudnnDescriptor<cudnnActivationDescriptor_t, cudnnCreateActivationDescriptor, cudnnDestroyActivationDescriptor>;
using PoolingDescriptor =
    CudnnDescriptor<cudnnPoolingDescriptor_t, cudnnCreatePoolingDescriptor, cudnnDestroyPoolingDescriptor>;

/// Pictures, channels last. Throws ShapeError for more elements than cuDNN can count.
inline void describe_pictures(cudnnTensorDescriptor_t to, cudnnDataType_t type, const Shape4& s) {
  cudnn_size(s.size());
  BRINDLE_CUDA_CHECK(cudnnSetTensor4dDescriptor(to, CUDNN_TENSOR_NHWC, type, cudnn_size(s.n), cudnn_size(s.c),
                                                cudnn_size(s.h), cudnn_size(s.w)));
}

/// A matrix of floats, `stride` elements from one row to the next.
inline void describe_matrix(cudnnTensorDescriptor_t to, std::int64_t rows, std::int64_t columns, std::int64_t stride) {
  BRINDLE_CUDA_CHECK(cudnnSetTensor4dDescriptorEx(to, CUDNN_DATA_FLOAT, cudnn_size(rows), cudnn_size(columns), 1, 1,
                                                  cudnn_size(stride), 1, 1, 1));
}

/// y = f(x), f relu or sigmoid, on (rows, columns); x and y may be the same memory. NaN stays NaN.
inline void cudnn_activation(const Cuda& on, ActivationFunction f, std::int64_t rows, std::int64_t columns,
                             std::int64_t stride, const float* x, float* y) {
  const auto lock = on.lock();
  TensorDescriptor matrix;
  describe_matrix(matrix, rows, columns, stride);
  ActivationDescriptor activation;
  BRINDLE_CUDA_CHECK(cudnnSetActivationDescriptor(
      activation, f == ActivationFunction::relu ? CUDNN_ACTIVATION_RELU : CUDNN_ACTIVATION_SIGMOID, CUDNN_PROPAGATE_NAN,
      0));
  const float one = 1, zero = 0;
  BRINDLE_CUDA_CHECK(cudnnActivationForward(on.cudnn(), activation, &one, matrix, x, &zero, matrix, y));
}

/// The same for n elements that follow one another.
inline void cudnn_activation(const Cuda& on, ActivationFunction f, std::int64_t n, const float* x, float* y) {
  constexpr std::int64_t most = 1 << 30;  // cuDNN refuses tensors whose elements it cannot count in 31 bits
  for (std::int64_t begin = 0; begin < n; begin += most) {
    const std::int64_t count = std::min(most, n - begin);
    cudnn_activation(on, f, 1, count, count, x + begin, y + begin);
  }
}

/// y += bias for each pixel or row. bias (channels), y of any layout with so many channels.
inline void cudnn_add_bias(const Cuda& on, std::int64_t channels, const float* bias, cudnnTensorDescriptor_t y_layout,
                           float* y) {
  const auto lock = on.lock();
  TensorDescriptor row;
  describe_pictures(row, CUDNN_DATA_FLOAT, {1, 1, 1, channels});
  const float one = 1;
  BRINDLE_CUDA_CHECK(cudnnAddTensor(on.cudnn(), &one, row, bias, &one, y_layout, y));
}

}  // namespace brindle::ops::kernel
