// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <utility>

#include "support/kernels.hpp"
#include "support/optimizer_golden.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEMPLATE_TEST_CASE("rmsprop agrees with Keras", "[ops][rmsprop][golden]", float, double) {
  const Golden golden("optimizers.npz");
  const Cpu on(2);
  const auto check = [&](const std::string& name, ops::RMSpropOptions o, double decay = 0) {
    Tensor<TestType> v({12}), mean({12}), move({12});
    const double rate = o.learning_rate;
    check_optimizer_path<TestType>(golden, name, optimizer_golden, [&](auto& w, auto g, std::int64_t t) {
      o.learning_rate = rate / (1 + decay * static_cast<double>(t - 1));
      ops::rmsprop<TestType>(on, w, g, v, mean, move, o);
    });
    golden.check(name + ".slot0", v, optimizer_golden);
    if (o.momentum != 0) golden.check(name + ".slot1", move, optimizer_golden);
    if (o.centered) golden.check(name + ".slot1", mean, optimizer_golden);
  };
  check("rmsprop", {});
  check("rmsprop_1e-4", {.learning_rate = 1e-4});
  check("rmsprop_2e-5", {.learning_rate = 2e-5});
  check("rmsprop_momentum", {.momentum = 0.9});
  check("rmsprop_centered", {.centered = true});
  check("rmsprop_keras2", {.keras2 = true});
  check("rmsprop_keras2_decay", {.keras2 = true}, 1e-2);
}

TEMPLATE_TEST_CASE("rmsprop agrees with its reference at odd sizes and any number of threads",
                   "[ops][rmsprop][threads]", float, double) {
  for (const int threads : {1, 2, 3})
    for (const bool centered : {false, true})
      for (const double momentum : {0.0, 0.5})
        for (const std::int64_t size : {1, 15, 16, 17, 150, 40001}) {
          const ops::RMSpropOptions o{.learning_rate = 0.1, .momentum = momentum, .centered = centered};
          const Tensor<TestType> g = random_tensor<TestType>({size}, 1);
          Tensor<TestType> w = random_tensor<TestType>({size}, 2), v = random_tensor<TestType>({size}, 3, 1, 2);
          Tensor<TestType> mean({size}), move({size});
          Tensor<TestType> w_ = w.clone(), v_ = v.clone(), mean_({size}), move_({size});
          ops::rmsprop<TestType>(Cpu(threads), w, g, v, mean, move, o);
          ops::reference::rmsprop<TestType>(w_, g, v_, mean_, move_, o);
          check_close("w", w, w_, reordered_sum.of<TestType>());
          check_close("v", v, v_, reordered_sum.of<TestType>());
          check_close("mean", mean, mean_, reordered_sum.of<TestType>());
          check_close("move", move, move_, reordered_sum.of<TestType>());
        }
}

TEST_CASE("rmsprop's bits do not depend on how the parameters are cut", "[ops][rmsprop]") {
  const std::int64_t size = 1003;
  const Tensor<float> g = random_tensor<float>({size}, 1);
  Tensor<float> w = random_tensor<float>({size}, 2), v({size}), w_ = w.clone(), v_({size});
  ops::rmsprop<float>(Cpu(1), w, g, v, {}, {}, {});
  for (std::int64_t begin = 0; begin < size; begin += 13) {
    const std::int64_t end = std::min(begin + 13, size);
    ops::rmsprop<float>(Cpu(1), w_.view().slice(begin, end), g.view().slice(begin, end), v_.view().slice(begin, end),
                        {}, {}, {});
  }
  CHECK(same_bits(w, w_));
  CHECK(same_bits(v, v_));
}

TEST_CASE("rmsprop's errors name both shapes", "[ops][rmsprop][errors]") {
  const Cpu on(1);
  Tensor<float> w({4}), g({3});
  CHECK_THROWS_WITH(ops::rmsprop<float>(on, w, g, w, {}, {}, {}), Contains("(4)") && Contains("(3)"));
  CHECK_THROWS_WITH(ops::rmsprop<float>(on, w, w, w, {}, {}, {.centered = true}), Contains("mean") && Contains("(0)"));
  CHECK_THROWS_WITH(ops::rmsprop<float>(on, w, w, w, {}, {}, {.momentum = 0.9}), Contains("move") && Contains("(0)"));
}
