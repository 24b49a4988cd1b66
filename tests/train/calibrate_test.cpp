// SPDX-License-Identifier: MIT
#include "brindle/train/calibrate.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

/// Samples of `classes` classes that a model of random weights is often wrong about.
data::InMemory calibrated_samples(std::int64_t count, std::int64_t features, std::int64_t classes) {
  Tensor<float> labels({count, 1});
  for (std::int64_t i = 0; i < count; ++i) labels[i] = static_cast<float>(i % classes);
  Tensor<float> x = random_tensor<float>({count, features}, 8);
  for (std::int64_t i = 0; i < count; ++i) x[i * features + i % classes] += 1;
  return data::InMemory(std::move(x), std::move(labels), {});
}

/// Sees input c as the logit of class c, 20 times too sure.
template <class M>
M too_sure(M model) {
  for (auto& layer : model.layers())
    if (!layer->parameters().empty()) {
      Tensor<float>& kernel = layer->parameters()[0].value;
      for (std::int64_t i = 0; i < kernel.size(); ++i)
        kernel[i] = i / kernel.shape().back() == i % kernel.shape().back() ? 20.0f : 0.0f;
    }
  return model;
}

}  // namespace

TEST_CASE("a calibrated model gives the probabilities that fit best, and the same classes", "[train][calibrate]") {
  const data::InMemory data = calibrated_samples(60, 5, 3);
  Sequential<float> model = too_sure(Sequential<float>{{5}, Dense{3, softmax}});
  const Tensor<float> x = [&] {
    Tensor<float> read(Shape{60, 5});
    std::vector<data::Draw> rows;
    for (std::int64_t i = 0; i < 60; ++i) rows.push_back({i, 0});
    data.read(Cpu(1), rows, read.view());
    return read;
  }();
  const Tensor<float> before = model.predict(x);
  const Calibrated c = calibrate(model, data, {.batch = 7});
  CHECK(c.layer == "dense");
  CHECK(c.temperature.value > 4);
  CHECK(c.temperature.reason == TemperatureReason::smallest);
  const Tensor<float> after = model.predict(x);
  CHECK(predicted_classes<float>(after.view()) == predicted_classes<float>(before.view()));
  check_close("probabilities", c.probabilities, after, 1e-6);
  CHECK(calibration(after, data.labels()).negative_log_likelihood ==
        Approx(c.temperature.after.negative_log_likelihood).epsilon(1e-5));
  CHECK(c.temperature.before.negative_log_likelihood > c.temperature.after.negative_log_likelihood);
  CHECK_FALSE(c.options.from_logits);

  const Calibrated again = calibrate(model, data);
  CHECK(again.temperature.value == Approx(1).epsilon(1e-5));
}

TEST_CASE("one sigmoid, several, logits and a softmax behind a pool are calibrated by what they are",
          "[train][calibrate]") {
  const auto calibrated = [](auto model, const data::InMemory& data, const CalibrateOptions& options = {}) {
    return calibrate(model, data, options);
  };
  const data::InMemory two = calibrated_samples(40, 2, 2), three = calibrated_samples(60, 3, 3);
  const Calibrated one = calibrated(too_sure(Sequential<float>{{2}, Dense{1, sigmoid}}), two);
  CHECK(one.probabilities.shape() == Shape{40, 1});
  const double separate =
      calibrated(too_sure(Sequential<float>{{2}, Dense{1}, Activation{sigmoid}}), two).temperature.value;
  CHECK(separate == Approx(one.temperature.value));
  CHECK(calibrated(too_sure(Sequential<float>{{2}, Dense{1}}), two, {.from_logits = true}).temperature.value ==
        Approx(one.temperature.value));
  const Calibrated softmax_of = calibrated(too_sure(Sequential<float>{{3}, Dense{3, softmax}}), three);
  CHECK(calibrated(too_sure(Sequential<float>{{3}, Dense{3}}), three, {.from_logits = true}).temperature.value ==
        Approx(softmax_of.temperature.value));
  // Dropout behind it keeps a loss, and so the plan, from taking over the softmax.
  CHECK(calibrated(too_sure(Sequential<float>{{3}, Dense{3, softmax}, Dropout{0.5}}), three).temperature.value ==
        Approx(softmax_of.temperature.value).epsilon(0.02));

  Tensor<float> labels({40, 2});
  for (std::int64_t i = 0; i < 80; ++i) labels[i] = static_cast<float>(i / 3 % 2);
  Tensor<float> x = random_tensor<float>({40, 2}, 3);
  for (std::int64_t i = 0; i < 80; ++i) x[i] += labels[i];
  const data::InMemory several(std::move(x), std::move(labels), {});
  const Calibrated each = calibrated(too_sure(Sequential<float>{{2}, Dense{2, sigmoid}}), several);
  CHECK(each.options.each_output);
  CHECK(calibrated(too_sure(Sequential<float>{{2}, Dense{2}}), several, {.from_logits = true, .each_output = true})
            .temperature.value == Approx(each.temperature.value));
}

