// SPDX-License-Identifier: MIT
#pragma once

#include <cudnn.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "brindle/core/cuda.hpp"
#include "brindle/ops/conv2d/cuda_kernels.hpp"
#include "brindle/ops/cuda_cudnn.hpp"

namespace brindle::ops::kernel {

/// A convolution of some shapes, described to cuDNN once, with the algorithms that it advises: of those that give the
/// same bits each time, and that fit the most workspace that the context allows.
class Conv2DPlan {
 public:
  Conv2DPlan(Precision precision, const CudaConvolution& convolution) : shapes(convolution) {
    const cudnnDataType_t type = precision == Precision::bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
    const CudaConvolution& s = shapes;
    describe_pictures(x, type, s.convolved);
    describe_pictures(y, type, s.y);
    describe_pictures(bias, CUDNN_DATA_FLOAT, {1, 1, 1, s.w.co});
    BRINDLE_CUDA_CHECK(cudnnSetFilter4dDescriptor(w, type, CUDNN_TENSOR_NHWC, cudnn_size(s.w.co), cudnn_size(s.w.ci),
                                                  cudnn_size(s.w.kh), cudnn_size(s.w.kw)));
    for (const cudnnConvolutionDescriptor_t pass :
         {cudnnConvolutionDescriptor_t(forward_description), cudnnConvolutionDescriptor_t(data_description),
          cudnnConvolutionDescriptor_t(weights_description)}) {
      BRINDLE_CUDA_CHECK(cudnnSetConvolution2dDescriptor(pass, cudnn_size(s.pad_h), cudnn_size(s.pad_w),
                                                         cudnn_size(s.stride.h), cudnn_size(s.stride.w), 1, 1,
                                                         CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
      BRINDLE_CUDA_CHECK(cudnnSetConvolutionMathType(pass, asked_math(precision)));
    }
    // The fused call wants no more of NaN than this; relu then makes 0 of it.
    BRINDLE_CUDA_CHECK(cudnnSetActivationDescriptor(relu, CUDNN_ACTIVATION_RELU, CUDNN_NOT_PROPAGATE_NAN, 0));
  }

  /// Chosen when they are first asked for.
  cudnnConvolutionFwdAlgo_t forward(const Cuda& on) {
    if (!forward_)
      forward_ = choose<cudnnConvolutionFwdAlgoPerf_t, cudnnConvolutionFwdAlgo_t>(
          on, "forward", forward_description,
          [&](int most, int* count, cudnnConvolutionFwdAlgoPerf_t* found) {
            return cudnnGetConvolutionForwardAlgorithm_v7(on.cudnn(), x, w, forward_description, y, most, count, found);
          },
          [&](cudnnConvolutionFwdAlgo_t algorithm, std::size_t* bytes) {
            return cudnnGetConvolutionForwardWorkspaceSize(on.cudnn(), x, w, forward_description, y, algorithm, bytes);
          });
    return *forward_;
  }
  cudnnConvolutionBwdDataAlgo_t data(const Cuda& on) {
    if (!data_)
      data_ = choose<cudnnConvolutionBwdDataAlgoPerf_t, cudnnConvolutionBwdDataAlgo_t>(
          on, "backward data", data_description,
          [&](int most, int* count, cudnnConvolutionBwdDataAlgoPerf_t* found) {
            return cudnnGetConvolutionBackwardDataAlgorithm_v7(on.cudnn(), w, y, data_description, x, most, count,
                                                               found);
          },
          [&](cudnnConvolutionBwdDataAlgo_t algorithm, std::size_t* bytes) {
            return cudnnGetConvolutionBackwardDataWorkspaceSize(on.cudnn(), w, y, data_description, x, algorithm,
                                                                bytes);
          });
    return *data_;
  }
  cudnnConvolutionBwdFilterAlgo_t weights(const Cuda& on) {
    if (!weights_)
      weights_ = choose<cudnnConvolutionBwdFilterAlgoPerf_t, cudnnConvolutionBwdFilterAlgo_t>(
          on, "backward weights", weights_description,
          [&](int most, int* count, cudnnConvolutionBwdFilterAlgoPerf_t* found) {
            return cudnnGetConvolutionBackwardFilterAlgorithm_v7(on.cudnn(), x, y, weights_description, w, most, count,
                                                                 found);
          },
          [&](cudnnConvolutionBwdFilterAlgo_t algorithm, std::size_t* bytes) {
            return cudnnGetConvolutionBackwardFilterWorkspaceSize(on.cudnn(), x, y, weights_description, w, algorithm,
                                                                  bytes);
          });
    return *weights_;
  }

  CudaConvolution shapes;
  TensorDescriptor x, y, bias;
  FilterDescriptor w;
  ConvolutionDescriptor forward_description, data_description, weights_description;
  ActivationDescriptor relu;
  bool fuses_bias_relu = true;  ///< until cuDNN says that it has no kernel for it

 private:
  static cudnnMathType_t asked_math(Precision p) {
    return p == Precision::float32 ? CUDNN_FMA_MATH : p == Precision::tf32 ? CUDNN_DEFAULT_MATH : CUDNN_TENSOR_OP_MATH;
  }

  // query: cuDNN's list, the one that it takes for the fastest first. workspace: the bytes of one of it, as the
  // description then is.
  template <class Performance, class Algorithm, class Query, class WorkspaceSize>
  Algorithm choose(const Cuda& on, const char* pass, cudnnConvolutionDescriptor_t description, Query&& query,
                   WorkspaceSize&& workspace) const {
    constexpr int most = 32;  // each algorithm with and without tensor cores
    Performance found[most];
    int count = 0;
    BRINDLE_CUDA_CHECK(query(most, &count, found));
    for (int i = 0; i < count; ++i) {
      const Performance& p = found[i];
      if (p.status != CUDNN_STATUS_SUCCESS || p.determinism != CUDNN_DETERMINISTIC) continue;
      // The list tells what tensor cores would do even where they are not allowed: they have no float32 products.
      if (on.precision() != Precision::float32)
        BRINDLE_CUDA_CHECK(cudnnSetConvolutionMathType(description, p.mathType));
      std::size_t bytes = 0;
      if (workspace(p.algo, &bytes) == CUDNN_STATUS_SUCCESS &&
          static_cast<std::int64_t>(bytes) <= on.options().most_workspace)
        return p.algo;
    }
    brindle::detail::raise<CudaError>("conv2d: cuDNN has no reproducible algorithm (" + std::string(pass) + ", " +
                                      to_string(on.precision()) + ") for x " + to_string(shapes.x) + " and w " +
                                      to_string(shapes.w) + " within " + std::to_string(on.options().most_workspace) +
                                      " bytes; raise Cuda::Options::most_workspace");
  }

  std::optional<cudnnConvolutionFwdAlgo_t> forward_;
  std::optional<cudnnConvolutionBwdDataAlgo_t> data_;
  std::optional<cudnnConvolutionBwdFilterAlgo_t> weights_;
};

/// The context's plan for these shapes; use it under on.lock().
inline Conv2DPlan& conv2d_plan(const Cuda& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
  using Key = std::array<std::int64_t, 15>;
  struct Plans {
    std::map<Key, std::unique_ptr<Conv2DPlan>> by_shape;
  };
  const CudaConvolution c = CudaConvolution::of(x, w, o);  // zeros on each side follow from those in front and y
  const Key key{x.n,        x.h,   x.w,   x.c,   w.kh,   w.kw,    w.co,   o.stride.h,
                o.stride.w, c.y.h, c.y.w, c.top, c.left, c.pad_h, c.pad_w};
  std::unique_ptr<Conv2DPlan>& plan = on.cache<Plans>().by_shape[key];
  if (!plan) plan = std::make_unique<Conv2DPlan>(on.precision(), c);
  return *plan;
}

}  // namespace brindle::ops::kernel
