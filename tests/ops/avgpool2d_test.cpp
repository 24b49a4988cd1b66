// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "brindle/ops/avgpool2d/cuda_kernels.hpp"
#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEMPLATE_TEST_CASE("avgpool2d agrees with its reference, and the GPU's kernels with it, at odd sizes",
                   "[ops][avgpool2d]", float, double) {
  const Cpu on(3);
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const Size2 window : {Size2{1}, Size2{2}, Size2{3}, Size2{1, 4}})
      for (const Size2 stride : {Size2{0}, Size2{1}, Size2{3, 2}})
        for (const Shape4& shape : {Shape4{1, 4, 4, 1}, Shape4{2, 5, 7, 3}, Shape4{3, 17, 16, 9}}) {
          const ops::AveragePool2DOptions o{window, stride, padding};
          INFO(to_string(shape) << " window " << to_string(window) << " stride " << to_string(stride));
          const Tensor<TestType> x = random_tensor<TestType>(shape, 5);
          const Shape out = ops::avgpool2d_shape(shape, o);
          const Tensor<TestType> dy = random_tensor<TestType>(out, 6);
          Tensor<TestType> y = unwritten<TestType>(out), y_(out), dx = unwritten<TestType>(shape), dx_(shape);
          ops::avgpool2d<TestType>(on, x, y, o);
          ops::reference::avgpool2d<TestType>(x, y_, o);
          check_close("y", y, y_, reordered_sum.of<TestType>());
          ops::avgpool2d_backward<TestType>(on, dy, dx, o);
          ops::reference::avgpool2d_backward<TestType>(dy, dx_, o);
          check_close("dx", dx, dx_, reordered_sum.of<TestType>());

          Tensor<TestType> gpu_y = unwritten<TestType>(out), gpu_dx = unwritten<TestType>(shape);
          const auto at = ops::kernel::PoolWindows::of(shape, out, o);
          const ops::kernel::AveragePoolForward<TestType> forward{x.data(), gpu_y.data(), at};
          const ops::kernel::AveragePoolBackward<TestType> backward{dy.data(), gpu_dx.data(), at};
          for (std::int64_t i = gpu_y.size() - 1; i >= 0; --i) forward(i);
          for (std::int64_t i = gpu_dx.size() - 1; i >= 0; --i) backward(i);
          check_close("y of the GPU's kernel", gpu_y, y_, reordered_sum.of<TestType>());
          check_close("dx of the GPU's kernel", gpu_dx, dx_, reordered_sum.of<TestType>());
        }
}

TEST_CASE("avgpool2d's gradient is that of its output", "[ops][avgpool2d][gradient]") {
  const Cpu on(1);
  for (const Size2 stride : {Size2{0}, Size2{1}}) {
    const ops::AveragePool2DOptions o{3, stride, Padding::same};
    Tensor<double> x = random_tensor<double>({2, 7, 6, 3}, 1), dx(x.shape()), y(ops::avgpool2d_shape(x.shape(), o));
    const Tensor<double> dy = random_tensor<double>(y.shape(), 2);
    ops::avgpool2d_backward<double>(on, dy, dx, o);
    check_gradient("dx", x, dx, [&] {
      ops::avgpool2d<double>(on, x, y, o);
      return inner_product(y, dy);
    });
  }
}

TEST_CASE("avgpool2d has the same bits for any number of threads", "[ops][avgpool2d]") {
  const ops::AveragePool2DOptions o{3, 2, Padding::same};
  const Tensor<float> x = random_tensor<float>({3, 41, 40, 20}, 1);
  Tensor<float> y(ops::avgpool2d_shape(x.shape(), o)), again(y.shape()), dx(x.shape()), dx_again(x.shape());
  ops::avgpool2d<float>(Cpu(1), x, y, o);
  ops::avgpool2d_backward<float>(Cpu(1), y, dx, o);
  for (const int threads : {2, 3}) {
    ops::avgpool2d<float>(Cpu(threads), x, again, o);
    ops::avgpool2d_backward<float>(Cpu(threads), y, dx_again, o);
    CHECK(same_bits(y, again));
    CHECK(same_bits(dx, dx_again));
  }
}

TEST_CASE("avgpool2d names both sizes when the window is too large", "[ops][avgpool2d][errors]") {
  const Cpu on(1);
  CHECK_THROWS_WITH(ops::avgpool2d_shape({1, 4, 4, 3}, {.window = 9}), Contains("(9, 9)") && Contains("(1, 4, 4, 3)"));
  CHECK_THROWS_AS(ops::avgpool2d_shape({1, 4, 4, 3}, {.window = 0}), ValueError);
  CHECK_THROWS_WITH(ops::avgpool2d_shape({1, 4, 4, 3}, {.zeros = 1}),
                    Contains("avgpool2d: expected no zeros around x"));
  CHECK_THROWS_AS(ops::avgpool2d_shape({1, 4, 4, 3}, {.stride = -1}), ValueError);
  Tensor<float> x({1, 4, 4, 3}), y({1, 2, 1, 3});
  CHECK_THROWS_WITH(ops::avgpool2d<float>(on, x, y, {}), Contains("(1, 2, 2, 3)") && Contains("(1, 2, 1, 3)"));
}
