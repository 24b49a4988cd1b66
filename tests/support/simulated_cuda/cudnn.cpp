// SPDX-License-Identifier: MIT
// All of the simulated cuDNN but convolutions: descriptors, biases, activations, pools.
#include "cudnn.hpp"

#include <cudnn.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "simulated_cuda.hpp"

using namespace simulated_cuda;

namespace {

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
