// SPDX-License-Identifier: MIT
// The convolutions of the simulated cuDNN: which algorithms there are, what they need, and what they compute.
#include <cudnn.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "cudnn.hpp"
#include "simulated_cuda.hpp"

using namespace simulated_cuda;

namespace {

constexpr std::size_t library_workspace = 1024;

// As the convolutions of tensor cores want it.
bool aligned(const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; }

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

}  // namespace

extern "C" {

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

}  // extern "C"
