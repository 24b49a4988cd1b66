// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "brindle/ops/binary_crossentropy/cpu.hpp"
#include "support/golden.hpp"
#include "support/gradient.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

template <class T>
Tensor<T> scalar(double value) {
  Tensor<T> t({1});
  t[0] = static_cast<T>(value);
  return t;
}

// sum of w l / N, as the trainer reports it
template <class T>
Tensor<T> mean(const Tensor<T>& each, const Tensor<T>& weight) {
  double sum = 0;
  for (std::int64_t i = 0; i < each.size(); ++i)
    sum += static_cast<double>(each[i]) * (weight.empty() ? 1 : static_cast<double>(weight[i]));
  return scalar<T>(sum / static_cast<double>(each.size()));
}

template <class T>
Tensor<T> times(Tensor<T> t, double factor) {
  for (T& value : t.span()) value = static_cast<T>(static_cast<double>(value) * factor);
  return t;
}

}  // namespace

TEMPLATE_TEST_CASE("binary_crossentropy agrees with Keras", "[ops][binary_crossentropy][golden]", float, double) {
  const Golden golden("bce.npz");
  const Cpu on(2);
  for (const std::string& name : golden.cases("b")) {
    if (!golden.has(name + ".logits")) continue;
    const Tensor<TestType> t = golden.get<TestType>(name + ".labels");
    const Tensor<TestType> weight = golden.get<TestType>(name + ".sample_weight"), none;
    const auto check = [&](const std::string& array, const Tensor<TestType>& actual, const Tolerance& tolerance) {
      // In float32 1 - 1e-7 rounds to 1 - 1.19e-7, so that floats are compared with what Keras makes of floats.
      if (std::is_same_v<TestType, float> && array.find(".fused") == std::string::npos)
        check_close(array, actual, golden.get<double>(array), tolerance.of<TestType>());
      else
        golden.check(array, actual, tolerance);
    };
    const auto all = [&](const std::string& kind, const Tensor<TestType>& x, const Tolerance& tolerance, auto&& loss) {
      const double n = static_cast<double>(x.shape()[0]);
      Tensor<TestType> each = unwritten<TestType>({x.shape()[0]}), dx = unwritten<TestType>(x.shape());
      loss(x, none, each, dx);
      check(name + "." + kind + "_each", each, tolerance);
      check(name + "." + kind + "_each_grad", times(dx.clone(), n), tolerance);
      if (kind == "keras2") return;
      check(name + "." + kind + "_mean", mean(each, none), tolerance);
      check(name + "." + kind + "_mean_grad", dx, tolerance);
      loss(x, weight, each, dx);
      check(name + "." + kind + "_weighted", mean(each, weight), tolerance);
      check(name + "." + kind + "_weighted_grad", dx, tolerance);
    };
    all("fused", golden.get<TestType>(name + ".logits"), bce_logits_golden,
        [&](const auto& x, const auto& w, auto& each, auto& dx) {
          ops::binary_crossentropy_logits<TestType>(on, x, t, w, each, dx);
        });
    all("prob", golden.get<TestType>(name + ".prob"), bce_probability_golden,
        [&](const auto& x, const auto& w, auto& each, auto& dx) {
          ops::binary_crossentropy<TestType>(on, x, t, w, each, dx);
        });
    all("keras2", golden.get<TestType>(name + ".prob"), bce_probability_golden,
        [&](const auto& x, const auto& w, auto& each, auto& dx) {
          ops::binary_crossentropy<TestType>(on, x, t, w, each, dx, {.keras2 = true});
        });
  }
}

TEST_CASE("binary_crossentropy's gradients are those of its weighted mean", "[ops][binary_crossentropy][gradient]") {
  const Cpu on(2);
  const Shape shape{7, 3};
  const Tensor<double> t = random_tensor<double>(shape, 1, 0, 1), weight = random_tensor<double>({7}, 2, 0, 2);
  Tensor<double> each({7}), dx(shape);
  for (const bool keras2 : {false, true}) {
    Tensor<double> z = random_tensor<double>(shape, 3, -4, 4);
    const auto by_logits = [&] {
      ops::binary_crossentropy_logits<double>(on, z, t, weight, each, {}, {.keras2 = keras2});
      return mean(each, weight)[0];
    };
    ops::binary_crossentropy_logits<double>(on, z, t, weight, each, dx, {.keras2 = keras2});
    check_gradient("dz", z, dx, by_logits);
    Tensor<double> p = random_tensor<double>(shape, 4, 0.05, 0.95);
    const auto by_probabilities = [&] {
      ops::binary_crossentropy<double>(on, p, t, weight, each, {}, {.keras2 = keras2});
      return mean(each, weight)[0];
    };
    ops::binary_crossentropy<double>(on, p, t, weight, each, dx, {.keras2 = keras2});
    check_gradient("dp", p, dx, by_probabilities);
  }
}

TEMPLATE_TEST_CASE("binary_crossentropy is finite for the most wrong answers", "[ops][binary_crossentropy]", float,
                   double) {
  const Cpu on(1);
  for (const bool keras2 : {false, true})
    for (const TestType target : {0.f, 1.f})
      for (const TestType logit : {-1e30f, -200.f, 200.f, 1e30f}) {
        Tensor<TestType> z({1, 1}), t({1, 1}), each({1}), dz({1, 1});
        z[0] = logit, t[0] = target;
        ops::binary_crossentropy_logits<TestType>(on, z, t, {}, each, dz, {.keras2 = keras2});
        CHECK(std::isfinite(each[0]));
        CHECK(std::isfinite(dz[0]));
        z[0] = logit > 0 ? 1 : 0;
        ops::binary_crossentropy<TestType>(on, z, t, {}, each, dz, {.keras2 = keras2});
        CHECK(std::isfinite(each[0]));
        CHECK(dz[0] == 0);
      }
}

TEST_CASE("binary_crossentropy gives the same bits for any number of threads", "[ops][binary_crossentropy][threads]") {
  const Tensor<float> z = random_tensor<float>({5000, 3}, 1, -9, 9), t = random_tensor<float>({5000, 3}, 2, 0, 1);
  Tensor<float> each({5000}), dz({5000, 3}), each_({5000}), dz_({5000, 3});
  ops::reference::binary_crossentropy_logits<float>(z, t, {}, each_, dz_);
  for (const int threads : {1, 2, 3}) {
    ops::binary_crossentropy_logits<float>(Cpu(threads), z, t, {}, each, dz);
    CHECK(same_bits(each, each_));
    CHECK(same_bits(dz, dz_));
  }
}

TEST_CASE("binary_crossentropy's errors name both shapes", "[ops][binary_crossentropy][errors]") {
  const Cpu on(1);
  Tensor<float> z({4, 1}), t({4}), each({4}), short_each({3});
  CHECK_THROWS_WITH(ops::binary_crossentropy_logits<float>(on, z, t, {}, each, {}),
                    Contains("(4, 1)") && Contains("(4)"));
  CHECK_THROWS_WITH(ops::binary_crossentropy<float>(on, z, z, {}, short_each, {}), Contains("(4)") && Contains("(3)"));
  CHECK_THROWS_WITH(ops::binary_crossentropy<float>(on, z, z, short_each, each, {}),
                    Contains("(4)") && Contains("(3)"));
}
