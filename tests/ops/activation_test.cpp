// SPDX-License-Identifier: MIT
#include "brindle/ops/activation.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>

#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {
constexpr ActivationFunction all[] = {linear, relu, sigmoid, softmax};
constexpr ActivationFunction elementwise[] = {
    linear,  relu, sigmoid, relu6, leaky_relu, elu, silu, hard_silu, hard_sigmoid, gelu, ActivationFunction::tanh,
    softplus};

/// f of all elements, by the op.
template <class T>
Tensor<T> activated(ActivationFunction f, const Tensor<T>& x) {
  Tensor<T> y = unwritten<T>(x.shape());
  ops::activate<T>(Cpu(1), f, x, y);
  return y;
}
}  // namespace

TEMPLATE_TEST_CASE("activations agree with their references, in place too", "[ops][activation]", float, double) {
  const Cpu on(3);
  for (const ActivationFunction f : all)
    for (const std::int64_t size : {1, 7, 15, 16, 17, 150, 40000}) {
      INFO(to_string(f) << " of " << size);
      const Tensor<TestType> x = random_tensor<TestType>({3, size}, 1, -9, 9);
      Tensor<TestType> y = unwritten<TestType>(x.shape()), y_(x.shape()), in_place = x.clone();
      ops::activate<TestType>(on, f, x, y);
      ops::reference::activate<TestType>(f, x, y_);
      check_close("y", y, y_, 4 * std::numeric_limits<TestType>::epsilon(), 1e-12);
      ops::activate<TestType>(on, f, in_place, in_place);
      CHECK(same_bits(in_place, y));
    }
}

TEST_CASE("activations' gradients are those of their outputs", "[ops][activation][gradient]") {
  const Cpu on(1);
  for (const ActivationFunction f : all) {
    INFO(to_string(f));
    Tensor<double> x = random_tensor<double>({3, 11}, 1, -2, 2), y(x.shape()), dx = unwritten<double>(x.shape());
    const Tensor<double> dy = random_tensor<double>(x.shape(), 2);
    const auto loss = [&] {
      ops::activate<double>(on, f, x, y);
      return inner_product(y, dy);
    };
    loss();
    ops::activation_backward<double>(on, f, y, dy, dx);
    check_gradient("dx", x, dx, loss);
    loss();
    Tensor<double> in_dy = dy.clone();
    ops::activation_backward<double>(on, f, y, in_dy, in_dy);
    CHECK(same_bits(in_dy, dx));
  }
}

TEMPLATE_TEST_CASE("activations at the ends of the number line", "[ops][activation]", float, double) {
  const Cpu on(1);
  const TestType inf = std::numeric_limits<TestType>::infinity();
  const TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  const auto at = [&](ActivationFunction f, TestType value) {
    Tensor<TestType> x({1});
    x[0] = value;
    ops::activate<TestType>(on, f, x, x);
    return x[0];
  };
  CHECK(at(sigmoid, 0) == TestType(0.5));
  CHECK(at(sigmoid, inf) == 1);
  CHECK(at(sigmoid, 1e4f) == 1);
  CHECK(at(sigmoid, -1e4f) < TestType(1e-37));
  CHECK(at(sigmoid, -inf) < TestType(1e-37));
  CHECK(std::isnan(at(sigmoid, nan)));
  CHECK(std::isnan(at(relu, nan)));
  CHECK(at(relu, -inf) == 0);
  CHECK(at(relu, inf) == inf);
  Tensor<TestType> x({2, 3});
  x[0] = 1e30f, x[1] = 1e30f, x[2] = -1e30f, x[3] = nan;
  ops::softmax<TestType>(on, x, x);
  CHECK(x[0] == TestType(0.5));
  CHECK(x[2] < TestType(1e-37));
  CHECK(std::isnan(x[4]));
}

TEMPLATE_TEST_CASE("an activation's bits depend neither on place nor on alignment", "[ops][activation]", float,
                   double) {
  const Cpu on(2);
  const std::int64_t size = 1003;
  const Tensor<TestType> x = random_tensor<TestType>({size}, 1, -9, 9);
  Tensor<TestType> y({size});
  ops::sigmoid<TestType>(on, x, y);
  for (std::int64_t begin = 1; begin < 20; ++begin) {
    Tensor<TestType> part({size - begin});
    ops::sigmoid<TestType>(on, x.view().slice(begin, size), part);
    for (std::int64_t i = 0; i < part.size(); ++i) REQUIRE(part[i] == y[begin + i]);
  }
}

TEST_CASE("the list of activations in this test is the library's", "[ops][activation]") {
  CHECK(std::size(elementwise) == static_cast<std::size_t>(softmax));
  for (std::size_t i = 0; i < std::size(elementwise); ++i) CHECK(elementwise[i] == static_cast<ActivationFunction>(i));
}

