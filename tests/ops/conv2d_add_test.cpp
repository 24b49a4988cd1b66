// SPDX-License-Identifier: MIT
// A convolution with a residual: the bits of the convolution, the sum and the activation one after the other.
#include <catch2/catch.hpp>
#include <cstddef>

#include "brindle/ops/add/add.hpp"
#include "support/convolution_cases.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEMPLATE_TEST_CASE("a convolution with a residual has the bits of its three parts", "[ops][conv2d]", float, double) {
  using T = TestType;
  each_longer_convolution<T>([](LongerConvolution<T>& c) {
    ops::add<T>(c.on, c.expected, c.residual, c.expected);
    ops::activate<T>(c.on, c.f, c.expected, c.expected);
    c.each_call([&](const Cpu& on, const auto& space, const auto& prepared) {
      ops::conv2d_add<T>(on, c.x, c.w, c.bias, c.residual, c.y, c.o, space, prepared);
      CHECK(same_bits(c.y, c.expected));
    });
  });
}

TEST_CASE("a residual of another shape is refused, with both shapes", "[ops][conv2d]") {
  const Cpu on(1);
  const Tensor<float> x = random_tensor<float>({1, 4, 4, 8}, 1), w = random_tensor<float>({1, 1, 8, 8}, 2);
  Tensor<float> y({1, 4, 4, 8}), few({1, 4, 4, 1});
  auto space = unwritten<std::byte>({ops::conv2d_forward_workspace<float>(on, x.shape(), w.shape(), {})});
  CHECK_THROWS_WITH(ops::conv2d_add<float>(on, x, w, {}, few, y, {}, space),
                    Contains("residual") && Contains("(1, 4, 4, 8)") && Contains("(1, 4, 4, 1)"));
}
