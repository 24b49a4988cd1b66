// SPDX-License-Identifier: MIT
#pragma once

// What the functions of the simulated cuDNN share: its descriptors, and the elements of the tensors they describe.
#include <cudnn.h>

#include <cstddef>
#include <cstdint>

#include "brindle/core/cuda_bfloat16.hpp"
#include "simulated_cuda.hpp"

struct cudnnContext {
  cudaStream_t stream = nullptr;
};
struct cudnnTensorStruct {
  cudnnDataType_t type;
  int n, c, h, w;
  std::int64_t sn, sc, sh, sw;
};
struct cudnnFilterStruct {
  cudnnDataType_t type;
  int k, c, h, w;
};
struct cudnnConvolutionStruct {
  int pad_h, pad_w, u, v;
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
};
struct cudnnActivationStruct {
  cudnnActivationMode_t mode;
  cudnnNanPropagation_t nan;
};
struct cudnnPoolingStruct {
  int h, w, pad_h, pad_w, u, v;
};

namespace simulated_cuda {

using Tensor = cudnnTensorStruct;

inline std::int64_t element(cudnnDataType_t type) { return type == CUDNN_DATA_BFLOAT16 ? 2 : 4; }
inline std::int64_t at(const Tensor& t, std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
  return n * t.sn + c * t.sc + h * t.sh + w * t.sw;
}

inline bool on_gpu(const Tensor& t, const void* p) {
  return simulated_cuda::on_gpu(
      p, static_cast<std::size_t>((at(t, t.n - 1, t.c - 1, t.h - 1, t.w - 1) + 1) * element(t.type)));
}
inline bool on_gpu(const cudnnFilterStruct& f, const void* p) {
  return simulated_cuda::on_gpu(p, static_cast<std::size_t>(std::int64_t{f.k} * f.c * f.h * f.w * element(f.type)));
}
inline float load(cudnnDataType_t type, const void* p, std::int64_t i) {
  return type == CUDNN_DATA_BFLOAT16 ? static_cast<const brindle::detail::bfloat16*>(p)[i].value()
                                     : static_cast<const float*>(p)[i];
}
inline void store(cudnnDataType_t type, void* p, std::int64_t i, float value) {
  if (type == CUDNN_DATA_BFLOAT16)
    static_cast<brindle::detail::bfloat16*>(p)[i] = brindle::detail::bfloat16::of(value);
  else
    static_cast<float*>(p)[i] = value;
}
inline bool is_one(const void* p) { return *static_cast<const float*>(p) == 1; }
inline bool is_zero(const void* p) { return *static_cast<const float*>(p) == 0; }

}  // namespace simulated_cuda
