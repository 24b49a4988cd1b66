// SPDX-License-Identifier: MIT
#include "brindle/ops/add/add.hpp"

#include <catch2/catch.hpp>

#include "support/kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

TEMPLATE_TEST_CASE("add agrees with its reference, onto one of its inputs too", "[ops][add]", float, double) {
  for (const std::int64_t size : {1, 7, 16, 40001}) {
    INFO(size);
    const auto a = random_tensor<TestType>({2, size}, 1, -9, 9), b = random_tensor<TestType>({2, size}, 2, -9, 9);
    Tensor<TestType> y = unwritten<TestType>(a.shape()), expected(a.shape()), onto_a = a.clone(), onto_b = b.clone();
    ops::add<TestType>(Cpu{3}, a, b, y);
    ops::reference::add<TestType>(a, b, expected);
    CHECK(same_bits(y, expected));
    ops::add<TestType>(Cpu{1}, onto_a, b, onto_a);
    CHECK(same_bits(onto_a, expected));
    ops::add<TestType>(Cpu{2}, a, onto_b, onto_b);
    CHECK(same_bits(onto_b, expected));
  }
}

TEMPLATE_TEST_CASE("add applies an activation with the bits of an op of its own", "[ops][add]", float, double) {
  for (const ActivationFunction f : {relu, relu6, sigmoid, silu})
    for (const std::int64_t size : {1, 7, 16, 40001}) {
      INFO(to_string(f) << ", " << size);
      const auto a = random_tensor<TestType>({size}, 1, -9, 9), b = random_tensor<TestType>({size}, 2, -9, 9);
      Tensor<TestType> y = unwritten<TestType>(a.shape()), expected(a.shape());
      ops::add<TestType>(Cpu{3}, a, b, y, f);
      ops::add<TestType>(Cpu{1}, a, b, expected);
      ops::activate<TestType>(Cpu{1}, f, expected, expected);
      CHECK(same_bits(y, expected));
    }
}

TEST_CASE("add refuses shapes that differ", "[ops][add]") {
  const Tensor<float> a({2, 3}), b({3, 2});
  Tensor<float> y({2, 3});
  CHECK_THROWS_WITH(ops::add<float>(Cpu{1}, a, b, y), "add: expected b (2, 3), got (3, 2)");
  CHECK_THROWS_WITH(ops::add<float>(Cpu{1}, a, a, y, softmax), Catch::Contains("got softmax: apply ops::softmax"));
}
