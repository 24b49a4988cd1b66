// SPDX-License-Identifier: MIT
#include "brindle/nn/temperature.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

Tensor<float> tensor(const Shape& shape, const std::vector<float>& values) {
  Tensor<float> t(shape);
  std::copy(values.begin(), values.end(), t.data());
  return t;
}

/// The largest difference between softmax or sigmoid of logits / 2 and what the model gives after divide_logits(2).
template <class T>
void check_divided(Model<T>& with, Model<T>& logits, bool sigmoid, const std::string& layer) {
  const Tensor<T> x = random_tensor<T>(with.input_shape().batch(5), 3);
  Tensor<T> y = logits.predict(x);
  for (T& value : y.span()) value /= 2;
  ops::activate<T>(Cpu(1), sigmoid ? ActivationFunction::sigmoid : ActivationFunction::softmax, y.view(), y.view());
  CHECK(divide_logits(with, 2) == layer);
  check_close("divided", with.predict(x), y, 2e-6);
}

}  // namespace

TEST_CASE("the temperature is where SciPy finds the smallest negative log-likelihood", "[nn][temperature]") {
  const Golden golden("calibration.npz");
  REQUIRE(golden.cases().size() == 5);
  for (const std::string& name : golden.cases()) {
    INFO(name);
    const Temperature t = find_temperature(golden.get<float>(name + ".logits"), golden.get<float>(name + ".labels"),
                                           {.from_logits = true, .each_output = name == "each_of_four"});
    const Tensor<double> after = golden.get<double>(name + ".after");
    CHECK(t.reason == TemperatureReason::smallest);
    CHECK(t.value == Approx(golden.get<double>(name + ".temperature")[0]).epsilon(1e-6));
    CHECK(t.before.negative_log_likelihood == Approx(golden.get<double>(name + ".before")[0]).epsilon(1e-9));
    CHECK(t.after.negative_log_likelihood == Approx(after[0]).epsilon(1e-9));
    CHECK(t.after.expected_calibration_error == Approx(after[1]).epsilon(1e-5));
    CHECK(t.after.brier_score == Approx(after[2]).epsilon(1e-5));
    CHECK(t.after.negative_log_likelihood < t.before.negative_log_likelihood);
  }
}

TEST_CASE("the slope by the scale is zero at the temperature, however large or small the logits are",
          "[nn][temperature]") {
  for (const double size : {1e-20, 1e-6, 1.0, 1e6, 1e20}) {
    INFO(size);
    const auto z = static_cast<float>(size);
    // Three of four right, each as sure as the others: exp(-s z) = 1 / 3.
    const Temperature t =
        find_temperature(tensor({4, 1}, {z, z, -z, z}), tensor({4, 1}, {1, 1, 0, 0}), {.from_logits = true});
    CHECK(t.value == Approx(static_cast<double>(z) / std::log(3.0)).epsilon(1e-12));
    CHECK(t.after.expected_calibration_error == Approx(0).margin(1e-12));
  }
}

TEST_CASE("slope and curvature of the likelihood are those of central differences", "[nn][temperature]") {
  const Golden golden("calibration.npz");
  for (const std::string& name : golden.cases()) {
    INFO(name);
    const detail::LabelledLogits all =
        detail::labelled_logits("test", golden.get<float>(name + ".logits"), golden.get<float>(name + ".labels"),
                                {.from_logits = true, .each_output = name == "each_of_four"});
    const double h = 1e-4, at = 0.6;
    const auto low = all.at(at - h), here = all.at(at), high = all.at(at + h);
    CHECK(here.slope == Approx((high.value - low.value) / (2 * h)).epsilon(1e-6));
    CHECK(here.curvature == Approx((high.slope - low.slope) / (2 * h)).epsilon(1e-6));
  }
}

TEST_CASE("where every sample is right, or the outputs know nothing, the temperature stays 1 and says why",
          "[nn][temperature]") {
  const Temperature right =
      find_temperature(tensor({3, 2}, {2, 1, 0, 4, 3, 1}), tensor({3, 1}, {0, 1, 0}), {.from_logits = true});
  CHECK(right.value == 1);
  CHECK(right.reason == TemperatureReason::separable);
  CHECK_THAT(to_string(right.reason), Contains("all samples are classified right"));
  CHECK(right.after.negative_log_likelihood == right.before.negative_log_likelihood);
  const Temperature wrong =
      find_temperature(tensor({3, 1}, {2, -1, 0}), tensor({3, 1}, {0, 1, 1}), {.from_logits = true});
  CHECK(wrong.value == 1);
  CHECK(wrong.reason == TemperatureReason::no_better);
  CHECK_THAT(to_string(wrong.reason), Contains("no better than chance"));
  const Temperature equal =
      find_temperature(tensor({2, 2}, {1, 1, 7, 7}), tensor({2, 1}, {0, 1}), {.from_logits = true});
  CHECK(equal.reason == TemperatureReason::no_better);
}