TEST_CASE("packets of every activation agree with the function in double, to a millionth", "[ops][activation]") {
  const Cpu on(3);
  for (const ActivationFunction f : elementwise)
    for (const std::int64_t size : {1, 15, 17, 40000}) {
      INFO(to_string(f) << " of " << size);
      const Tensor<float> x = random_tensor<float>({size}, 1, -9, 9), g = random_tensor<float>({size}, 2);
      Tensor<float> y = unwritten<float>({size}), dx = unwritten<float>({size});
      ops::activate<float>(on, f, x, y);
      const Tensor<float>& z = ops::gradient_from_input(f) ? x : y;
      ops::activation_backward<float>(on, f, z, g, dx);
      double worst = 0, worst_gradient = 0;
      for (std::int64_t i = 0; i < size; ++i) {
        const double in_double = ops::kernel::activations::value(f, double(x[i]));
        worst = std::max(worst, std::abs(y[i] - in_double) / std::max(std::abs(in_double), 1e-6));
        const double slope = ops::kernel::activations::gradient(f, double(z[i]), double(g[i]));
        worst_gradient = std::max(worst_gradient, std::abs(dx[i] - slope));
      }
      CHECK(worst < (f == gelu ? 5e-6 : 1e-6));  // far out, gelu's error is that of x times the square of x
      CHECK(worst_gradient < 1e-6);
    }
}

TEST_CASE("every activation's gradient is that of central differences", "[ops][activation][gradient]") {
  const Cpu on(1);
  for (const ActivationFunction f : elementwise) {
    INFO(to_string(f));
    Tensor<double> x = random_tensor<double>({3, 37}, 1, -8, 8), y(x.shape()), dx = unwritten<double>(x.shape());
    const Tensor<double> dy = random_tensor<double>(x.shape(), 2);
    const auto loss = [&] {
      ops::activate<double>(on, f, x, y);
      return inner_product(y, dy);
    };
    loss();
    ops::activation_backward<double>(on, f, ops::gradient_from_input(f) ? x : y, dy, dx);
    check_gradient("dx", x, dx, loss);
    loss();
    Tensor<double> in_dy = dy.clone();
    ops::activation_backward<double>(on, f, ops::gradient_from_input(f) ? x : y, in_dy, in_dy);
    CHECK(same_bits(in_dy, dx));
  }
}

TEST_CASE("rectifiers and elu with settings agree with their definition and its differences", "[ops][activation]") {
  const Cpu on(2);
  for (const double max_value : {6.0, 1.5, std::numeric_limits<double>::infinity()})
    for (const double slope : {0.0, 0.25})
      for (const double threshold : {0.0, 1.0, 2.0}) {
        INFO("max " << max_value << ", slope " << slope << ", threshold " << threshold);
        const ops::RectifierOptions o{.max_value = max_value, .negative_slope = slope, .threshold = threshold};
        Tensor<double> x = random_tensor<double>({517}, 1, -8, 8), y = unwritten<double>({517}), dx({517});
        const Tensor<double> dy = random_tensor<double>({517}, 2);
        const auto loss = [&] {
          ops::rectify<double>(on, x, y, o);
          return inner_product(y, dy);
        };
        loss();
        for (std::int64_t i = 0; i < x.size(); ++i)
          CHECK(y[i] == Approx(x[i] > threshold ? std::min(x[i], max_value) : slope * (x[i] - threshold)));
        ops::rectify_backward<double>(on, x, dy, dx, o);
        check_gradient("dx", x, dx, loss);
        Tensor<double> expected({517});
        ops::reference::rectify_backward<double>(x, dy, expected, o);
        CHECK(same_bits(dx, expected));
      }
  Tensor<double> x = random_tensor<double>({100}, 1, -4, 4), y({100}), dx({100});
  const Tensor<double> dy = random_tensor<double>({100}, 2);
  const auto loss = [&] {
    ops::elu<double>(on, x, y, 0.7);
    return inner_product(y, dy);
  };
  loss();
  for (std::int64_t i = 0; i < x.size(); ++i) CHECK(y[i] == Approx(x[i] > 0 ? x[i] : 0.7 * (std::exp(x[i]) - 1)));
  ops::elu_backward<double>(on, y, dy, dx, 0.7);
  check_gradient("dx", x, dx, loss);
}

TEST_CASE("rectifiers with the settings of a named activation have its bits", "[ops][activation]") {
  const Cpu on(1);
  const Tensor<float> x = random_tensor<float>({1001}, 3, -9, 9), dy = random_tensor<float>({1001}, 4);
  const auto same = [&](ActivationFunction f, const ops::RectifierOptions& o) {
    INFO(to_string(f));
    const Tensor<float> named = activated(f, x);
    Tensor<float> y({1001}), dx({1001}), named_dx({1001});
    ops::rectify<float>(on, x, y, o);
    CHECK(same_bits(y, named));
    ops::rectify_backward<float>(on, x, dy, dx, o);
    ops::activation_backward<float>(on, f, named, dy, named_dx);
    CHECK(same_bits(dx, named_dx));
  };
  same(relu6, {.max_value = 6});
  same(leaky_relu, {.negative_slope = 0.2});
}

