// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "support/golden.hpp"
#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEMPLATE_TEST_CASE("maxpool2d agrees with Keras", "[ops][maxpool2d][golden]", float, double) {
  const Golden golden("maxpool.npz");
  const Cpu on(2);
  for (const std::string& name : golden.cases()) {
    const Tensor<std::int64_t> cfg = golden.get<std::int64_t>(name + ".cfg");
    const ops::MaxPool2DOptions o{
        .window = {cfg[0], cfg[1]}, .stride = {cfg[2], cfg[3]}, .padding = cfg[4] ? Padding::same : Padding::valid};
    const bool overlap = cfg[2] < cfg[0] || cfg[3] < cfg[1];
    const Tensor<TestType> x = golden.get<TestType>(name + ".x"), dy = golden.get<TestType>(name + ".dy");
    Tensor<TestType> y = unwritten<TestType>(dy.shape()), dx = unwritten<TestType>(x.shape());
    Tensor<std::uint8_t> code = unwritten<std::uint8_t>(dy.shape());
    ops::maxpool2d<TestType>(on, x, y, code, o);
    ops::maxpool2d_backward<TestType>(on, dy, code, dx, o);
    golden.check(name + ".y", y, exact);
    golden.check(name + ".dx", dx, overlap ? maxpool_overlap_golden : exact);
  }
}

TEMPLATE_TEST_CASE("maxpool2d agrees with its reference at odd sizes", "[ops][maxpool2d]", float, double) {
  const Cpu on(3);
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const Size2 window : {Size2{2}, Size2{3}, Size2{1, 4}})
      for (const Size2 stride : {Size2{0}, Size2{1}, Size2{3, 2}})
        for (const Shape4& shape : {Shape4{1, 4, 4, 1}, Shape4{2, 5, 7, 3}, Shape4{3, 17, 16, 9}}) {
          const ops::MaxPool2DOptions o{window, stride, padding};
          INFO(to_string(shape) << " window " << to_string(window) << " stride " << to_string(stride));
          Tensor<TestType> x = random_tensor<TestType>(shape, 5);
          for (std::int64_t i = 0; i < x.size(); ++i) x[i] = std::round(x[i] * 3);  // many ties
          const Shape out = ops::maxpool2d_shape(shape, o);
          const Tensor<TestType> dy = random_tensor<TestType>(out, 6);
          Tensor<TestType> y = unwritten<TestType>(out), y_(out), dx = unwritten<TestType>(shape), dx_(shape);
          Tensor<std::uint8_t> code = unwritten<std::uint8_t>(out), code_(out);
          ops::maxpool2d<TestType>(on, x, y, code, o);
          ops::reference::maxpool2d<TestType>(x, y_, code_, o);
          CHECK(same_bits(y, y_));
          CHECK(same_bits(code, code_));
          ops::maxpool2d_backward<TestType>(on, dy, code, dx, o);
          ops::reference::maxpool2d_backward<TestType>(dy, code_, dx_, o);
          check_close("dx", dx, dx_, 0, 0);
          Tensor<TestType> inference = unwritten<TestType>(out);
          ops::maxpool2d<TestType>(on, x, inference, {}, o);
          CHECK(same_bits(inference, y));
        }
}

TEST_CASE("maxpool2d's gradient is that of its output", "[ops][maxpool2d][gradient]") {
  const Cpu on(1);
  for (const Size2 stride : {Size2{0}, Size2{1}}) {
    const ops::MaxPool2DOptions o{3, stride, Padding::same};
    Tensor<double> x = random_tensor<double>({2, 7, 6, 3}, 1), dx(x.shape()), y(ops::maxpool2d_shape(x.shape(), o));
    const Tensor<double> dy = random_tensor<double>(y.shape(), 2);
    Tensor<std::uint8_t> code(y.shape());
    const auto loss = [&] {
      ops::maxpool2d<double>(on, x, y, code, o);
      return inner_product(y, dy);
    };
    loss();
    ops::maxpool2d_backward<double>(on, dy, code, dx, o);
    check_gradient("dx", x, dx, loss);
  }
}

TEMPLATE_TEST_CASE("maxpool2d passes a NaN on", "[ops][maxpool2d]", float, double) {
  const Cpu on(1);
  for (const std::int64_t window : {2, 3})
    for (std::int64_t position = 0; position < window * window; ++position) {
      Tensor<TestType> x = random_tensor<TestType>({1, window, window, 1}, 3), y({1, 1, 1, 1});
      x[position] = std::numeric_limits<TestType>::quiet_NaN();
      Tensor<std::uint8_t> code({1, 1, 1, 1});
      ops::maxpool2d<TestType>(on, x, y, code, {.window = window});
      CHECK(std::isnan(y[0]));
      CHECK(code[0] == position);
    }
}

TEST_CASE("maxpool2d names both sizes when the window is too large", "[ops][maxpool2d][errors]") {
  const Cpu on(1);
  CHECK_THROWS_WITH(ops::maxpool2d_shape({1, 4, 4, 3}, {.window = 9}), Contains("(9, 9)") && Contains("(1, 4, 4, 3)"));
  CHECK_THROWS_AS(ops::maxpool2d_shape({1, 4, 4, 3}, {.window = 0}), ValueError);
  CHECK_THROWS_WITH(ops::maxpool2d_shape({1, 4, 4, 3}, {.padding = Padding::same, .zeros = 1}),
                    Contains("maxpool2d: expected zeros of at least none on each side, with padding valid"));
  CHECK_THROWS_AS(ops::maxpool2d_shape({1, 4, 4, 3}, {.zeros = {0, -1, 0, 0}}), ValueError);
  CHECK_THROWS_AS(ops::maxpool2d_shape({1, 4, 4, 3}, {.stride = -1}), ValueError);
  Tensor<float> x({1, 4, 4, 3}), y({1, 2, 1, 3});
  CHECK_THROWS_WITH(ops::maxpool2d<float>(on, x, y, {}, {}), Contains("(1, 2, 2, 3)") && Contains("(1, 2, 1, 3)"));
  Tensor<float> large({1, 17, 17, 1}), one({1, 1, 1, 1});
  Tensor<std::uint8_t> code({1, 1, 1, 1});
  CHECK_THROWS_WITH(ops::maxpool2d<float>(on, large, one, code, {.window = 17}),
                    Contains("256") && Contains("(17, 17)"));
  CHECK_NOTHROW(ops::maxpool2d<float>(on, large, one, {}, {.window = 17}));
}
