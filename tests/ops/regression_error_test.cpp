// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>

#include "support/gradient.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;
using Kind = ops::RegressionError;

TEMPLATE_TEST_CASE("regression_error is the mean of what each output is off by, at any size and number of threads",
                   "[ops][regression_error]", float, double) {
  for (const std::int64_t n : {1, 17, 900})
    for (const std::int64_t k : {1, 3, 1500}) {
      if (n * k > 100000) continue;
      const Tensor<TestType> y = random_tensor<TestType>({n, k}, 1, -3, 3),
                             t = random_tensor<TestType>({n, k}, 2, -3, 3);
      for (const Kind error : {Kind::squared, Kind::absolute, Kind::huber}) {
        const ops::RegressionErrorOptions o{error, 1.25};
        Tensor<double> expected({n});
        for (std::int64_t i = 0; i < n; ++i) {
          for (std::int64_t j = 0; j < k; ++j) {
            const double e = std::abs(static_cast<double>(y[i * k + j]) - static_cast<double>(t[i * k + j]));
            const double huber = e <= 1.25 ? e * e / 2 : 1.25 * e - 1.25 * 1.25 / 2;
            expected[i] += error == Kind::squared ? e * e : error == Kind::absolute ? e : huber;
          }
          expected[i] /= static_cast<double>(k);
        }
        Tensor<TestType> each({n}), dy(y.shape()), three({n}), dy_three(y.shape());
        ops::regression_error<TestType>(Cpu(1), y, t, {}, each, dy, o);
        ops::regression_error<TestType>(Cpu(3), y, t, {}, three, dy_three, o);
        check_close("each", each, expected, sizeof(TestType) == 4 ? 2e-5 : 1e-12);
        CHECK(same_bits(each, three));
        CHECK(same_bits(dy, dy_three));
      }
    }
}

TEST_CASE("regression_error's gradient is that of its weighted mean, 0 where an output is right, in place too",
          "[ops][regression_error][gradient]") {
  const Cpu on(2);
  const Shape shape{7, 4};
  const Tensor<double> t = random_tensor<double>(shape, 3, -3, 3), weight = random_tensor<double>({7}, 2, 0, 2);
  for (const Kind error : {Kind::squared, Kind::absolute, Kind::huber}) {
    const ops::RegressionErrorOptions o{error, 0.8};
    Tensor<double> y = random_tensor<double>(shape, 4, -3, 3), each({7}), dy(shape);
    ops::regression_error<double>(on, y, t, weight, each, dy, o);
    check_gradient("dy", y, dy, [&] {
      ops::regression_error<double>(on, y, t, weight, each, {}, o);
      return inner_product(each, weight) / 7;
    });
    y[5] = t[5];
    ops::regression_error<double>(on, y, t, weight, each, dy, o);
    CHECK(dy[5] == 0);
    ops::regression_error<double>(on, y, t, weight, each, y, o);
    CHECK(same_bits(y, dy));
  }
}

TEST_CASE("regression_error refuses sizes that differ", "[ops][regression_error]") {
  const Cpu on(1);
  Tensor<float> y({2, 3}), t({2, 2}), each({2});
  CHECK_THROWS_WITH(ops::regression_error<float>(on, y, t, {}, each, {}),
                    Contains("regression_error") && Contains("(2, 2)"));
}
