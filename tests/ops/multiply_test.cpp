// SPDX-License-Identifier: MIT
#include "brindle/ops/multiply/multiply.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

const Shape factors_of_pictures[] = {{3, 5, 4, 19}, {3, 1, 1, 19}, {3, 5, 4, 1}, {3, 1, 1, 1}};

}  // namespace

TEMPLATE_TEST_CASE("multiply agrees with its reference for whole factors and gates", "[ops][multiply]", float, double) {
  const double eps = std::numeric_limits<TestType>::epsilon();
  for (const Shape& shape : factors_of_pictures)
    for (const int threads : {1, 3}) {
      INFO(to_string(shape) << ", " << threads << " threads");
      const Cpu on(threads);
      const auto x = random_tensor<TestType>({3, 5, 4, 19}, 1, -2, 2), factor = random_tensor<TestType>(shape, 2);
      const auto dy = random_tensor<TestType>(x.shape(), 3);
      Tensor<TestType> y = unwritten<TestType>(x.shape()), y_(x.shape()), in_place = x.clone();
      ops::multiply<TestType>(on, x, factor, y);
      ops::reference::multiply<TestType>(x, factor, y_);
      CHECK(same_bits(y, y_));
      ops::multiply<TestType>(on, in_place, factor, in_place);
      CHECK(same_bits(in_place, y_));
      Tensor<TestType> dfactor = unwritten<TestType>(shape), dfactor_(shape);
      ops::multiply_backward<TestType>(on, x, dy, dfactor);
      ops::reference::multiply_backward<TestType>(x, dy, dfactor_);
      check_close("dfactor", dfactor, dfactor_, 40 * eps);
    }
}

TEST_CASE("multiply's gradients are those of its output", "[ops][multiply][gradient]") {
  const Cpu on(2);
  for (const Shape& shape : factors_of_pictures) {
    INFO(to_string(shape));
    Tensor<double> x = random_tensor<double>({3, 5, 4, 19}, 1), factor = random_tensor<double>(shape, 2);
    Tensor<double> y(x.shape()), dx = unwritten<double>(x.shape()), dfactor = unwritten<double>(shape);
    const Tensor<double> dy = random_tensor<double>(x.shape(), 3);
    const auto loss = [&] {
      ops::multiply<double>(on, x, factor, y);
      return inner_product(y, dy);
    };
    ops::multiply<double>(on, dy, factor, dx);
    ops::multiply_backward<double>(on, x, dy, dfactor);
    check_gradient("dx", x, dx, loss);
    check_gradient("dfactor", factor, dfactor, loss);
  }
}

TEST_CASE("multiply refuses factors that do not fit", "[ops][multiply]") {
  const Tensor<float> x({2, 4, 5, 3});
  Tensor<float> y(x.shape());
  for (const Shape& shape : {Shape{1, 1, 1, 3}, Shape{2, 4, 1, 3}, Shape{2, 1, 1, 2}, Shape{2, 3}, Shape{2, 5, 4, 3}})
    CHECK_THROWS_WITH(ops::multiply<float>(Cpu{1}, x, Tensor<float>(shape), y),
                      Contains("multiply: expected a factor of (2, 4, 5, 3)") && Contains(to_string(shape)));
}
