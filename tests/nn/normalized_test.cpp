// SPDX-License-Identifier: MIT
// A BatchNormalization with moving averages, done by the convolution in front of it in its own pass.
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/nn/nn.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/report/kernels.hpp"
#include "support/layer_by_layer.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

// Products and sums in one rounding or in two, as the compiler has it for the one and the other.
constexpr Apart rounding{.output = reordered_sum.of<float>(), .gradients = reordered_sum.of<float>()};

/// Averages as after some training, so that nothing fits by luck.
void draw_weights(Model<float>& model) {
  std::uint64_t seed = 70;
  for (const auto& layer : model.layers())
    for (auto& p : layer->parameters()) {
      const bool positive = p.name == "moving_variance";
      p.value = random_tensor<float>(p.value.shape(), ++seed, positive ? 0.5 : -0.5, positive ? 1.5 : 0.5);
    }
}

std::vector<std::string> steps_of(const Model<float>& model, const PlanOptions& options) {
  std::vector<std::string> names;
  for (const auto& s : detail::plan_steps(model.device(), model.graph(), options)) {
    std::string name = s.layer->type();
    if (s.normalized) name += "+" + s.normalized->type();
    if (s.fused) name += "+" + s.fused->type();
    if (s.added) name += "+" + s.added->type();
    if (s.activated) name += "+" + s.activated->type();
    names.push_back(name);
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("in a prediction a convolution does what a normalization, a sum and an activation behind it do",
          "[nn][normalized]") {
  const auto x = random_tensor<float>({3, 11, 10, 16}, 1);
  const auto check = [&](const std::string& what, const Names& steps, const auto&... layers) {
    INFO(what);
    Model<float> model{Cpu{2}, {11, 10, 16}, [&](auto in) { return in.then(layers...); }};
    draw_weights(model);
    CHECK(steps_of(model, prediction_options) == steps);
    check_layer_by_layer(model, x, prediction_options, rounding);
    check_layer_by_layer(model, x, training_options, rounding);
    model.fix_weights();
    check_layer_by_layer(model, x, prediction_options, rounding);
  };
  const BatchNormalization normalization{};
  check("1x1", {"Conv2D+BatchNormalization"}, Conv2D{24, 1}, normalization);
  check("1x1, relu6", {"Conv2D+BatchNormalization+ReLU"}, Conv2D{24, 1}, normalization, ReLU{.max_value = 6});
  check("Winograd, silu", {"Conv2D+BatchNormalization+Activation"}, Conv2D{20, 3}, normalization, Activation{silu});
  check("stride 2, no bias", {"Conv2D+BatchNormalization+ReLU"},
        Conv2D{.filters = 24, .kernel = 3, .stride = 2, .use_bias = false}, normalization, ReLU{});
  check("groups", {"Conv2D+BatchNormalization+ReLU"}, Conv2D{.filters = 8, .kernel = 3, .groups = 4}, normalization,
        ReLU{});
  check("depthwise", {"DepthwiseConv2D+BatchNormalization+ReLU"}, DepthwiseConv2D{.kernel = 3, .stride = 2},
        normalization, ReLU{.max_value = 6});
  check("depthwise, several filters", {"DepthwiseConv2D+BatchNormalization"},
        DepthwiseConv2D{.kernel = 5, .depth_multiplier = 3}, BatchNormalization{.center = false, .scale = false});
  check("zeros in front", {"Conv2D+BatchNormalization+ReLU"}, ZeroPadding2D{.padding = 1}, Conv2D{16, 3}, normalization,
        ReLU{});
  check("an activation in front of it", {"Conv2D", "BatchNormalization+ReLU"}, Conv2D{24, 1, relu}, normalization,
        ReLU{});
  check("a softmax behind it", {"Conv2D+BatchNormalization", "Softmax"}, Conv2D{24, 1}, normalization, Softmax{});
  check("a pool behind it", {"Conv2D+BatchNormalization", "MaxPooling2D"}, Conv2D{24, 1}, normalization, MaxPool2D{2});
}

TEST_CASE("a convolution normalizes in front of a shortcut", "[nn][normalized]") {
  const auto x = random_tensor<float>({3, 11, 10, 16}, 1);
  for (const bool first : {false, true})
    for (const std::int64_t kernel : {1, 3}) {
      Model<float> model{Cpu{2}, {11, 10, 16}, [&](auto in) {
                           const Conv2D conv{.filters = 16, .kernel = kernel, .padding = Padding::same};
                           auto y = in.then(conv, BatchNormalization{});
                           return (first ? in + y : y + in).then(ReLU{}, Conv2D{4, 1});
                         }};
      draw_weights(model);
      CHECK(steps_of(model, prediction_options) == Names{"Conv2D+BatchNormalization+Add+ReLU", "Conv2D"});
      check_layer_by_layer(model, x, prediction_options, rounding);
      check_layer_by_layer(model, x, training_options, rounding);
    }
}

TEST_CASE(
    "while a head training_options, the frozen part normalizes in its convolutions, and nothing that training_options "
    "does",
    "[nn][normalized]") {
  Model<float> model{Cpu{2}, {8, 8, 3}, [](auto x) {
                       return x.then(Conv2D{.filters = 16, .kernel = 3, .name = "frozen"},
                                     BatchNormalization{.name = "still"}, ReLU{},
                                     Conv2D{.filters = 16, .kernel = 3, .use_bias = false, .name = "training_options"},
                                     BatchNormalization{.name = "follows"}, ReLU{}, Flatten{}, Dense{2});
                     }};
  draw_weights(model);
  const auto x = random_tensor<float>({4, 8, 8, 3}, 1);
  model.freeze_before("training_options");
  const Names behind{"Conv2D", "BatchNormalization+ReLU", "Flatten", "Dense"};
  Names expected{"Conv2D+BatchNormalization+ReLU"};
  expected.insert(expected.end(), behind.begin(), behind.end());
  CHECK(steps_of(model, training_options) == expected);
  check_layer_by_layer(model, x, training_options, rounding);

  // As in prediction, but its numbers are learned.
  auto& still = model.layer("still");
  still.trainable = still.inference = true;
  CHECK(steps_of(model, training_options).front() == "Conv2D");
  check_layer_by_layer(model, x, training_options, rounding);

  // The convolution is told that it trains, the normalization behind it that it prediction_options.
  still.trainable = false;
  CHECK(steps_of(model, training_options) == expected);
  check_layer_by_layer(model, x, training_options, rounding);
}

TEST_CASE("a normalization that two read, or whose input two read, is a step of its own", "[nn][normalized]") {
  Model<float> model{Cpu{2}, {8, 8, 4}, [](auto x) {
                       auto conv = x.then(Conv2D{4, 1});
                       auto normal = conv.then(BatchNormalization{});
                       return concatenate(conv, normal, normal.then(Conv2D{4, 1}, BatchNormalization{}));
                     }};
  draw_weights(model);
  CHECK(steps_of(model, prediction_options) ==
        Names{"Conv2D", "BatchNormalization", "Conv2D+BatchNormalization", "Concatenate"});
  check_layer_by_layer(model, random_tensor<float>({2, 8, 8, 4}, 1), prediction_options, rounding);
}

TEST_CASE("averages that change after a prediction count in the next one", "[nn][normalized]") {
  Model<float> model{{8, 8, 4}, [](auto x) {
                       return x.then(Conv2D{.filters = 16, .kernel = 3, .name = "conv"},
                                     BatchNormalization{.name = "normal"});
                     }};
  draw_weights(model);
  model.fix_weights();
  const auto x = random_tensor<float>({2, 8, 8, 4}, 1);
  const Tensor<float> before = model.predict(x);
  CHECK(report::kernels(model).find("conv: winograd") == std::string::npos);
  CHECK(report::kernels(model).find("conv: implicit gemm, with normal\n") != std::string::npos);
  for (auto& p : model.layer("normal").parameters()) p.value[3] += 1;
  CHECK_FALSE(same_bits(model.predict(x), before));
  check_layer_by_layer(model, x, prediction_options, rounding);
}
