// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

#include "brindle/ops/globalpool2d/cuda_kernels.hpp"
#include "support/each_index.hpp"
#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
namespace kernel = brindle::ops::kernel;
using Catch::Contains;

TEMPLATE_TEST_CASE("global pools agree with their reference, and the GPU's kernels with it", "[ops][globalpool2d]",
                   float, double) {
  const Cpu on(3);
  for (const Shape4& in : {Shape4{1, 1, 1, 1}, Shape4{2, 3, 5, 7}, Shape4{3, 7, 7, 255}, Shape4{1, 4, 2, 257}}) {
    INFO(to_string(in));
    Tensor<TestType> x = random_tensor<TestType>(in, 1);
    for (std::int64_t i = 0; i < x.size(); i += 2) x[i] = std::round(x[i] * 2);  // some ties
    const Shape out = ops::globalpool2d_shape(in);
    const Tensor<TestType> dy = random_tensor<TestType>(out, 2);
    Tensor<TestType> y = unwritten<TestType>(out), y_(out), dx = unwritten<TestType>(in), dx_(in);
    Tensor<TestType> gpu_y = unwritten<TestType>(out), gpu_dx = unwritten<TestType>(in);

    ops::global_average_pool2d<TestType>(on, x, y);
    ops::reference::global_average_pool2d<TestType>(x, y_);
    each_index(y.size(), kernel::GlobalAverage<TestType>{x.data(), gpu_y.data(), in.h, in.w, in.c});
    check_close("mean", y, y_, reordered_sum.of<TestType>());
    CHECK(same_bits(gpu_y, y));
    ops::global_average_pool2d_backward<TestType>(on, dy, dx);
    ops::reference::global_average_pool2d_backward<TestType>(dy, dx_);
    each_index(dx.size(), kernel::GlobalAverageBackward<TestType>{dy.data(), gpu_dx.data(), in.h * in.w, in.c});
    CHECK(same_bits(dx, dx_));
    CHECK(same_bits(gpu_dx, dx_));

    ops::global_max_pool2d<TestType>(on, x, y);
    ops::reference::global_max_pool2d<TestType>(x, y_);
    each_index(y.size(), kernel::GlobalMaximum<TestType>{x.data(), gpu_y.data(), in.h * in.w, in.c});
    CHECK(same_bits(y, y_));
    CHECK(same_bits(gpu_y, y_));
    ops::global_max_pool2d_backward<TestType>(on, x, y, dy, dx);
    ops::reference::global_max_pool2d_backward<TestType>(x, y, dy, dx_);
    each_index(y.size(), kernel::GlobalMaximumBackward<TestType>{x.data(), y.data(), dy.data(), gpu_dx.data(),
                                                                 in.h * in.w, in.c});
    CHECK(same_bits(dx, dx_));
    CHECK(same_bits(gpu_dx, dx_));
  }
}

TEST_CASE("the gradients of global pools are those of their outputs", "[ops][globalpool2d][gradient]") {
  const Cpu on(2);
  Tensor<double> x = random_tensor<double>({2, 5, 4, 3}, 1), y({2, 3}), dx(x.shape());
  const Tensor<double> dy = random_tensor<double>(y.shape(), 2);
  ops::global_average_pool2d_backward<double>(on, dy, dx);
  check_gradient("dx of the mean", x, dx, [&] {
    ops::global_average_pool2d<double>(on, x, y);
    return inner_product(y, dy);
  });
  const auto loss = [&] {
    ops::global_max_pool2d<double>(on, x, y);
    return inner_product(y, dy);
  };
  loss();
  ops::global_max_pool2d_backward<double>(on, x, y, dy, dx);
  check_gradient("dx of the maximum", x, dx, loss);
}

TEST_CASE("pixels that share the largest value share its gradient", "[ops][globalpool2d]") {
  const Cpu on(1);
  Tensor<float> x({1, 2, 2, 1}), y({1, 1}), dy({1, 1}), dx(x.shape());
  x[0] = 3, x[1] = 1, x[2] = 3, x[3] = 3;
  dy[0] = 6;
  ops::global_max_pool2d<float>(on, x, y);
  ops::global_max_pool2d_backward<float>(on, x, y, dy, dx);
  CHECK(y[0] == 3);
  CHECK(dx[0] == 2);
  CHECK(dx[1] == 0);
  CHECK(dx[2] == 2);
  CHECK(dx[3] == 2);
}

TEST_CASE("a NaN in a picture is its largest value, and gets the gradient", "[ops][globalpool2d]") {
  const Cpu on(1);
  for (std::int64_t at = 0; at < 4; ++at) {
    Tensor<float> x({1, 2, 2, 1}), y({1, 1}), dy({1, 1}), dx(x.shape());
    x[at] = std::numeric_limits<float>::quiet_NaN();
    dy[0] = 1;
    ops::global_max_pool2d<float>(on, x, y);
    CHECK(std::isnan(y[0]));
    ops::global_max_pool2d_backward<float>(on, x, y, dy, dx);
    for (std::int64_t i = 0; i < 4; ++i) CHECK(dx[i] == (i == at ? 1 : 0));
  }
}

TEST_CASE("global pools name the shape that they expected", "[ops][globalpool2d][errors]") {
  const Cpu on(1);
  Tensor<float> x({2, 4, 4, 3}), y({2, 4});
  CHECK_THROWS_WITH(ops::global_average_pool2d<float>(on, x, y), Contains("(2, 3)") && Contains("(2, 4)"));
  CHECK_THROWS_WITH(ops::globalpool2d_shape({1, 0, 4, 3}), Contains("(1, 0, 4, 3)"));
}
