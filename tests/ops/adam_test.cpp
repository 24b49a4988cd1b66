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

TEMPLATE_TEST_CASE("adam agrees with Keras", "[ops][adam][golden]", float, double) {
  const Golden golden("optimizers.npz");
  const Cpu on(2);
  Tensor<TestType> m({12}), v({12});
  check_optimizer_path<TestType>(golden, "adam", optimizer_float32_betas_golden, [&](auto& w, auto g, std::int64_t t) {
    ops::adam<TestType>(on, w, g, m, v, {}, t, {});
  });
  golden.check("adam.slot0", m, optimizer_golden);
  golden.check("adam.slot1", v, optimizer_golden);
}

TEMPLATE_TEST_CASE("adam agrees with its reference at odd sizes and any number of threads", "[ops][adam][threads]",
                   float, double) {
  for (const int threads : {1, 2, 3})
    for (const std::int64_t size : {1, 15, 16, 17, 150, 40001}) {
      const ops::AdamOptions o{.learning_rate = 0.1};
      const Tensor<TestType> g = random_tensor<TestType>({size}, 1);
      Tensor<TestType> w = random_tensor<TestType>({size}, 2), m = random_tensor<TestType>({size}, 3);
      Tensor<TestType> v = random_tensor<TestType>({size}, 4, 1, 2);
      Tensor<TestType> w_ = w.clone(), m_ = m.clone(), v_ = v.clone();
      ops::adam<TestType>(Cpu(threads), w, g, m, v, {}, 5, o);
      ops::reference::adam<TestType>(w_, g, m_, v_, {}, 5, o);
      check_close("w", w, w_, reordered_sum.of<TestType>());
      check_close("m", m, m_, reordered_sum.of<TestType>());
      check_close("v", v, v_, reordered_sum.of<TestType>());
    }
}

TEST_CASE("adam refuses a step number below 1 and names both shapes", "[ops][adam][errors]") {
  const Cpu on(1);
  Tensor<float> w({4}), g({3});
  CHECK_THROWS_WITH(ops::adam<float>(on, w, w, w, w, {}, 0, {}), Contains("got 0"));
  CHECK_THROWS_WITH(ops::adam<float>(on, w, g, w, w, {}, 1, {}), Contains("(4)") && Contains("(3)"));
}
