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

/// Rows of labels with the sum 1.
template <class T>
Tensor<T> soft_labels(std::int64_t n, std::int64_t k) {
  Tensor<T> t({n, k});
  ops::softmax<T>(Cpu(1), random_tensor<T>({n, k}, 6, -2, 2), t);
  return t;
}

}  // namespace

TEMPLATE_TEST_CASE("categorical_crossentropy is minus the labels times the logarithms of the softmax",
                   "[ops][categorical_crossentropy]", float, double) {
  for (const std::int64_t n : {1, 17, 150})
    for (const std::int64_t k : {1, 2, 10, 1500}) {
      const Tensor<TestType> z = random_tensor<TestType>({n, k}, 1, -5, 5), t = soft_labels<TestType>(n, k);
      Tensor<TestType> p(z.shape()), each({n}), dz(z.shape()), three({n}), dz_three(z.shape()), from_p({n});
      ops::softmax<TestType>(Cpu(1), z, p);
      Tensor<double> expected({n}), gradient(z.shape());
      for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t j = i * k; j < (i + 1) * k; ++j) {
          expected[i] -= static_cast<double>(t[j]) * std::log(static_cast<double>(p[j]));
          gradient[j] = (static_cast<double>(p[j]) - static_cast<double>(t[j])) / static_cast<double>(n);
        }
      ops::categorical_crossentropy_logits<TestType>(Cpu(1), z, t, {}, each, dz);
      ops::categorical_crossentropy_logits<TestType>(Cpu(3), z, t, {}, three, dz_three);
      check_close("loss", each, expected, sizeof(TestType) == 4 ? 2e-5 : 1e-12);
      check_close("dz", dz, gradient, sizeof(TestType) == 4 ? 2e-5 : 1e-12);
      CHECK(same_bits(each, three));
      CHECK(same_bits(dz, dz_three));
      if (k == 1 || k > 10) continue;  // a class alone, and so many, have probabilities that are clipped
      ops::categorical_crossentropy<TestType>(Cpu(2), p, t, {}, from_p, {});
      check_close("loss of probabilities", from_p, expected, 1e-5);
    }
}

TEST_CASE("categorical_crossentropy's gradients are those of its weighted mean, focal and smoothed too, in place too",
          "[ops][categorical_crossentropy][gradient]") {
  const Cpu on(2);
  const Shape shape{7, 4};
  const Tensor<double> t = soft_labels<double>(7, 4), weight = random_tensor<double>({7}, 2, 0, 2);
  for (const ops::CategoricalCrossentropyOptions& o :
       {ops::CategoricalCrossentropyOptions{}, {.label_smoothing = 0.2}, {.gamma = 2, .alpha = 0.25}, {.gamma = 0.5}}) {
    Tensor<double> each({7}), dx(shape), z = random_tensor<double>(shape, 3, -4, 4);
    const auto mean = [&] { return inner_product(each, weight) / 7; };
    ops::categorical_crossentropy_logits<double>(on, z, t, weight, each, dx, o);
    check_gradient("dz", z, dx, [&] {
      ops::categorical_crossentropy_logits<double>(on, z, t, weight, each, {}, o);
      return mean();
    });
    ops::categorical_crossentropy_logits<double>(on, z, t, weight, each, z, o);
    CHECK(same_bits(z, dx));
    Tensor<double> p = random_tensor<double>(shape, 4, 0.05, 0.9);
    ops::categorical_crossentropy<double>(on, p, t, weight, each, dx, o);
    check_gradient("dp", p, dx, [&] {
      ops::categorical_crossentropy<double>(on, p, t, weight, each, {}, o);
      return mean();
    });
    ops::categorical_crossentropy<double>(on, p, t, weight, each, p, o);
    CHECK(same_bits(p, dx));
  }
}

TEST_CASE("categorical_crossentropy refuses sizes that differ", "[ops][categorical_crossentropy]") {
  const Cpu on(1);
  Tensor<float> z({2, 3}), t({2, 2}), each({2});
  CHECK_THROWS_WITH(ops::categorical_crossentropy_logits<float>(on, z, t, {}, each, {}),
                    Contains("categorical_crossentropy_logits") && Contains("(2, 2)"));
}
