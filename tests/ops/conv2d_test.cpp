// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "support/convolution.hpp"
#include "support/golden.hpp"
#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

template <class T>
struct PooledConvolution {
  const Cpu& on;
  Tensor<T> x, w, bias, dy;
  ops::Conv2DOptions o;
  Tensor<T> y, dx, dw, db;
  Tensor<std::uint8_t> code;

  PooledConvolution(const Cpu& on_, const Shape4& x_, const ops::FilterShape& w_, const ops::Conv2DOptions& o_)
      : on(on_),
        x(random_tensor<T>(x_, 1)),
        w(random_tensor<T>(w_, 2)),
        bias(random_tensor<T>({w_.co}, 3)),
        dy(random_tensor<T>(ops::conv2d_maxpool2d_shape(x_, w_, o_), 4)),
        o(o_) {}

  void forward() {
    y = unwritten<T>(dy.shape());
    code = unwritten<std::uint8_t>(dy.shape());
    Tensor<std::byte> workspace(Shape{ops::conv2d_forward_workspace<T>(on, x.shape(), w.shape(), o)});
    ops::conv2d_maxpool2d<T>(on, x, w, bias, y, code, o, workspace);
  }

  void run() {
    forward();
    dx = unwritten<T>(x.shape()), dw = unwritten<T>(w.shape()), db = unwritten<T>(bias.shape());
    Tensor<std::byte> workspace = unwritten<std::byte>({ops::conv2d_workspace<T>(on, x.shape(), w.shape(), o)});
    ops::conv2d_maxpool2d_backward_data<T>(on, dy, code, w, dx, o, workspace);
    ops::conv2d_maxpool2d_backward_weights<T>(on, x, dy, code, dw, db, o, workspace);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("conv2d agrees with Keras", "[ops][conv2d][golden]", float, double) {
  const Golden golden("conv.npz");
  const Cpu on(2);
  for (const std::string& name : golden.cases()) {
    const Tensor<std::int64_t> cfg = golden.get<std::int64_t>(name + ".cfg");
    ops::Conv2DOptions o{.stride = {cfg[0], cfg[1]}, .padding = cfg[2] ? Padding::same : Padding::valid};
    o.activation = cfg[3] == 0 ? linear : cfg[3] == 1 ? relu : sigmoid;
    const bool has_bias = cfg[4] != 0;
    const Tensor<TestType> x = golden.get<TestType>(name + ".x"), w = golden.get<TestType>(name + ".kernel");
    const Tensor<TestType> dy = golden.get<TestType>(name + ".dy");
    const Tensor<TestType> bias = has_bias ? golden.get<TestType>(name + ".bias") : Tensor<TestType>();
    Tensor<std::byte> workspace(Shape{ops::conv2d_workspace<TestType>(on, x.shape(), w.shape(), o)});

    Tensor<TestType> y = unwritten<TestType>(dy.shape());
    ops::conv2d<TestType>(on, x, w, bias, y, o, workspace);
    golden.check(name + ".y", y, conv_golden);

    Tensor<TestType> dz(dy.shape()), dx = unwritten<TestType>(x.shape()), dw = unwritten<TestType>(w.shape());
    Tensor<TestType> db = unwritten<TestType>({w.shape()[3]});
    ops::activation_backward<TestType>(on, o.activation, y, dy, dz);
    ops::conv2d_backward_data<TestType>(on, dz, w, dx, o, workspace);
    ops::conv2d_backward_weights<TestType>(on, x, dz, dw, db, o, workspace);
    golden.check(name + ".dx", dx, conv_golden);
    golden.check(name + ".dkernel", dw, conv_golden);
    if (has_bias) golden.check(name + ".dbias", db, conv_golden);
  }
}

TEMPLATE_TEST_CASE("conv2d agrees with its reference at odd sizes", "[ops][conv2d]", float, double) {
  const Cpu on(3);
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const ActivationFunction f : {linear, relu, sigmoid}) {
      const auto check = [&](const Shape4& x, const ops::FilterShape& w, Size2 stride) {
        INFO(to_string(x) << " " << to_string(w) << " stride " << to_string(stride) << " same "
                          << (padding == Padding::same) << " " << to_string(f));
        Convolution<TestType>(on, x, w, {stride, padding, f}).check_reference();
      };
      check({1, 1, 1, 1}, {1, 1, 1, 1}, 1);
      check({2, 5, 4, 3}, {3, 3, 3, 7}, 1);
      check({1, 17, 17, 3}, {3, 3, 3, 16}, 1);
      check({3, 9, 8, 5}, {3, 2, 5, 4}, {2, 3});
      check({2, 7, 7, 2}, {5, 5, 2, 3}, 2);
      check({2, 6, 5, 4}, {1, 1, 4, 9}, {3, 1});
      check({1, 3, 40, 2}, {3, 1, 2, 2}, {1, 7});
    }
  Convolution<TestType>(on, {1, 33, 31, 4}, {3, 3, 4, 5}, {}).check_reference();  // several blocks of pixels
  Convolution<TestType>(on, {5, 3, 3, 130}, {3, 3, 130, 2}, {1, Padding::same}).check_reference();  // slices of taps
  Convolution<TestType>(on, {1, 150, 150, 3}, {3, 3, 3, 2}, {}).check_reference();
}

TEMPLATE_TEST_CASE("conv2d with a 2x2 pool is conv2d and then the pool", "[ops][conv2d]", float, double) {
  const Cpu on(2);
  for (const ActivationFunction f : {linear, relu})
    for (const Padding padding : {Padding::valid, Padding::same}) {
      const auto check = [&](const Shape4& x, const ops::FilterShape& w, Size2 stride) {
        INFO(to_string(x) << " " << to_string(w) << " " << to_string(f));
        const ops::Conv2DOptions o{stride, padding, f};
        PooledConvolution<TestType> fused(on, x, w, o);
        fused.run();
        Convolution<TestType> apart(on, x, w, o);
        apart.run();
        Tensor<TestType> y(fused.y.shape()), dz(apart.dz.shape());
        Tensor<std::uint8_t> code(fused.y.shape());
        ops::reference::conv2d_maxpool2d<TestType>(apart.y, y, code, o);
        check_close("y", fused.y, y, reordered_sum.of<TestType>());
        CHECK(same_bits(fused.code, code));
        ops::reference::conv2d_maxpool2d_expand<TestType>(fused.dy, code, dz);
        Tensor<TestType> dx(x), dw(w), db({w.co});
        ops::reference::conv2d_backward_data<TestType>(dz, apart.w, dx, o);
        ops::reference::conv2d_backward_weights<TestType>(apart.x, dz, dw, db, o);
        check_close("dx", fused.dx, dx, reordered_sum.of<TestType>());
        check_close("dw", fused.dw, dw, reordered_sum.of<TestType>());
        check_close("db", fused.db, db, reordered_sum.of<TestType>());

        Tensor<std::byte> workspace(Shape{ops::conv2d_forward_workspace<TestType>(on, x, w, o)});
        Tensor<TestType> inference = unwritten<TestType>(y.shape());
        ops::conv2d_maxpool2d<TestType>(on, fused.x, fused.w, fused.bias, inference, {}, o, workspace);
        CHECK(same_bits(inference, fused.y));
      };
      check({2, 6, 7, 3}, {3, 3, 3, 5}, 1);
      check({1, 17, 18, 2}, {2, 2, 2, 4}, 1);
      check({3, 11, 9, 4}, {3, 3, 4, 3}, 2);
      check({2, 5, 41, 3}, {3, 3, 3, 16}, 1);
    }
}

TEST_CASE("a pool leaves out the last row and column of an odd output, and they cost nothing", "[ops][conv2d]") {
  const Cpu on(2);
  const auto kernel = [](std::int64_t size, bool pooled) {
    return ops::choose_conv2d_kernel<float>({1, size, size, 32}, {3, 3, 32, 32}, {1, Padding::same}, false, pooled);
  };
  CHECK(kernel(9, false) == ops::Conv2DKernel::winograd_f3);
  CHECK(kernel(9, true) == ops::Conv2DKernel::winograd_f4);  // 8x8 are needed
  for (std::int64_t size = 2; size < 100; ++size) CHECK(kernel(size, true) != ops::Conv2DKernel::winograd_f3);
  for (const Size2 size : {Size2{9, 9}, Size2{13, 18}, Size2{37, 11}}) {
    const ops::Conv2DOptions o{1, Padding::same, relu};
    const ops::FilterShape w{3, 3, 24, 20};
    PooledConvolution<float> fused(on, {3, size.h, size.w, 24}, w, o);
    fused.run();
    INFO(to_string(fused.x.shape()));
    Tensor<float> z({3, size.h, size.w, 20}), y(fused.y.shape()), dz(z.shape());
    Tensor<std::uint8_t> code(fused.code.shape());
    ops::reference::conv2d<float>(fused.x, fused.w, fused.bias, z, o);
    ops::reference::conv2d_maxpool2d<float>(z, y, code, o);
    check_close("y", fused.y, y, reordered_sum.of<float>());
    ops::reference::conv2d_maxpool2d_expand<float>(fused.dy, fused.code, dz);
    Tensor<float> dx(fused.x.shape()), dw(w), db({w.co});
    ops::reference::conv2d_backward_data<float>(dz, fused.w, dx, o);
    ops::reference::conv2d_backward_weights<float>(fused.x, dz, dw, db, o);
    check_close("dx", fused.dx, dx, reordered_sum.of<float>());
    check_close("dw", fused.dw, dw, reordered_sum.of<float>());
    check_close("db", fused.db, db, reordered_sum.of<float>());
  }
}

TEST_CASE("conv2d's gradients are those of its output", "[ops][conv2d][gradient]") {
  const Cpu on(1);
  for (const ActivationFunction f : {linear, relu, sigmoid})
    for (const Padding padding : {Padding::valid, Padding::same}) {
      Convolution<double> c(on, {2, 6, 5, 3}, {3, 2, 3, 4}, {{2, 1}, padding, f});
      const Tensor<double> dy = random_tensor<double>(c.dz.shape(), 9);
      c.run();
      ops::activation_backward<double>(on, f, c.y, dy, c.dz);
      c.run();
      const Tensor<double> dx = c.dx.clone(), dw = c.dw.clone(), db = c.db.clone();
      const auto loss = [&] {
        c.run();
        return inner_product(c.y, dy);
      };
      check_gradient("dx", c.x, dx, loss);
      check_gradient("dw", c.w, dw, loss);
      check_gradient("db", c.bias, db, loss);
    }
}

TEST_CASE("conv2d_maxpool2d's gradients are those of its output", "[ops][conv2d][gradient]") {
  const Cpu on(1);
  for (const ActivationFunction f : {linear, relu}) {
    PooledConvolution<double> c(on, {2, 7, 6, 2}, {3, 3, 2, 3}, {1, Padding::same, f});
    c.run();
    const Tensor<double> dx = c.dx.clone(), dw = c.dw.clone(), db = c.db.clone();
    const auto loss = [&] {
      c.forward();
      return inner_product(c.y, c.dy);
    };
    check_gradient("dx", c.x, dx, loss);
    check_gradient("dw", c.w, dw, loss);
    check_gradient("db", c.bias, db, loss);
  }
}

TEST_CASE("conv2d gives the same bits for any number of threads", "[ops][conv2d][threads]") {
  const ops::Conv2DOptions o{1, Padding::same, relu};
  const Cpu one(1);
  Convolution<float> expected(one, {3, 17, 19, 20}, {3, 3, 20, 24}, o);
  PooledConvolution<float> pooled(one, {3, 17, 19, 20}, {3, 3, 20, 24}, o);
  expected.run();
  pooled.run();
  for (const int threads : {2, 3}) {
    const Cpu on(threads);
    Convolution<float> c(on, {3, 17, 19, 20}, {3, 3, 20, 24}, o);
    c.run();
    CHECK(same_bits(c.y, expected.y));
    CHECK(same_bits(c.dx, expected.dx));
    CHECK(same_bits(c.dw, expected.dw));
    CHECK(same_bits(c.db, expected.db));
    PooledConvolution<float> p(on, {3, 17, 19, 20}, {3, 3, 20, 24}, o);
    p.run();
    CHECK(same_bits(p.y, pooled.y));
    CHECK(same_bits(p.code, pooled.code));
    CHECK(same_bits(p.dx, pooled.dx));
    CHECK(same_bits(p.dw, pooled.dw));
    CHECK(same_bits(p.db, pooled.db));
  }
}

TEST_CASE("conv2d passes a NaN on, through relu and pool too", "[ops][conv2d]") {
  const Cpu on(1);
  PooledConvolution<float> c(on, {1, 4, 4, 1}, {1, 1, 1, 2}, {1, Padding::valid, relu});
  c.x[5] = std::numeric_limits<float>::quiet_NaN();
  c.forward();
  CHECK(std::isnan(c.y[0]));
  CHECK(std::isnan(c.y[1]));
  CHECK(c.code[0] == 3);
  CHECK_FALSE(std::isnan(c.y[2]));
}

TEST_CASE("conv2d accepts an empty batch", "[ops][conv2d]") {
  const Cpu on(2);
  Convolution<float> c(on, {0, 4, 4, 2}, {3, 3, 2, 3}, {});
  c.run();
  for (const float value : c.dw.span()) CHECK(value == 0);
  for (const float value : c.db.span()) CHECK(value == 0);
}

TEST_CASE("conv2d's errors name both shapes", "[ops][conv2d][errors]") {
  const Cpu on(1);
  const Shape4 x{1, 4, 4, 3};
  CHECK_THROWS_WITH(ops::conv2d_shape(x, {3, 3, 5, 8}, {}), Contains("(3, 3, 5, 8)") && Contains("(1, 4, 4, 3)"));
  CHECK_THROWS_WITH(ops::conv2d_shape(x, {7, 3, 3, 8}, {}), Contains("(7, 3, 3, 8)") && Contains("(1, 4, 4, 3)"));
  CHECK_THROWS_WITH(ops::conv2d_shape(x, {3, 3, 3, 8}, {.activation = softmax}), Contains("softmax"));
  CHECK_THROWS_AS(ops::conv2d_shape(x, {3, 3, 3, 8}, {.activation = softmax}), ValueError);
  CHECK_THROWS_WITH(ops::conv2d_shape(x, {3, 3, 3, 8}, {.stride = {0, 1}}), Contains("(0, 1)"));
  CHECK_THROWS_WITH(ops::conv2d_maxpool2d_shape(x, {3, 3, 3, 8}, {.activation = sigmoid}), Contains("sigmoid"));
  CHECK_THROWS_WITH(ops::conv2d_maxpool2d_shape(x, {4, 4, 3, 8}, {}), Contains("(1, 1, 1, 8)"));
  Tensor<float> in(x), w({3, 3, 3, 8}), y({1, 3, 3, 8}), right({1, 2, 2, 8}), bias({7});
  CHECK_THROWS_WITH(ops::conv2d<float>(on, in, w, {}, y, {}, {}), Contains("(1, 2, 2, 8)") && Contains("(1, 3, 3, 8)"));
  CHECK_THROWS_WITH(ops::conv2d<float>(on, in, w, bias, right, {}, {}), Contains("(8)") && Contains("(7)"));
  CHECK_THROWS_WITH(ops::conv2d<float>(on, in, w, {}, right, {}, {}), Contains("workspace") && Contains("got 0"));
  Tensor<float> flat({3, 4});
  CHECK_THROWS_WITH(ops::conv2d<float>(on, flat, w, {}, right, {}, {}), Contains("(3, 4)"));
}
