// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstdint>

#include "brindle/ops/rescale/cuda_kernels.hpp"
#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEMPLATE_TEST_CASE("rescale agrees with its reference for any number of threads, and the GPU's kernels with it",
                   "[ops][rescale]", float, double) {
  for (const std::int64_t channels : {1, 3, 8, 511, 512, 513, 1300})
    for (const bool each : {true, false}) {
      INFO(channels << " channels" << (each ? ", a number each" : ""));
      const Shape shape{3, 29, channels}, numbers{each ? channels : 1};
      const Tensor<TestType> x = random_tensor<TestType>(shape, 1), centre = random_tensor<TestType>({1}, 2),
                             factor = random_tensor<TestType>(numbers, 3), offset = random_tensor<TestType>(numbers, 4);
      Tensor<TestType> expected(shape), first = unwritten<TestType>(shape), back = unwritten<TestType>(shape);
      ops::reference::rescale<TestType>(x, centre, factor, offset, expected);
      ops::rescale<TestType>(Cpu(1), x, centre, factor, offset, first);
      check_close("y", first, expected, reordered_sum.of<TestType>());
      ops::rescale_backward<TestType>(Cpu(1), x, factor, back);
      for (std::int64_t i = 0; i < x.size(); ++i) REQUIRE(back[i] == x[i] * factor[each ? i % channels : 0]);
      for (const int threads : {2, 3}) {
        Tensor<TestType> y = x.clone(), dx = x.clone();  // in place
        ops::rescale<TestType>(Cpu(threads), y, centre, factor, offset, y);
        ops::rescale_backward<TestType>(Cpu(threads), dx, factor, dx);
        CHECK(same_bits(y, first));
        CHECK(same_bits(dx, back));
      }
      using Numbers = ops::kernel::ChannelNumbers<TestType>;
      const auto of = [](const Tensor<TestType>& t) { return Numbers{t.data(), t.size()}; };
      Tensor<TestType> y = unwritten<TestType>(shape), dx = unwritten<TestType>(shape);
      const ops::kernel::RescaleForward<TestType> forward{x.data(), y.data(), of(centre), of(factor), of(offset)};
      const ops::kernel::RescaleBackward<TestType> backward{x.data(), dx.data(), of(factor)};
      for (std::int64_t i = x.size() - 1; i >= 0; --i) forward(i), backward(i);
      check_close("y of the GPU's kernel", y, expected, reordered_sum.of<TestType>());
      CHECK(same_bits(dx, back));
    }
}

TEST_CASE("rescale's gradient is that of its output", "[ops][rescale][gradient]") {
  const Cpu on(1);
  Tensor<double> x = random_tensor<double>({2, 3, 4}, 1), dx(x.shape()), y(x.shape());
  const Tensor<double> dy = random_tensor<double>(y.shape(), 2), factor = random_tensor<double>({4}, 3),
                       one = random_tensor<double>({1}, 4);
  ops::rescale_backward<double>(on, dy, factor, dx);
  check_gradient("dx", x, dx, [&] {
    ops::rescale<double>(on, x, one, factor, one, y);
    return inner_product(y, dy);
  });
}

TEST_CASE("rescale names what does not fit the channels", "[ops][rescale][errors]") {
  Tensor<float> x({2, 3}), two({2}), one({1});
  CHECK_THROWS_WITH(ops::rescale<float>(Cpu(1), x, one, two, one, x), Contains("factor") && Contains("(2, 3)"));
  CHECK_THROWS_WITH(ops::rescale_backward<float>(Cpu(1), x, two, x), Contains("factor") && Contains("(2)"));
}
