// SPDX-License-Identifier: MIT
// What the library does where cuDNN or cuBLASLt has no kernel for what it would like best.
#include <cstdint>

#include "cuda/gpu.hpp"
#include "simulated_cuda.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

/// Refuses for as long as it lives.
struct Refusing {
  explicit Refusing(const simulated_cuda::Refusals& what) { simulated_cuda::refusals() = what; }
  ~Refusing() { simulated_cuda::refusals() = {}; }
};

}  // namespace

TEST_CASE("a convolution that is not fused with bias and relu is done in three steps", "[cuda]") {
  const Refusing refusing({.fused_convolution = true});
  const Cuda on;
  const ops::Conv2DOptions o{.activation = relu};
  const Shape4 in{2, 6, 7, 4};
  const ops::FilterShape filters{3, 3, 4, 8};
  const Shape4 out = ops::conv2d_shape(in, filters, o);
  const Tensor<float> x = random_tensor<float>(in, 1), w = random_tensor<float>(filters, 2),
                      bias = random_tensor<float>({8}, 3);
  Tensor<float> y(out);
  Tensor<float, Cuda> gpu_y(out);
  ops::reference::conv2d<float>(x, w, bias, y, o);
  auto space = workspace(ops::conv2d_workspace<float>(on, in, filters, o));
  const auto there = on_gpu(x), weights = on_gpu(w), biases = on_gpu(bias);
  for (int i = 0; i < 2; ++i) {
    ops::conv2d<float>(on, there, weights, biases, gpu_y, o, space);
    check_gpu("y", gpu_y, y);
  }
}

TEST_CASE("a product without epilogues is done in steps", "[cuda]") {
  const Refusing refusing({.epilogues = true});
  const Cuda on;
  for (const ActivationFunction f : {linear, relu, sigmoid})
    for (const bool with_bias : {false, true}) {
      const Tensor<float> x = random_tensor<float>({5, 9}, 4), w = random_tensor<float>({9, 3}, 5),
                          bias = random_tensor<float>({3}, 6);
      const auto gpu_x = on_gpu(x), gpu_w = on_gpu(w), gpu_bias = on_gpu(bias);
      Tensor<float> c = random_tensor<float>({5, 4}, 7);
      auto gpu_c = on_gpu(c);
      ops::reference::gemm<float>({x.data(), 5, 9, 9}, {w.data(), 9, 3, 3},
                                  with_bias ? bias.view() : TensorView<const float>{}, {c.data(), 5, 3, 4},
                                  {.activation = f});
      auto space = workspace(ops::gemm_workspace<float>(on, 5, 3, 9, {}));
      ops::gemm<float>(on, {gpu_x.data(), 5, 9, 9}, {gpu_w.data(), 9, 3, 3},
                       with_bias ? gpu_bias.view() : TensorView<const float, Cuda>{}, {gpu_c.data(), 5, 3, 4},
                       {.activation = f}, space);
      check_gpu("c", gpu_c, c);
    }
}

TEST_CASE("a bias that does not begin where cuBLASLt reads it is added behind the product", "[cuda]") {
  const Cuda on;
  const Tensor<float> x = random_tensor<float>({5, 9}, 4), w = random_tensor<float>({9, 3}, 5),
                      bias = random_tensor<float>({4}, 6);
  const auto gpu_x = on_gpu(x), gpu_w = on_gpu(w), gpu_bias = on_gpu(bias);
  Tensor<float> c({5, 3});
  Tensor<float, Cuda> gpu_c({5, 3});
  ops::reference::gemm<float>({x.data(), 5, 9, 9}, {w.data(), 9, 3, 3}, {bias.data() + 1, {3}}, {c.data(), 5, 3, 3},
                              {.activation = relu});
  auto space = workspace(ops::gemm_workspace<float>(on, 5, 3, 9, {}));
  ops::gemm<float>(on, {gpu_x.data(), 5, 9, 9}, {gpu_w.data(), 9, 3, 3}, {gpu_bias.data() + 1, {3}},
                   {gpu_c.data(), 5, 3, 3}, {.activation = relu}, space);
  check_gpu("c", gpu_c, c);
}

TEST_CASE("a convolution says where its pictures must begin, and predicting takes parts that do", "[cuda]") {
  const Cuda on;
  const Tensor<float> x = random_tensor<float>({7, 3, 3, 1}, 8);
  const auto there = on_gpu(x);
  const auto describe = [](const auto& device) {
    return Sequential{device, Shape{3, 3, 1}, Conv2D{4, 3, relu}, Flatten{}, Dense{2}};
  };
  const auto gpu_model = describe(on);
  check_gpu("predicted", gpu_model.predict(there, 3), describe(Cpu{1}).predict(x));
  CHECK_THROWS_WITH(gpu_model.predict(there.view().slice(1, 7)),
                    Contains("x (6, 3, 3, 1) must begin at a multiple of 16 bytes"));
}

TEST_CASE("what cuDNN cannot count is a ShapeError", "[cuda]") {
  ops::kernel::TensorDescriptor pictures;
  CHECK_THROWS_WITH(ops::kernel::describe_pictures(pictures, CUDNN_DATA_FLOAT, {1 << 12, 1 << 10, 1 << 9, 1}),
                    Contains("2147483648") && Contains("use a smaller batch"));
}
