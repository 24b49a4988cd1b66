// SPDX-License-Identifier: MIT
#include "brindle/ops/l2_penalty/l2_penalty.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

#include "brindle/ops/l2_penalty/cuda_kernels.hpp"
#include "support/each_index.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
namespace kernel = brindle::ops::kernel;

TEMPLATE_TEST_CASE("l2_penalty adds the factor times the sum of squares, the same bits for any number of threads",
                   "[ops][l2_penalty]", float, double) {
  for (const std::int64_t n : {1, 7, 16, 150, 16384, 40001}) {
    const Tensor<TestType> w = random_tensor<TestType>({n}, static_cast<std::uint64_t>(n), -1, 1);
    Tensor<double> total({1}), three({1}), workspace({ops::l2_penalty_workspace<TestType>(Cpu(1), n)});
    total[0] = three[0] = 0.5;
    ops::l2_penalty<TestType>(Cpu(1), w, 0.01, total, workspace);
    ops::l2_penalty<TestType>(Cpu(3), w, 0.01, three, workspace);
    CHECK(total[0] == Approx(0.5 + ops::reference::l2_penalty<TestType>(w, 0.01)).epsilon(1e-12));
    CHECK(same_bits(total, three));
  }
}

TEMPLATE_TEST_CASE("l2_penalty's gradient is twice the factor times the weights, added to what is there",
                   "[ops][l2_penalty][gradient]", float, double) {
  for (const std::int64_t n : {1, 15, 33, 40001}) {
    const Tensor<TestType> w = random_tensor<TestType>({n}, 3, -1, 1);
    Tensor<TestType> g = random_tensor<TestType>({n}, 4, -1, 1);
    Tensor<TestType> expected = g.clone(), three = g.clone(), gpu = g.clone();
    for (std::int64_t i = 0; i < n; ++i) expected[i] += static_cast<TestType>(2 * 0.03) * w[i];
    ops::l2_penalty_backward<TestType>(Cpu(1), w, 0.03, g);
    ops::l2_penalty_backward<TestType>(Cpu(3), w, 0.03, three);
    each_index(n, kernel::AddPenaltyGradient<TestType>{w.data(), static_cast<TestType>(2 * 0.03), gpu.data()});
    check_close("gradient", g, expected, std::is_same_v<TestType, double> ? 1e-15 : 1e-6);
    check_close("gradient of the GPU", gpu, expected, std::is_same_v<TestType, double> ? 1e-15 : 1e-6);
    CHECK(same_bits(g, three));
  }
}

TEST_CASE("the GPU adds penalties up as the processor does", "[ops][l2_penalty][cuda_kernels]") {
  double total = 1;
  const double sum = 4;
  kernel::AddPenalty{&sum, 0.5, &total}(0);
  CHECK(total == 3);
}

TEST_CASE("l2_penalty refuses sizes that differ and a workspace that is too small", "[ops][l2_penalty]") {
  Tensor<float> w({100}), g({99});
  Tensor<double> total({1}), workspace({1}), two({2});
  CHECK_THROWS_WITH(ops::l2_penalty_backward<float>(Cpu(1), w, 1, g),
                    Catch::Contains("l2_penalty_backward") && Catch::Contains("(99)"));
  CHECK_THROWS_WITH(ops::l2_penalty<float>(Cpu(1), w, 1, total, workspace),
                    Catch::Contains("l2_penalty: expected a workspace of at least 2 numbers, got 1"));
  CHECK_THROWS_AS(ops::l2_penalty<float>(Cpu(1), w, 1, two, two), ShapeError);
}
