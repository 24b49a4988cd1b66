// SPDX-License-Identifier: MIT
// A convolution with a residual: the bits of the convolution, the sum and the activation one after the other.
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

#include "brindle/ops/add/add.hpp"
#include "support/convolution_cases.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEMPLATE_TEST_CASE("a convolution with a residual has the bits of its three parts", "[ops][conv2d]", float, double) {
  using T = TestType;
  for (const bool precise : {false, true})
    for (ConvolutionCase c : convolution_cases())
      for (const ActivationFunction f : {linear, relu, relu6, silu}) {
        const Cpu on(Cpu::Options{.threads = 2, .precise = precise});
        INFO("x " << to_string(Shape(c.x)) << ", w " << to_string(c.w) << ", " << to_string(f) << ", "
                  << ops::conv2d_kernel_name<T>(on, c.x, c.w, c.o));
        const Tensor<T> x = random_tensor<T>(c.x, 1), w = random_tensor<T>(c.w, 2),
                        bias = random_tensor<T>({c.w.co}, 3);
        const Shape shape = ops::conv2d_shape(c.x, c.w, c.o);
        const Tensor<T> residual = random_tensor<T>(shape, 4);
        auto expected = unwritten<T>(shape), y = unwritten<T>(shape);
        auto space = unwritten<std::byte>({ops::conv2d_forward_workspace<T>(on, c.x, c.w, c.o)});
        auto prepared = unwritten<std::byte>({ops::conv2d_prepared_bytes<T>(on, c.x, c.w, c.o)});
        c.o.activation = linear;
        ops::conv2d<T>(on, x, w, bias, expected, c.o, space);
        ops::add<T>(on, expected, residual, expected);
        ops::activate<T>(on, f, expected, expected);
        c.o.activation = f;
        ops::conv2d_prepare<T>(on, c.x, w, c.o, false, prepared);
        for (const int threads : {1, 2, 3}) {
          const Cpu of(Cpu::Options{.threads = threads, .precise = precise});
          auto room = unwritten<std::byte>({ops::conv2d_forward_workspace<T>(of, c.x, c.w, c.o)});
          ops::conv2d_add<T>(of, x, w, bias, residual, y, c.o, room);
          CHECK(same_bits(y, expected));
          ops::conv2d_add<T>(of, x, w, bias, residual, y, c.o, room, prepared);
          CHECK(same_bits(y, expected));
        }
      }
}

TEST_CASE("a residual of another shape is refused, with both shapes", "[ops][conv2d]") {
  const Cpu on(1);
  const Tensor<float> x = random_tensor<float>({1, 4, 4, 8}, 1), w = random_tensor<float>({1, 1, 8, 8}, 2);
  Tensor<float> y({1, 4, 4, 8}), few({1, 4, 4, 1});
  auto space = unwritten<std::byte>({ops::conv2d_forward_workspace<float>(on, x.shape(), w.shape(), {})});
  CHECK_THROWS_WITH(ops::conv2d_add<float>(on, x, w, {}, few, y, {}, space),
                    Contains("residual") && Contains("(1, 4, 4, 8)") && Contains("(1, 4, 4, 1)"));
}
