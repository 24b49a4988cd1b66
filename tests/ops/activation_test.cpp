#include "brindle/ops/activation.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

#include "brindle/ops/cpu_bias_activation.hpp"
#include "support/gradient.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {
constexpr ActivationFunction all[] = {linear, relu, sigmoid, softmax};
}

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

TEST_CASE("activations' errors name both shapes", "[ops][activation][errors]") {
  const Cpu on(1);
  Tensor<float> x({2, 3}), y({3, 2});
  for (const ActivationFunction f : all) {
    CHECK_THROWS_WITH(ops::activate<float>(on, f, x, y), Contains("(2, 3)") && Contains("(3, 2)"));
    CHECK_THROWS_WITH(ops::activation_backward<float>(on, f, x, x, y), Contains("(2, 3)") && Contains("(3, 2)"));
  }
}
