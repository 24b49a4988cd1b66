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

namespace {

Tensor<std::int32_t> some_classes(std::int64_t n, std::int64_t k) {
  Tensor<std::int32_t> classes({n});
  for (std::int64_t i = 0; i < n; ++i) classes[i] = static_cast<std::int32_t>(i * 7 % k);
  return classes;
}

double weighted_mean(const Tensor<double>& each, const Tensor<double>& weight) {
  return inner_product(each, weight) / static_cast<double>(each.size());
}

}  // namespace

TEMPLATE_TEST_CASE("sparse_categorical_crossentropy is minus the log of the class's softmax",
                   "[ops][sparse_categorical_crossentropy]", float, double) {
  const Cpu on(2);
  for (const std::int64_t n : {1, 17, 150})
    for (const std::int64_t k : {1, 2, 10, 1500}) {
      const Tensor<TestType> z = random_tensor<TestType>({n, k}, 1, -5, 5);
      const Tensor<std::int32_t> classes = some_classes(n, k);
      Tensor<TestType> p(z.shape()), each({n}), expected({n}), from_p({n}), dz(z.shape()), dz_(z.shape());
      ops::softmax<TestType>(on, z, p);
      for (std::int64_t i = 0; i < n; ++i) {
        expected[i] = -std::log(p[i * k + classes[i]]);
        for (std::int64_t j = 0; j < k; ++j)
          dz_[i * k + j] = (p[i * k + j] - (j == classes[i] ? 1 : 0)) / static_cast<TestType>(n);
      }
      ops::sparse_categorical_crossentropy_logits<TestType>(on, z, classes, {}, each, dz);
      check_close("loss", each, expected, reordered_sum.of<TestType>());
      check_close("dz", dz, dz_, reordered_sum.of<TestType>());
      if (k > 10) continue;  // so many classes have probabilities that are clipped
      ops::sparse_categorical_crossentropy<TestType>(on, p, classes, {}, from_p, {});
      check_close("loss of probabilities", from_p, expected, 1e-5);
    }
}

TEST_CASE("sparse_categorical_crossentropy's gradients are those of its weighted mean",
          "[ops][sparse_categorical_crossentropy][gradient]") {
  const Cpu on(2);
  const Shape shape{7, 4};
  const Tensor<std::int32_t> classes = some_classes(7, 4);
  const Tensor<double> weight = random_tensor<double>({7}, 2, 0, 2);
  Tensor<double> each({7}), dx(shape), z = random_tensor<double>(shape, 3, -4, 4);
  ops::sparse_categorical_crossentropy_logits<double>(on, z, classes, weight, each, dx);
  check_gradient("dz", z, dx, [&] {
    ops::sparse_categorical_crossentropy_logits<double>(on, z, classes, weight, each, {});
    return weighted_mean(each, weight);
  });
  Tensor<double> p = random_tensor<double>(shape, 4, 0.05, 0.9);
  p[1] = 0, p[5] = 1;  // clipped, so without a gradient
  ops::sparse_categorical_crossentropy<double>(on, p, classes, weight, each, dx);
  CHECK(dx[1] == 0);
  CHECK(dx[5] == 0);
  p[1] = 0.5, p[5] = 0.5;
  ops::sparse_categorical_crossentropy<double>(on, p, classes, weight, each, dx);
  check_gradient("dp", p, dx, [&] {
    ops::sparse_categorical_crossentropy<double>(on, p, classes, weight, each, {});
    return weighted_mean(each, weight);
  });
}

TEMPLATE_TEST_CASE("sparse_categorical_crossentropy is finite for the most wrong answers",
                   "[ops][sparse_categorical_crossentropy]", float, double) {
  const Cpu on(1);
  Tensor<TestType> z({1, 3}), each({1}), dz({1, 3});
  Tensor<std::int32_t> classes({1});
  z[0] = -1e30f, z[1] = 1e30f, z[2] = 0;
  ops::sparse_categorical_crossentropy_logits<TestType>(on, z, classes, {}, each, dz);
  CHECK(each[0] == Approx(2e30));
  CHECK(dz[0] == -1);
  CHECK(dz[1] == 1);
  z[0] = 0, z[1] = 1, z[2] = 0;
  ops::sparse_categorical_crossentropy<TestType>(on, z, classes, {}, each, dz);
  CHECK(each[0] == Approx(-std::log(1e-7)).epsilon(1e-5));
  for (const TestType value : dz.span()) CHECK(std::isfinite(value));
}

TEST_CASE("sparse_categorical_crossentropy names the sample whose class is out of range",
          "[ops][sparse_categorical_crossentropy][errors]") {
  const Cpu on(1);
  Tensor<float> z({4, 3}), each({4});
  Tensor<std::int32_t> classes({4}), two({2});
  classes[2] = 3;
  CHECK_THROWS_WITH(ops::sparse_categorical_crossentropy_logits<float>(on, z, classes, {}, each, {}),
                    Contains("0 to 2") && Contains("got 3") && Contains("sample 2"));
  classes[2] = -1;
  CHECK_THROWS_AS(ops::sparse_categorical_crossentropy<float>(on, z, classes, {}, each, {}), ValueError);
  CHECK_THROWS_WITH(ops::sparse_categorical_crossentropy<float>(on, z, two, {}, each, {}),
                    Contains("(4)") && Contains("(2)"));
}