TEST_CASE("every activation keeps NaN, and is finite wherever it has a limit", "[ops][activation]") {
  constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const ActivationFunction f : elementwise) {
    INFO(to_string(f));
    Tensor<float> x({5});
    x[0] = nan, x[1] = -inf, x[2] = -1e38f, x[3] = 1e38f, x[4] = inf;
    const Tensor<float> y = activated(f, x);
    CHECK(std::isnan(y[0]));
    for (std::int64_t i = 1; i < 5; ++i) CHECK_FALSE(std::isnan(y[i]));
    const ops::kernel::activations::Range range = ops::kernel::activations::range_of(f);
    for (std::int64_t i = 1; i < 5; ++i) CHECK((y[i] >= float(range.lowest) && y[i] <= float(range.highest)));
    const Tensor<float> inner = activated(f, random_tensor<float>({5000}, 5, -7, 7));
    const auto [low, high] = std::minmax_element(inner.data(), inner.data() + inner.size());
    CHECK(*low >= float(range.lowest));
    CHECK(*high <= float(range.highest));
    if (range.lowest == 0) CHECK(*low < 0.01f);
    if (range.lowest > -2 && range.lowest < 0) CHECK(*low < float(range.lowest) + 0.01f);
    if (range.highest == 1) CHECK(*high > 0.99f);
  }
}

TEST_CASE("tails of convolutions and products have the bits of the activation alone", "[ops][activation]") {
  const Cpu on(2);
  const auto check = [&](const char* what, ActivationFunction f, auto&& run) {
    INFO(what << " " << to_string(f));
    CHECK(same_bits(run(f), activated(f, run(linear))));
  };
  for (const ActivationFunction f : elementwise) {
    // Winograd with tiles of 4x4 and 3x3, whole and cut; the implicit product with whole and half packets of channels.
    for (const Shape& shape : {Shape{2, 9, 9, 20}, Shape{1, 10, 7, 16}, Shape{2, 6, 21, 32}})
      for (const std::int64_t kernel : {1, 3})
        for (const std::int64_t co : {16, 21}) {
          const Tensor<float> x = random_tensor<float>(shape, 1, -4, 4);
          const Tensor<float> w = random_tensor<float>({kernel, kernel, shape[3], co}, 2);
          const Tensor<float> bias = random_tensor<float>({co}, 3);
          check("conv2d", f, [&](ActivationFunction g) {
            const ops::Conv2DOptions o{.padding = Padding::same, .activation = g};
            Tensor<float> y = unwritten<float>({shape[0], shape[1], shape[2], co});
            Tensor<std::byte> workspace({ops::conv2d_forward_workspace<float>(on, Shape4(shape), w.shape(), o)});
            ops::conv2d<float>(on, x, w, bias, y, o, workspace.view());
            return y;
          });
        }
    for (const std::int64_t m : {3, 70})
      for (const std::int64_t n : {17, 160})
        for (const bool transpose_b : {false, true}) {
          const std::int64_t k = 300;
          const Tensor<float> a = random_tensor<float>({m, k}, 1), b = random_tensor<float>({k, n}, 2),
                              bias = random_tensor<float>({n}, 3);
          check("gemm", f, [&](ActivationFunction g) {
            const ops::GemmOptions o{.transpose_b = transpose_b, .activation = g};
            Tensor<float> c = unwritten<float>({m, n});
            Tensor<std::byte> workspace({ops::gemm_workspace<float>(on, m, n, k, o)});
            ops::gemm<float>(on, {a.data(), m, k, k},
                             transpose_b ? ops::MatrixView<const float>{b.data(), n, k, k}
                                         : ops::MatrixView<const float>{b.data(), k, n, n},
                             bias, {c.data(), m, n, n}, o, workspace.view());
            return c;
          });
          if (!transpose_b)
            check("dense", f, [&](ActivationFunction g) {
              Tensor<float> y = unwritten<float>({m, n});
              Tensor<std::byte> workspace({ops::dense_workspace<float>(on, a.shape(), b.shape())});
              ops::dense<float>(on, a, b, bias, y, g, workspace.view());
              return y;
            });
        }
  }
}

TEST_CASE("activations are found by Keras's names, the old ones of silu too", "[ops][activation]") {
  for (const ActivationFunction f : elementwise) CHECK(activation_function(to_string(f)) == f);
  CHECK(activation_function("softmax") == softmax);
  CHECK(activation_function("swish") == silu);
  CHECK(activation_function("hard_swish") == hard_silu);
  CHECK_THROWS_WITH(activation_function("mish"), Contains("\"mish\"") && Contains("linear, relu, sigmoid, relu6") &&
                                                     Contains("softplus or softmax"));
}

TEST_CASE("activations' errors name both shapes", "[ops][activation][errors]") {
  const Cpu on(1);
  Tensor<float> x({2, 3}), y({3, 2});
  for (const ActivationFunction f : all) {
    CHECK_THROWS_WITH(ops::activate<float>(on, f, x, y), Contains("(2, 3)") && Contains("(3, 2)"));
    CHECK_THROWS_WITH(ops::activation_backward<float>(on, f, x, x, y), Contains("(2, 3)") && Contains("(3, 2)"));
  }
}
