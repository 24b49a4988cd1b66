// SPDX-License-Identifier: MIT
#include "brindle/ops/concatenate/concatenate.hpp"

#include <catch2/catch.hpp>

#include "support/kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEMPLATE_TEST_CASE("parts of a concatenation go to their places and come back", "[ops][concatenate]", float, double) {
  for (const int threads : {1, 3}) {
    const Cpu on(threads);
    const auto a = random_tensor<TestType>({6, 500, 3}, 1), b = random_tensor<TestType>({6, 500, 40}, 2);
    Tensor<TestType> y = unwritten<TestType>({6, 500, 43}), expected(y.shape());
    ops::concatenate_part<TestType>(on, 3000, 3, 0, 43, a, y);
    ops::concatenate_part<TestType>(on, 3000, 40, 3, 43, b, y);
    ops::reference::concatenate_part<TestType>(3000, 3, 0, 43, a, expected);
    ops::reference::concatenate_part<TestType>(3000, 40, 3, 43, b, expected);
    CHECK(same_bits(y, expected));
    CHECK(y[43 + 3] == b[40]);
    Tensor<TestType> back = unwritten<TestType>(b.shape());
    ops::concatenate_part_backward<TestType>(on, 3000, 40, 3, 43, y, back);
    CHECK(same_bits(back, b));
  }
}

TEST_CASE("what is no part of a concatenation is refused", "[ops][concatenate]") {
  const Tensor<float> x({4, 3});
  Tensor<float> y({4, 5});
  CHECK_THROWS_WITH(ops::concatenate_part<float>(Cpu{1}, 4, 3, 3, 5, x, y), Contains("(4, 3) is no part of (4, 5)"));
  CHECK_THROWS_WITH(ops::concatenate_part_backward<float>(Cpu{1}, 4, 2, 0, 5, y, Tensor<float>({4, 3})),
                    Contains("(4, 3) is no part of (4, 5)"));
}
