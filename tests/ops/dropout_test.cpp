// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "brindle/ops/dropout/cuda_kernels.hpp"
#include "support/golden.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEMPLATE_TEST_CASE("dropout with a mask agrees with Keras", "[ops][dropout][golden]", float, double) {
  const Golden golden("dropout.npz");
  const Cpu on(2);
  const Tolerance tolerance = std::is_same_v<TestType, float> ? exact : dropout_golden;
  for (const std::string& name : golden.cases()) {
    const double rate = golden.get<double>(name + ".rate")[0];
    const Tensor<std::uint8_t> mask = golden.get<std::uint8_t>(name + ".mask");
    for (const auto& [in, out] : {std::pair{".x", ".y"}, std::pair{".dy", ".dx"}}) {
      const Tensor<TestType> x = golden.get<TestType>(name + in);
      Tensor<TestType> y = unwritten<TestType>(x.shape());
      ops::dropout_masked<TestType>(on, x, mask, y, rate);
      golden.check(name + out, y, tolerance);
    }
  }
}

TEMPLATE_TEST_CASE("dropout agrees with its reference for any number of threads", "[ops][dropout][threads]", float,
                   double) {
  for (const int threads : {1, 2, 3}) {
    const Cpu on(threads);
    for (const std::int64_t size : {1, 3, 63, 64, 65, 150, 40001}) {
      const Random random{42, stream_id("dropout", "dropout_1"), 7};
      const Tensor<TestType> x = random_tensor<TestType>({size}, 1);
      Tensor<TestType> y = unwritten<TestType>(x.shape()), y_(x.shape()), in_place = x.clone();
      ops::dropout<TestType>(on, x, y, 0.3, random);
      ops::reference::dropout<TestType>(x, y_, 0.3, random);
      CHECK(same_bits(y, y_));
      ops::dropout<TestType>(on, in_place, in_place, 0.3, random);
      CHECK(same_bits(in_place, y));
    }
  }
}

TEMPLATE_TEST_CASE("dropout of several elements together agrees with its reference, and the GPU's kernel with it",
                   "[ops][dropout]", float, double) {
  const Random random{42, stream_id("dropout", "dropout_1"), 7};
  const Shape shape{3, 5, 4, 9};
  const Tensor<TestType> x = random_tensor<TestType>(shape, 1);
  for (const Shape& noise : {Shape{3, 1, 1, 1}, Shape{3, 1, 1, 9}, Shape{3, 5, 4, 1}, Shape{1, 5, 1, 9}, shape}) {
    INFO(to_string(noise));
    Tensor<TestType> y_(shape);
    ops::reference::dropout_shared<TestType>(x, noise, y_, 0.4, random);
    for (const int threads : {1, 2, 3}) {
      Tensor<TestType> y = x.clone();
      ops::dropout_shared<TestType>(Cpu(threads), y, noise, y, 0.4, random);
      CHECK(same_bits(y, y_));
    }
    const auto scale = ops::DropoutScale::of(0.4);
    Tensor<TestType> y = unwritten<TestType>(shape);
    const auto kernel = ops::kernel::DropoutShared<TestType>::of(x.data(), y.data(), shape, noise, scale.threshold,
                                                                 static_cast<TestType>(scale.factor), random, nullptr);
    for (std::int64_t i = y.size() - 1; i >= 0; --i) kernel(i);
    CHECK(same_bits(y, y_));
  }
  Tensor<TestType> plain(shape), shared(shape);
  ops::dropout<TestType>(Cpu(1), x, plain, 0.4, random);
  ops::dropout_shared<TestType>(Cpu(1), x, shape, shared, 0.4, random);
  CHECK(same_bits(plain, shared));
  CHECK_THROWS_WITH(ops::dropout_shared<TestType>(Cpu(1), x, {3, 1, 2, 1}, shared, 0.4, random),
                    Contains("(3, 1, 2, 1)"));
}

TEST_CASE("dropout keeps its share, scaled, and draws anew each step", "[ops][dropout]") {
  const Cpu on(2);
  const std::int64_t size = 200000;
  Tensor<float> x({size}), y({size}), next({size});
  for (float& value : x.span()) value = 2;
  ops::dropout<float>(on, x, y, 0.25, {1, 2, 3});
  ops::dropout<float>(on, x, next, 0.25, {1, 2, 4});
  std::int64_t kept = 0, both = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    REQUIRE((y[i] == 0 || y[i] == 2 * static_cast<float>(1 / 0.75)));
    kept += y[i] != 0;
    both += y[i] != 0 && next[i] != 0;
  }
  CHECK(std::abs(static_cast<double>(kept) / size - 0.75) < 0.004);  // four deviations
  CHECK(std::abs(static_cast<double>(both) / size - 0.5625) < 0.005);
  ops::dropout<float>(on, x, y, 0, {1, 2, 3});
  CHECK(same_bits(x, y));
}

TEST_CASE("dropout refuses a rate below 0, and 1 or more", "[ops][dropout][errors]") {
  const Cpu on(1);
  Tensor<float> x({3}), y({4});
  for (const double rate : {-0.1, 1.0, 1.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(ops::dropout<float>(on, x, x, rate, {}), ValueError);
  CHECK_THROWS_WITH(ops::dropout<float>(on, x, x, 1.5, {}), Contains("1.5"));
  CHECK_THROWS_WITH(ops::dropout<float>(on, x, y, 0.5, {}), Contains("(3)") && Contains("(4)"));
}
