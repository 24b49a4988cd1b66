// SPDX-License-Identifier: MIT
#include <cudnn.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

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

namespace {

using Tensor = cudnnTensorStruct;
constexpr std::size_t library_workspace = 1024;

std::int64_t element(cudnnDataType_t type) { return type == CUDNN_DATA_BFLOAT16 ? 2 : 4; }
std::int64_t at(const Tensor& t, std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
  return n * t.sn + c * t.sc + h * t.sh + w * t.sw;
}
// As the convolutions of tensor cores want it.
bool aligned(const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; }

bool on_gpu(const Tensor& t, const void* p) {
  return simulated_cuda::on_gpu(
      p, static_cast<std::size_t>((at(t, t.n - 1, t.c - 1, t.h - 1, t.w - 1) + 1) * element(t.type)));
}
bool on_gpu(const cudnnFilterStruct& f, const void* p) {
  return simulated_cuda::on_gpu(p, static_cast<std::size_t>(std::int64_t{f.k} * f.c * f.h * f.w * element(f.type)));
}
float load(cudnnDataType_t type, const void* p, std::int64_t i) {
  return type == CUDNN_DATA_BFLOAT16 ? static_cast<const brindle::detail::bfloat16*>(p)[i].value()
                                     : static_cast<const float*>(p)[i];
}
void store(cudnnDataType_t type, void* p, std::int64_t i, float value) {
  if (type == CUDNN_DATA_BFLOAT16)
    static_cast<brindle::detail::bfloat16*>(p)[i] = brindle::detail::bfloat16::of(value);
  else
    static_cast<float*>(p)[i] = value;
}
bool is_one(const void* p) { return *static_cast<const float*>(p) == 1; }
bool is_zero(const void* p) { return *static_cast<const float*>(p) == 0; }

/// Shapes, types and memory of a convolution; cuDNN's formula for the output's size.
bool fits(const Tensor& x, const cudnnFilterStruct& w, const cudnnConvolutionStruct& c, const Tensor& y) {
  return x.type == w.type && x.type == y.type && x.c == w.c && y.c == w.k && x.n == y.n &&
         y.h == (x.h + 2 * c.pad_h - w.h) / c.u + 1 && y.w == (x.w + 2 * c.pad_w - w.w) / c.v + 1;
}
bool workspace_fits(void* workspace, std::size_t bytes) {
  return bytes >= library_workspace && reinterpret_cast<std::uintptr_t>(workspace) % 256 == 0 &&
         simulated_cuda::on_gpu(workspace, bytes);
}

/// term(index in x, index in w, index in y) for each product of a convolution; filters are (k, h, w, c).
template <class F>
void each_term(const Tensor& x, const cudnnFilterStruct& w, const cudnnConvolutionStruct& c, const Tensor& y,
               F&& term) {
  for (int n = 0; n < y.n; ++n)
    for (int oh = 0; oh < y.h; ++oh)
      for (int ow = 0; ow < y.w; ++ow)
        for (int kh = 0; kh < w.h; ++kh)
          for (int kw = 0; kw < w.w; ++kw) {
            const int h = oh * c.u - c.pad_h + kh, column = ow * c.v - c.pad_w + kw;
            if (h < 0 || h >= x.h || column < 0 || column >= x.w) continue;
            for (int k = 0; k < w.k; ++k)
              for (int i = 0; i < w.c; ++i)
                term(at(x, n, i, h, column), ((std::int64_t{k} * w.h + kh) * w.w + kw) * w.c + i, at(y, n, k, oh, ow));
          }
}

std::vector<double> zeros(std::int64_t n) { return std::vector<double>(static_cast<std::size_t>(n), 0.0); }

void convolve(const Tensor& x, const void* x_data, const cudnnFilterStruct& w, const void* w_data,
              const cudnnConvolutionStruct& c, const Tensor& y, void* y_data, void* workspace) {
  std::memset(workspace, 0xFF, library_workspace);
  auto sums = zeros(std::int64_t{y.n} * y.c * y.h * y.w);
  each_term(x, w, c, y, [&](std::int64_t i, std::int64_t j, std::int64_t k) {
    sums[static_cast<std::size_t>(k)] += double(load(x.type, x_data, i)) * double(load(w.type, w_data, j));
  });
  for (std::size_t k = 0; k < sums.size(); ++k)
    store(y.type, y_data, static_cast<std::int64_t>(k), static_cast<float>(sums[k]));
}

template <class Performance, class Algorithm>
cudnnStatus_t advise(bool fit, Algorithm atomic, Algorithm missing, Algorithm greedy, Algorithm good, int most,
                     int* count, Performance* results) {
  if (!fit || most < 4) return CUDNN_STATUS_BAD_PARAM;
  std::memset(results, 0, 4 * sizeof *results);
  // First one that must not be taken.
  // Then one that turns out not to be there, and one with more workspace than anybody gives. Tensor cores are in the
  // list even where they are not allowed.
  const Algorithm in_order[] = {atomic, missing, greedy, good};
  for (int i = 0; i < 4; ++i) {
    results[i].algo = in_order[i];
    results[i].determinism = i == 0 ? CUDNN_NON_DETERMINISTIC : CUDNN_DETERMINISTIC;
    results[i].status = CUDNN_STATUS_SUCCESS;
    results[i].memory = 0;
    results[i].mathType = CUDNN_TENSOR_OP_MATH;
  }
  *count = 4;
  return CUDNN_STATUS_SUCCESS;
}

template <class Algorithm>
cudnnStatus_t workspace_of(Algorithm algorithm, Algorithm greedy, Algorithm good, std::size_t* bytes) {
  *bytes = algorithm == greedy ? std::size_t{1} << 50 : library_workspace;
  return algorithm == greedy || algorithm == good ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
}

template <class T>
cudnnStatus_t make(T** p) {
  *p = new T{};
  return CUDNN_STATUS_SUCCESS;
}
template <class T>
cudnnStatus_t drop(T* p) {
  delete p;
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

extern "C" {

std::size_t cudnnGetVersion() { return CUDNN_VERSION; }
const char* cudnnGetErrorString(cudnnStatus_t code) {
  return code == CUDNN_STATUS_BAD_PARAM ? "CUDNN_STATUS_BAD_PARAM" : "CUDNN_STATUS";
}
void cudnnGetLastErrorString(char* message, std::size_t size) {
  if (size > 0) message[0] = 0;
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) { return make(handle); }
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) { return drop(handle); }
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* p) { return make(p); }
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t p) { return drop(p); }
cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* p) { return make(p); }
cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t p) { return drop(p); }
cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* p) { return make(p); }
cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t p) { return drop(p); }
cudnnStatus_t cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t* p) { return make(p); }
cudnnStatus_t cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t p) { return drop(p); }
cudnnStatus_t cudnnCreatePoolingDescriptor(cudnnPoolingDescriptor_t* p) { return make(p); }
cudnnStatus_t cudnnDestroyPoolingDescriptor(cudnnPoolingDescriptor_t p) { return drop(p); }

cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t t, cudnnTensorFormat_t format, cudnnDataType_t type,
                                         int n, int c, int h, int w) {
  if (format != CUDNN_TENSOR_NHWC || n < 1 || c < 1 || h < 1 || w < 1) return CUDNN_STATUS_BAD_PARAM;
  *t = {type, n, c, h, w, std::int64_t{h} * w * c, 1, std::int64_t{w} * c, c};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetTensor4dDescriptorEx(cudnnTensorDescriptor_t t, cudnnDataType_t type, int n, int c, int h, int w,
                                           int sn, int sc, int sh, int sw) {
  if (n < 1 || c < 1 || h < 1 || w < 1) return CUDNN_STATUS_BAD_PARAM;
  *t = {type, n, c, h, w, sn, sc, sh, sw};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t f, cudnnDataType_t type, cudnnTensorFormat_t format,
                                         int k, int c, int h, int w) {
  if (format != CUDNN_TENSOR_NHWC || k < 1 || c < 1 || h < 1 || w < 1) return CUDNN_STATUS_BAD_PARAM;
  *f = {type, k, c, h, w};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t c, int pad_h, int pad_w, int u, int v,
                                              int dilation_h, int dilation_w, cudnnConvolutionMode_t mode,
                                              cudnnDataType_t compute) {
  if (mode != CUDNN_CROSS_CORRELATION || compute != CUDNN_DATA_FLOAT || dilation_h != 1 || dilation_w != 1)
    return CUDNN_STATUS_BAD_PARAM;
  *c = {pad_h, pad_w, u, v, c->math};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t c, cudnnMathType_t math) {
  c->math = math;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetActivationDescriptor(cudnnActivationDescriptor_t a, cudnnActivationMode_t mode,
                                           cudnnNanPropagation_t nan, double) {
  *a = {mode, nan};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetPooling2dDescriptor(cudnnPoolingDescriptor_t p, cudnnPoolingMode_t mode,
                                          cudnnNanPropagation_t nan, int h, int w, int pad_h, int pad_w, int u, int v) {
  if (mode != CUDNN_POOLING_MAX || nan != CUDNN_PROPAGATE_NAN || pad_h >= h || pad_w >= w)
    return CUDNN_STATUS_BAD_PARAM;
  *p = {h, w, pad_h, pad_w, u, v};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t, const cudnnTensorDescriptor_t x,
                                                     const cudnnFilterDescriptor_t w,
                                                     const cudnnConvolutionDescriptor_t c,
                                                     const cudnnTensorDescriptor_t y, const int most, int* count,
                                                     cudnnConvolutionFwdAlgoPerf_t* results) {
  return advise(fits(*x, *w, *c, *y), CUDNN_CONVOLUTION_FWD_ALGO_FFT, CUDNN_CONVOLUTION_FWD_ALGO_DIRECT,
                CUDNN_CONVOLUTION_FWD_ALGO_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, most, count,
                results);
}
cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnnHandle_t, const cudnnFilterDescriptor_t w,
                                                          const cudnnTensorDescriptor_t y,
                                                          const cudnnConvolutionDescriptor_t c,
                                                          const cudnnTensorDescriptor_t x, const int most, int* count,
                                                          cudnnConvolutionBwdDataAlgoPerf_t* results) {
  return advise(fits(*x, *w, *c, *y), CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD,
                CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, most, count, results);
}
cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnnHandle_t, const cudnnTensorDescriptor_t x,
                                                            const cudnnTensorDescriptor_t y,
                                                            const cudnnConvolutionDescriptor_t c,
                                                            const cudnnFilterDescriptor_t w, const int most, int* count,
                                                            cudnnConvolutionBwdFilterAlgoPerf_t* results) {
  return advise(fits(*x, *w, *c, *y), CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD,
                CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, most, count, results);
}

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t, const cudnnTensorDescriptor_t,
                                                      const cudnnFilterDescriptor_t, const cudnnConvolutionDescriptor_t,
                                                      const cudnnTensorDescriptor_t,
                                                      cudnnConvolutionFwdAlgo_t algorithm, std::size_t* bytes) {
  return workspace_of(algorithm, CUDNN_CONVOLUTION_FWD_ALGO_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
                      bytes);
}
cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(
    cudnnHandle_t, const cudnnFilterDescriptor_t, const cudnnTensorDescriptor_t, const cudnnConvolutionDescriptor_t,
    const cudnnTensorDescriptor_t, cudnnConvolutionBwdDataAlgo_t algorithm, std::size_t* bytes) {
  return workspace_of(algorithm, CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, bytes);
}
cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(
    cudnnHandle_t, const cudnnTensorDescriptor_t, const cudnnTensorDescriptor_t, const cudnnConvolutionDescriptor_t,
    const cudnnFilterDescriptor_t, cudnnConvolutionBwdFilterAlgo_t algorithm, std::size_t* bytes) {
  return workspace_of(algorithm, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, bytes);
}

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t x,
                                      const void* x_data, const cudnnFilterDescriptor_t w, const void* w_data,
                                      const cudnnConvolutionDescriptor_t c, cudnnConvolutionFwdAlgo_t algorithm,
                                      void* workspace, std::size_t bytes, const void* beta,
                                      const cudnnTensorDescriptor_t y, void* y_data) {
  if (!aligned(x_data) || !aligned(y_data)) return CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER;
  if (!fits(*x, *w, *c, *y) || !workspace_fits(workspace, bytes) || !on_gpu(*x, x_data) || !on_gpu(*w, w_data) ||
      !on_gpu(*y, y_data) || !is_one(alpha) || !is_zero(beta) ||
      algorithm != CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM)
    return CUDNN_STATUS_BAD_PARAM;
  simulated_cuda::enqueue(
      handle->stream, [=, x = *x, w = *w, c = *c, y = *y] { convolve(x, x_data, w, w_data, c, y, y_data, workspace); });
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnConvolutionBiasActivationForward(
    cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t x, const void* x_data,
    const cudnnFilterDescriptor_t w, const void* w_data, const cudnnConvolutionDescriptor_t c,
    cudnnConvolutionFwdAlgo_t algorithm, void* workspace, std::size_t bytes, const void* alpha2,
    const cudnnTensorDescriptor_t, const void*, const cudnnTensorDescriptor_t b, const void* b_data,
    const cudnnActivationDescriptor_t activation, const cudnnTensorDescriptor_t y, void* y_data) {
  if (simulated_cuda::refusals().fused_convolution) return CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN;
  if (!aligned(x_data) || !aligned(y_data)) return CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER;
  if (!fits(*x, *w, *c, *y) || !workspace_fits(workspace, bytes) || !on_gpu(*x, x_data) || !on_gpu(*w, w_data) ||
      !on_gpu(*y, y_data) || !on_gpu(*b, b_data) || !is_one(alpha) || !is_zero(alpha2) || b->c != y->c ||
      activation->mode != CUDNN_ACTIVATION_RELU || activation->nan != CUDNN_NOT_PROPAGATE_NAN ||
      algorithm != CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM)
    return CUDNN_STATUS_BAD_PARAM;
  simulated_cuda::enqueue(handle->stream, [=, x = *x, w = *w, c = *c, y = *y] {
    convolve(x, x_data, w, w_data, c, y, y_data, workspace);
    auto* z = static_cast<float*>(y_data);
    for (std::int64_t i = 0; i < std::int64_t{y.n} * y.h * y.w * y.c; ++i)
      z[i] = std::max(0.0f, z[i] + static_cast<const float*>(b_data)[i % y.c]);
  });
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha, const cudnnFilterDescriptor_t w,
                                           const void* w_data, const cudnnTensorDescriptor_t y, const void* dy,
                                           const cudnnConvolutionDescriptor_t c,
                                           cudnnConvolutionBwdDataAlgo_t algorithm, void* workspace, std::size_t bytes,
                                           const void* beta, const cudnnTensorDescriptor_t x, void* dx) {
  if (!fits(*x, *w, *c, *y) || !workspace_fits(workspace, bytes) || !on_gpu(*x, dx) || !on_gpu(*w, w_data) ||
      !on_gpu(*y, dy) || !is_one(alpha) || !is_zero(beta) || algorithm != CUDNN_CONVOLUTION_BWD_DATA_ALGO_1)
    return CUDNN_STATUS_BAD_PARAM;
  simulated_cuda::enqueue(handle->stream, [=, x = *x, w = *w, c = *c, y = *y] {
    std::memset(workspace, 0xFF, library_workspace);
    auto sums = zeros(std::int64_t{x.n} * x.c * x.h * x.w);
    each_term(x, w, c, y, [&](std::int64_t i, std::int64_t j, std::int64_t k) {
      sums[static_cast<std::size_t>(i)] += double(load(y.type, dy, k)) * double(load(w.type, w_data, j));
    });
    for (std::size_t i = 0; i < sums.size(); ++i)
      store(x.type, dx, static_cast<std::int64_t>(i), static_cast<float>(sums[i]));
  });
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t x,
                                             const void* x_data, const cudnnTensorDescriptor_t y, const void* dy,
                                             const cudnnConvolutionDescriptor_t c,
                                             cudnnConvolutionBwdFilterAlgo_t algorithm, void* workspace,
                                             std::size_t bytes, const void* beta, const cudnnFilterDescriptor_t w,
                                             void* dw) {
  if (!fits(*x, *w, *c, *y) || !workspace_fits(workspace, bytes) || !on_gpu(*x, x_data) || !on_gpu(*w, dw) ||
      !on_gpu(*y, dy) || !is_one(alpha) || !is_zero(beta) || algorithm != CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1)
    return CUDNN_STATUS_BAD_PARAM;
  simulated_cuda::enqueue(handle->stream, [=, x = *x, w = *w, c = *c, y = *y] {
    std::memset(workspace, 0xFF, library_workspace);
    auto sums = zeros(std::int64_t{w.k} * w.c * w.h * w.w);
    each_term(x, w, c, y, [&](std::int64_t i, std::int64_t j, std::int64_t k) {
      sums[static_cast<std::size_t>(j)] += double(load(x.type, x_data, i)) * double(load(y.type, dy, k));
    });
    for (std::size_t j = 0; j < sums.size(); ++j)
      store(w.type, dw, static_cast<std::int64_t>(j), static_cast<float>(sums[j]));
  });
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnAddTensor(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t a,
                             const void* a_data, const void* beta, const cudnnTensorDescriptor_t c, void* c_data) {
  if (a->n != 1 || a->c != c->c || a->h != 1 || a->w != 1 || !is_one(alpha) || !is_one(beta) || !on_gpu(*a, a_data) ||
      !on_gpu(*c, c_data))
    return CUDNN_STATUS_BAD_PARAM;
  simulated_cuda::enqueue(handle->stream, [=, c = *c] {
    for (int n = 0; n < c.n; ++n)
      for (int h = 0; h < c.h; ++h)
        for (int w = 0; w < c.w; ++w)
          for (int k = 0; k < c.c; ++k)
            static_cast<float*>(c_data)[at(c, n, k, h, w)] += static_cast<const float*>(a_data)[k];
  });
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnActivationForward(cudnnHandle_t handle, cudnnActivationDescriptor_t activation, const void* alpha,
                                     const cudnnTensorDescriptor_t x, const void* x_data, const void* beta,
                                     const cudnnTensorDescriptor_t y, void* y_data) {
  if (activation->mode != CUDNN_ACTIVATION_RELU && activation->mode != CUDNN_ACTIVATION_SIGMOID)
    return CUDNN_STATUS_BAD_PARAM;
  if (!is_one(alpha) || !is_zero(beta) || !on_gpu(*x, x_data) || !on_gpu(*y, y_data)) return CUDNN_STATUS_BAD_PARAM;
  simulated_cuda::enqueue(handle->stream, [=, f = *activation, x = *x] {
    for (int n = 0; n < x.n; ++n)
      for (int k = 0; k < x.c; ++k) {
        const float v = static_cast<const float*>(x_data)[at(x, n, k, 0, 0)];
        static_cast<float*>(y_data)[at(x, n, k, 0, 0)] =
            f.mode == CUDNN_ACTIVATION_RELU ? (v < 0 ? 0.0f : v) : 1 / (1 + std::exp(-v));
      }
  });
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSoftmaxForward(cudnnHandle_t handle, cudnnSoftmaxAlgorithm_t algorithm, cudnnSoftmaxMode_t mode,
                                  const void* alpha, const cudnnTensorDescriptor_t x, const void* x_data,
                                  const void* beta, const cudnnTensorDescriptor_t y, void* y_data) {
  if (algorithm != CUDNN_SOFTMAX_ACCURATE || mode != CUDNN_SOFTMAX_MODE_INSTANCE || !is_one(alpha) || !is_zero(beta) ||
      !on_gpu(*x, x_data) || !on_gpu(*y, y_data) || x->sn != x->c)
    return CUDNN_STATUS_BAD_PARAM;
  if (x->n > 65535) return CUDNN_STATUS_NOT_SUPPORTED;
  simulated_cuda::enqueue(handle->stream, [=, x = *x] {
    for (int n = 0; n < x.n; ++n) {
      const float* row = static_cast<const float*>(x_data) + n * x.sn;
      float* to = static_cast<float*>(y_data) + n * x.sn;
      const float largest = *std::max_element(row, row + x.c);
      float sum = 0;
      for (int k = 0; k < x.c; ++k) sum += to[k] = std::exp(row[k] - largest);
      for (int k = 0; k < x.c; ++k) to[k] /= sum;
    }
  });
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnPoolingForward(cudnnHandle_t handle, const cudnnPoolingDescriptor_t pool, const void* alpha,
                                  const cudnnTensorDescriptor_t x, const void* x_data, const void* beta,
                                  const cudnnTensorDescriptor_t y, void* y_data) {
  if (!is_one(alpha) || !is_zero(beta) || x->c != y->c || x->n != y->n || !on_gpu(*x, x_data) || !on_gpu(*y, y_data) ||
      y->h != (x->h + 2 * pool->pad_h - pool->h) / pool->u + 1 ||
      y->w != (x->w + 2 * pool->pad_w - pool->w) / pool->v + 1)
    return CUDNN_STATUS_BAD_PARAM;
  simulated_cuda::enqueue(handle->stream, [=, p = *pool, x = *x, y = *y] {
    for (int n = 0; n < y.n; ++n)
      for (int oh = 0; oh < y.h; ++oh)
        for (int ow = 0; ow < y.w; ++ow)
          for (int c = 0; c < y.c; ++c) {
            float best = -std::numeric_limits<float>::infinity();
            for (int kh = 0; kh < p.h; ++kh)
              for (int kw = 0; kw < p.w; ++kw) {
                const int h = oh * p.u - p.pad_h + kh, w = ow * p.v - p.pad_w + kw;
                if (h < 0 || h >= x.h || w < 0 || w >= x.w) continue;
                const float v = static_cast<const float*>(x_data)[at(x, n, c, h, w)];
                if (v > best || v != v) best = v;
              }
            static_cast<float*>(y_data)[at(y, n, c, oh, ow)] = best;
          }
  });
  return CUDNN_STATUS_SUCCESS;
}

}  // extern "C"
