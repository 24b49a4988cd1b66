// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstdint>

#include "brindle/ops/zero_padding2d/cuda_kernels.hpp"
#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEMPLATE_TEST_CASE("zero_padding2d has the bits of its reference, and so have the GPU's kernels",
                   "[ops][zero_padding2d]", float, double) {
  for (const Border& border : {Border(0), Border(2), Border(1, 3), Border({0, 1}, {2, 0}), Border(3, 0, 0, 5)})
    for (const Shape4& in : {Shape4{1, 1, 1, 1}, Shape4{2, 5, 3, 7}, Shape4{3, 40, 17, 33}}) {
      INFO(to_string(border) << " around " << to_string(in));
      const Shape4 out = ops::zero_padding2d_shape(in, border);
      const Tensor<TestType> x = random_tensor<TestType>(in, 1), dy = random_tensor<TestType>(out, 2);
      Tensor<TestType> y_(out), dx_(in), y = unwritten<TestType>(out), dx = unwritten<TestType>(in);
      ops::reference::zero_padding2d<TestType>(x, y_, border);
      ops::reference::zero_padding2d_backward<TestType>(dy, dx_, border);
      for (const int threads : {1, 2, 3}) {
        ops::zero_padding2d<TestType>(Cpu(threads), x, y, border);
        ops::zero_padding2d_backward<TestType>(Cpu(threads), dy, dx, border);
        CHECK(same_bits(y, y_));
        CHECK(same_bits(dx, dx_));
      }
      y = unwritten<TestType>(out), dx = unwritten<TestType>(in);
      const ops::kernel::ZeroPaddingForward<TestType> forward{x.data(), y.data(), in.h,       in.w,       in.c,
                                                              out.h,    out.w,    border.top, border.left};
      const ops::kernel::ZeroPaddingBackward<TestType> backward{dy.data(), dx.data(), in.h,       in.w,       in.c,
                                                                out.h,     out.w,     border.top, border.left};
      for (std::int64_t i = y.size() - 1; i >= 0; --i) forward(i);
      for (std::int64_t i = dx.size() - 1; i >= 0; --i) backward(i);
      CHECK(same_bits(y, y_));
      CHECK(same_bits(dx, dx_));
    }
}

TEST_CASE("zero_padding2d's gradient is that of its output", "[ops][zero_padding2d][gradient]") {
  const Cpu on(1);
  const Border border({1, 0}, {2, 3});
  Tensor<double> x = random_tensor<double>({2, 3, 4, 2}, 1), dx(x.shape()), y({2, 4, 9, 2});
  const Tensor<double> dy = random_tensor<double>(y.shape(), 2);
  ops::zero_padding2d_backward<double>(on, dy, dx, border);
  check_gradient("dx", x, dx, [&] {
    ops::zero_padding2d<double>(on, x, y, border);
    return inner_product(y, dy);
  });
}

TEST_CASE("zero_padding2d names the border and the shapes that do not fit", "[ops][zero_padding2d][errors]") {
  CHECK_THROWS_WITH(ops::zero_padding2d_shape({1, 4, 4, 3}, Border({0, -1}, {0, 0})), Contains("((0, -1), (0, 0))"));
  Tensor<float> x({1, 4, 4, 3}), y({1, 5, 5, 3});
  CHECK_THROWS_WITH(ops::zero_padding2d<float>(Cpu(1), x, y, 1), Contains("(1, 6, 6, 3)") && Contains("(1, 5, 5, 3)"));
}
