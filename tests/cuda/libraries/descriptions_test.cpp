// SPDX-License-Identifier: MIT
// What cuDNN itself says of the descriptions that it gets. This needs no GPU, only the library.
#include <catch2/catch.hpp>
#include <cstdint>

#include "brindle/cuda.hpp"

using namespace brindle;
using namespace brindle::ops::kernel;

namespace {

/// The shape that cuDNN computes for a convolution as it is described.
Shape4 shape_of(const Conv2DPlan& plan) {
  int n = 0, c = 0, h = 0, w = 0;
  BRINDLE_CUDA_CHECK(cudnnGetConvolution2dForwardOutputDim(plan.forward_description, plan.x, plan.w, &n, &c, &h, &w));
  return {n, h, w, c};
}

}  // namespace

TEST_CASE("cuDNN computes the shapes of convolutions that the library computes", "[cuda]") {
  for (const Precision precision : {Precision::float32, Precision::tf32, Precision::bf16})
    for (const Padding padding : {Padding::valid, Padding::same})
      for (const Size2 kernel : {Size2(1), Size2(2), Size2(3), Size2(4, 3), Size2(7)})
        for (const Size2 stride : {Size2(1), Size2(2), Size2(3, 1)})
          for (const Shape4& x : {Shape4{1, 150, 150, 3}, Shape4{30, 74, 74, 16}, Shape4{20, 9, 10, 5}}) {
            const ops::FilterShape w{kernel.h, kernel.w, x.c, 8};
            const ops::Conv2DOptions o{.stride = stride, .padding = padding};
            INFO("x " << to_string(x) << ", kernel " << to_string(kernel) << ", stride " << to_string(stride));
            CHECK(shape_of(Conv2DPlan(precision, CudaConvolution::of(x, w, o))) == ops::conv2d_shape(x, w, o));
          }
}

TEST_CASE("cuDNN computes the shapes of pools that the library gives it", "[cuda]") {
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const Size2 window : {Size2(2), Size2(3), Size2(2, 3)})
      for (const Size2 stride : {Size2(1), Size2(2)})
        for (const Shape4& x : {Shape4{2, 148, 148, 16}, Shape4{2, 9, 8, 5}}) {
          const ops::MaxPool2DOptions o{.window = window, .stride = stride, .padding = padding};
          const Shape4 y = ops::maxpool2d_shape(x, o);
          const PoolWindows at = PoolWindows::of(x, y, o);
          if (!maxpool2d<float, Cuda>::centred(x, y, o)) continue;  // a kernel of the library's own
          TensorDescriptor pictures;
          describe_pictures(pictures, CUDNN_DATA_FLOAT, x);
          PoolingDescriptor pool;
          describe_pool(pool, at);
          int n = 0, c = 0, h = 0, w = 0;
          BRINDLE_CUDA_CHECK(cudnnGetPooling2dForwardOutputDim(pool, pictures, &n, &c, &h, &w));
          CHECK(Shape4{n, h, w, c} == y);
        }
}

TEST_CASE("cuDNN takes the layouts of rows and of elements, and no more elements than 31 bits count", "[cuda]") {
  TensorDescriptor layout;
  CHECK_NOTHROW(describe_matrix(layout, 30 * 148 * 148, 16, 19));
  CHECK_NOTHROW(describe_matrix(layout, 1, 1 << 30, 1 << 30));
  CHECK_THROWS_AS(describe_matrix(layout, 3, 1 << 30, 1 << 30), CudaError);
  CHECK(cudnnSetTensor4dDescriptor(layout, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, 1 << 12, 1, 1 << 10, 1 << 9) !=
        CUDNN_STATUS_SUCCESS);
}