TEST_CASE("the temperature of a model of logits is that of the logits that it gives", "[train][calibrate]") {
  const data::InMemory three = calibrated_samples(60, 3, 3);
  const auto check = [](auto model, const data::InMemory& data) {
    const Tensor<float> x = [&] {
      Tensor<float> read(model.input_shape().batch(60));
      std::vector<data::Draw> rows;
      for (std::int64_t i = 0; i < 60; ++i) rows.push_back({i, 0});
      data.read(Cpu(1), rows, read.view());
      return read;
    }();
    const double expected = find_temperature(model.predict(x), data.labels(), {.from_logits = true}).value;
    CHECK(calibrate(model, data, {.from_logits = true}).temperature.value == Approx(expected).epsilon(1e-6));
  };
  check(too_sure(Sequential<float>{{3}, Dense{3, relu}}), three);  // the relu is a part of the logits
  check(too_sure(Sequential<float>{{3}, Dense{3}, Dropout{0.5}}), three);
}

TEST_CASE("a model that was calibrated has the same bits for 1, 2 and 3 threads", "[train][calibrate]") {
  const data::InMemory data = calibrated_samples(60, 5, 3);
  std::vector<Tensor<float>> kernels;
  for (const int threads : {1, 2, 3}) {
    Sequential<float> model = too_sure(Sequential<float>{Cpu(threads), {5}, Dense{3, softmax}});
    calibrate(model, data);
    kernels.push_back(model.layer("dense").parameters()[0].value.clone());
  }
  CHECK(same_bits(kernels[0], kernels[1]));
  CHECK(same_bits(kernels[0], kernels[2]));
}

TEST_CASE("where no temperature is the best the model keeps its bits", "[train][calibrate]") {
  Tensor<float> x({4, 2}), labels({4, 1});
  for (std::int64_t i = 0; i < 4; ++i) {
    labels[i] = static_cast<float>(i % 2);
    x[i * 2 + i % 2] = 1;
  }
  const data::InMemory separable(std::move(x), std::move(labels), {});
  Sequential<float> model = too_sure(Sequential<float>{{2}, Dense{2, softmax}});
  const Tensor<float> before = model.layer("dense").parameters()[0].value.clone();
  const Calibrated c = calibrate(model, separable);
  CHECK(c.temperature.value == 1);
  CHECK(c.temperature.reason == TemperatureReason::separable);
  CHECK(same_bits(model.layer("dense").parameters()[0].value, before));
}

TEST_CASE("what cannot be calibrated is refused before anything is computed", "[train][calibrate]") {
  const data::InMemory data = calibrated_samples(60, 5, 3);
  const auto message = [&](auto model, const CalibrateOptions& options = {}) {
    try {
      calibrate(model, data, options);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK_THAT(message(Sequential<float>{{5}, Dense{3}}),
             Contains("calibrate: Dense \"dense\"") && Contains(".from_logits = true"));
  CHECK_THAT(message(Sequential<float>{{5}, Dense{3, softmax}}, {.from_logits = true}), Contains("ends in softmax"));
  CHECK_THAT(message(Sequential<float>{{5}, Dense{1, softmax}}), Contains("always 1"));
  CHECK_THAT(message(Sequential<float>{{5}, Dense{3}, BatchNormalization{}, Softmax{}}),
             Contains("calibrate: BatchNormalization"));
  CHECK_THAT(message(Sequential<float>{{6}, Dense{3, softmax}}), Contains("(None, 6)") && Contains("(None, 5)"));
  CHECK_THAT(message(Sequential<float>{{5}, Dense{2, softmax}}), Contains("label 2 is 2"));
  Sequential<float> broken{{5}, Dense{3, softmax}};
  broken.layer("dense").parameters()[1].value[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THAT(message(std::move(broken)), Contains("nan"));
}
