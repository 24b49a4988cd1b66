// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "support/kernels.hpp"
#include "support/optimizer_golden.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEMPLATE_TEST_CASE("sgd agrees with Keras", "[ops][sgd][golden]", float, double) {
  const Golden golden("optimizers.npz");
  const Cpu on(2);
  const auto check = [&](const std::string& name, const ops::SGDOptions& o, const Tolerance& tolerance) {
    Tensor<TestType> v({12});
    check_optimizer_path<TestType>(golden, name, tolerance,
                                   [&](auto& w, auto g, std::int64_t) { ops::sgd<TestType>(on, w, g, v, o); });
    if (o.momentum != 0) golden.check(name + ".slot0", v, tolerance);
  };
  check("sgd", {}, optimizer_golden);
  check("sgd_momentum", {.momentum = 0.9}, optimizer_float32_betas_golden);
  check("sgd_nesterov", {.momentum = 0.9, .nesterov = true}, optimizer_float32_betas_golden);
  // Keras rounds the momentum to float32; with the same number float64 agrees to the last digits.
  const double momentum = static_cast<double>(0.9f);
  check("sgd_momentum", {.momentum = momentum}, optimizer_golden);
  check("sgd_nesterov", {.momentum = momentum, .nesterov = true}, optimizer_golden);
}

TEMPLATE_TEST_CASE("sgd agrees with its reference at odd sizes and any number of threads", "[ops][sgd][threads]", float,
                   double) {
  for (const int threads : {1, 2, 3})
    for (const bool nesterov : {false, true})
      for (const double momentum : {0.0, 0.5})
        for (const std::int64_t size : {1, 15, 16, 17, 150, 40001}) {
          const ops::SGDOptions o{.learning_rate = 0.1, .momentum = momentum, .nesterov = nesterov};
          const Tensor<TestType> g = random_tensor<TestType>({size}, 1);
          Tensor<TestType> w = random_tensor<TestType>({size}, 2), v = random_tensor<TestType>({size}, 3);
          Tensor<TestType> w_ = w.clone(), v_ = v.clone();
          ops::sgd<TestType>(Cpu(threads), w, g, v, o);
          ops::reference::sgd<TestType>(w_, g, v_, o);
          check_close("w", w, w_, reordered_sum.of<TestType>());
          check_close("v", v, v_, reordered_sum.of<TestType>());
        }
}

TEST_CASE("sgd's errors name both shapes", "[ops][sgd][errors]") {
  const Cpu on(1);
  Tensor<float> w({4}), g({3});
  CHECK_THROWS_WITH(ops::sgd<float>(on, w, g, {}, {}), Contains("(4)") && Contains("(3)"));
  CHECK_THROWS_WITH(ops::sgd<float>(on, w, w, {}, {.momentum = 0.9}), Contains("(4)") && Contains("(0)"));
  CHECK_NOTHROW(ops::sgd<float>(on, w, w, {}, {}));
}
