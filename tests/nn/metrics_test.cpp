// SPDX-License-Identifier: MIT
#include "brindle/nn/metrics.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>

#include "brindle/nn/cuda_kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

double correct(const Tensor<float>& p, const Tensor<float>& t, const detail::AccuracyOptions& o = {}) {
  return detail::correct_samples<float>(p.view(), t.view(), o);
}

}  // namespace

// The expected numbers are those of Keras 3.15.1: metrics = ["accuracy"], times the number of samples.

TEST_CASE("accuracy of several outputs with one-hot labels is by the largest, as in Keras", "[nn][metrics]") {
  Tensor<float> p({10, 10}), t({10, 10});
  for (std::int64_t i = 0; i < 10; ++i) {
    for (std::int64_t k = 0; k < 10; ++k) p[i * 10 + k] = 0.047f;
    t[i * 10 + i] = 1;
  }
  CHECK(correct(p, t) == 1);  // of 10: equal outputs name class 0
  CHECK(correct(p, t, {.accuracy = Accuracy::binary}) == Approx(9));
  CHECK(correct(tensor_of({2, 3}, {.1f, .3f, .2f, .6f, .9f, .7f}), tensor_of({2, 3}, {0, 1, 0, 1, 1, 0})) == 1);
  CHECK(correct(tensor_of({2, 3}, {.1f, .3f, .2f, .6f, .9f, .7f}), tensor_of({2, 3}, {0, 1, 0, 1, 1, 0}),
                {.accuracy = Accuracy::binary}) == Approx(2.0 / 3 + 2.0 / 3));
  CHECK(correct(tensor_of({2, 3}, {.1f, .3f, .2f, .6f, .9f, .7f}), tensor_of({2, 1}, {1, 0})) == 1);
}

TEST_CASE("accuracy of pictures of outputs is a mean over their places", "[nn][metrics]") {
  const auto labels = tensor_of({1, 4}, {1, 0, 1, 1});
  CHECK(correct(tensor_of({1, 2, 2, 1}, {.9f, .2f, .4f, .6f}), labels) == Approx(0.75));
  CHECK(correct(tensor_of({1, 2, 2}, {.9f, .2f, .4f, .6f}), tensor_of({1, 4}, {1, 0, 1, 0})) == Approx(0.5));
}

TEST_CASE("logits are compared with 0, one by one and by the largest", "[nn][metrics]") {
  const auto logits = tensor_of({4, 1}, {.3f, .4f, -.3f, -2}), labels = tensor_of({4, 1}, {1, 1, 0, 0});
  CHECK(correct(logits, labels, {.from_logits = true}) == 4);
  CHECK_THROWS_WITH(correct(logits, labels), Contains("-0.3") && Contains("sample 2") && Contains(".from_logits"));
  CHECK(correct(tensor_of({2, 2}, {-3, -1, 5, 7}), tensor_of({2, 1}, {1, 0}), {.from_logits = true}) == 1);
  CHECK(correct(tensor_of({1, 3}, {.2f, -.2f, .1f}), tensor_of({1, 3}, {1, 0, 0}),
                {.from_logits = true, .accuracy = Accuracy::binary}) == Approx(2.0 / 3));
}

TEST_CASE("no accuracy is counted of outputs that are no numbers, or of labels of another size", "[nn][metrics]") {
  using limits = std::numeric_limits<float>;
  const auto labels = tensor_of({2, 1}, {0, 1});
  for (const bool logits : {false, true})
    for (const float bad : {limits::quiet_NaN(), limits::infinity(), -limits::infinity()})
      CHECK_THROWS_WITH(correct(tensor_of({2, 1}, {.5f, bad}), labels, {.from_logits = logits}),
                        Contains("sample 1") && Contains("no finite number"));
  CHECK_THROWS_AS(correct(tensor_of({2, 3}, {0, 0, 1, 0, 1, 0}), tensor_of({2, 2}, {0, 1, 1, 0})), ShapeError);
  CHECK_THROWS_AS(correct(tensor_of({2, 3}, {0, 0, 1, 0, 1, 0}), labels, {.accuracy = Accuracy::binary}), ShapeError);
}

TEST_CASE("the GPU counts what the processor does", "[nn][metrics][cuda]") {
  const auto counted = [](const Tensor<float>& y, const Tensor<float>& t, float threshold, bool each_output) {
    const std::int64_t n = y.shape()[0];
    Tensor<float> right({n});
    const detail::CorrectSample<float> kernel{y.data(),     t.data(),     right.data(),
                                              y.size() / n, t.size() / n, each_output ? 1 : y.shape().back(),
                                              false,        threshold};
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) kernel(i), sum += static_cast<double>(right[i]);
    return sum;
  };
  for (const bool logits : {false, true}) {
    const float threshold = logits ? 0.0f : 0.5f;
    const auto y = random_tensor<float>({40, 4}, 3, logits ? -1 : 0, 1);
    Tensor<float> one_hot({40, 4}), numbers({40, 1});
    for (std::int64_t i = 0; i < 40; ++i) one_hot[i * 4 + i % 4] = 1, numbers[i] = static_cast<float>(i % 4);
    CHECK(counted(y, one_hot, threshold, false) == correct(y, one_hot, {.from_logits = logits}));
    CHECK(counted(y, numbers, threshold, false) == correct(y, numbers, {.from_logits = logits}));
    CHECK(counted(y, one_hot, threshold, true) ==
          Approx(correct(y, one_hot, {.from_logits = logits, .accuracy = Accuracy::binary})));
    const auto single = random_tensor<float>({40, 1}, 4, logits ? -1 : 0, 1);
    for (std::int64_t i = 0; i < 40; ++i) numbers[i] = static_cast<float>(i % 2);
    CHECK(counted(single, numbers, threshold, false) == correct(single, numbers, {.from_logits = logits}));
  }
}