TEST_CASE("a temperature of one class, of none and of no numbers is refused", "[nn][temperature]") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(find_temperature(tensor({2, 1}, {0.5f, 0.7f}), tensor({2, 1}, {1, 1})),
                    Contains("all 2 labels are 1") && Contains("at least two classes"));
  CHECK_THROWS_WITH(find_temperature(Tensor<float>({0, 1}), Tensor<float>({0, 1})), Contains("no samples"));
  CHECK_THROWS_WITH(find_temperature(tensor({2, 1}, {nan, 0}), tensor({2, 1}, {0, 1})), Contains("sample 0"));
}

TEMPLATE_TEST_CASE("divided logits are the probabilities of that temperature", "[nn][temperature]", float, double) {
  using T = TestType;
  SECTION("a dense layer with softmax") {
    Sequential<T> with{{6}, Dense{5, relu}, Dense{3, softmax}}, logits{{6}, Dense{5, relu}, Dense{3}};
    check_divided<T>(with, logits, false, "dense_1");
  }
  SECTION("one output with a sigmoid of its own") {
    Sequential<T> with{{6}, Dense{1}, Activation{sigmoid}}, logits{{6}, Dense{1}};
    check_divided<T>(with, logits, true, "dense");
  }
  SECTION("SqueezeNet's end: convolution, relu, pool over the picture, softmax") {
    Sequential<T> with{{4, 4, 2}, Conv2D{3, 1, relu}, GlobalAveragePooling2D{}, Dropout{0.5}, Softmax{}};
    Sequential<T> logits{{4, 4, 2}, Conv2D{3, 1, relu}, GlobalAveragePooling2D{}};
    for (auto* model : {&with, &logits}) model->layer("conv2d").parameters()[1].value[1] = T(0.3);
    check_divided<T>(with, logits, false, "conv2d");
  }
  SECTION("rectifiers and pools in between") {
    Sequential<T> with{{4, 4, 2}, SeparableConv2D{3, 3}, LeakyReLU{}, MaxPool2D{2}, ReLU{}, Flatten{}, Softmax{}};
    Sequential<T> logits{{4, 4, 2}, SeparableConv2D{3, 3}, LeakyReLU{}, MaxPool2D{2}, ReLU{}, Flatten{}};
    for (auto* model : {&with, &logits}) model->layer("separable_conv2d").parameters()[2].value[0] = T(0.7);
    check_divided<T>(with, logits, false, "separable_conv2d");
  }
  SECTION("a softmax with copies behind it") {
    Sequential<T> with{{1, 1, 2}, Conv2D{3, 1, softmax}, Flatten{}}, logits{{1, 1, 2}, Conv2D{3, 1}, Flatten{}};
    check_divided<T>(with, logits, false, "conv2d");
  }
  SECTION("a graph whose end is a row") {
    const auto graph = [](bool end) {
      return Model<T>{{4}, [&](auto x) {
                        auto sum = x + x.then(Dense{4, relu});
                        return end ? sum.then(Dense{2, softmax}) : sum.then(Dense{2});
                      }};
    };
    Model<T> with = graph(true), logits = graph(false);
    check_divided<T>(with, logits, false, "dense_1");
  }
}

TEST_CASE("a temperature and its inverse give the weights back, up to rounding", "[nn][temperature]") {
  Sequential<float> model{{6}, Dense{3, softmax}};
  const Tensor<float> before = model.layer("dense").parameters()[0].value.clone();
  divide_logits(model, 1.7);
  divide_logits(model, 1 / 1.7);
  check_close("kernel", model.layer("dense").parameters()[0].value, before, 1e-7);
}

TEST_CASE("a model whose last layers do not allow a temperature is refused by their name, and keeps its weights",
          "[nn][temperature]") {
  const auto refused = [](auto model) {
    const Tensor<float> x = random_tensor<float>(model.input_shape().batch(2), 3), before = model.predict(x);
    std::string message;
    try {
      divide_logits(model, 2);
    } catch (const ValueError& e) {
      message = e.what();
    }
    CHECK(same_bits(model.predict(x), before));
    return message;
  };
  CHECK_THAT(refused(Sequential<float>{{6}, Dense{3}, BatchNormalization{}, Softmax{}}),
             Contains("BatchNormalization \"batch_normalization\"") && Contains("fold the model first"));
  CHECK_THAT(refused(Sequential<float>{{6}, Dense{3, ActivationFunction::tanh}, Softmax{}}),
             Contains("Dense \"dense\" (tanh)"));
  CHECK_THAT(refused(Sequential<float>{{6}, Dense{3}, ReLU{.max_value = 6}, Softmax{}}), Contains("ReLU \"re_lu\""));
  CHECK_THAT(refused(Sequential<float>{{4, 4, 2}, Conv2D{3, 1, softmax}, GlobalAveragePooling2D{}}),
             Contains("Conv2D \"conv2d\" (softmax)"));
  CHECK_THAT(refused(Sequential<float>{{4, 4, 2}, Flatten{}, Softmax{}}), Contains("no Dense layer"));
  CHECK_THAT(refused(Model<float>{{4}, [](auto x) { return (x.then(Dense{2}) + x.then(Dense{2})).then(Softmax{}); }}),
             Contains("Add \"add\"") && Contains("Dense{classes, softmax}"));
  Sequential<float> model{{6}, Dense{3, softmax}};
  for (const double t : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::nan("")})
    CHECK_THROWS_WITH(divide_logits(model, t), Contains("a temperature is a positive number"));
}
