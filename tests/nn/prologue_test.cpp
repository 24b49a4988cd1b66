// SPDX-License-Identifier: MIT
// A BatchNormalization that training_options leaves its work to the convolution behind it, which does it as it reads.
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/nn/nn.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/layer_by_layer.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

constexpr Apart prologue_rounding{.output = reordered_sum.of<float>(), .gradients = 4 * reordered_sum.of<float>()};

void draw_weights_and_scales(Model<float>& model) {
  std::uint64_t seed = 30;
  for (const auto& layer : model.layers())
    for (auto& p : layer->parameters()) {
      const bool positive = p.name == "moving_variance" || p.name == "gamma";
      p.value = random_tensor<float>(p.value.shape(), ++seed, positive ? 0.5 : -0.5, positive ? 1.5 : 0.5);
    }
}

/// How many normalizations leave their work to the next step.
int deferred(const Model<float>& model, const PlanOptions& options) {
  int count = 0;
  for (const auto& s : detail::plan_steps(model.device(), model.graph(), options)) count += s.deferred;
  return count;
}

template <class Body>
Model<float> model_of(int threads, const Body& body) {
  Model<float> model{Cpu{threads}, {12, 11, 16}, body};
  draw_weights_and_scales(model);
  return model;
}

}  // namespace

TEST_CASE("a convolution normalizes what it reads, with the results of layer by layer", "[nn][prologue]") {
  const auto x = random_tensor<float>({3, 12, 11, 16}, 1);
  const auto check = [&](const std::string& what, int expected, const auto&... layers) {
    INFO(what);
    const Model<float> model = model_of(2, [&](auto in) { return in.then(layers..., GlobalAveragePooling2D{}); });
    CHECK(deferred(model, training_options) == expected);
    CHECK(deferred(model, {}) == 0);
    check_layer_by_layer(model, x, training_options, prologue_rounding);
    check_layer_by_layer(model, x, {.backward = true, .gradient_of = 1}, prologue_rounding);
    const Model<float> other = model_of(3, [&](auto in) { return in.then(layers..., GlobalAveragePooling2D{}); });
    PlanOptions options = training_options;
    options.batch = 3;
    options.keep_gradients = true;
    const auto by_two = plan_results(model, x, options), by_three = plan_results(other, x, options);
    for (std::size_t i = 0; i < by_two.size(); ++i) CHECK(same_bits(by_two[i], by_three[i]));
  };
  const BatchNormalization n{};
  const ReLU to_six{.max_value = 6};
  check("depthwise", 1, Conv2D{24, 1}, n, DepthwiseConv2D{3});
  check("depthwise behind relu6", 1, Conv2D{24, 1}, n, to_six, DepthwiseConv2D{.kernel = 3, .padding = Padding::same});
  check("depthwise 5x5, stride 2", 1, Conv2D{24, 1}, n, ReLU{}, DepthwiseConv2D{.kernel = 5, .stride = 2});
  check("zeros between", 1, Conv2D{24, 1}, n, ReLU{}, ZeroPadding2D{.padding = 1},
        DepthwiseConv2D{.kernel = 3, .stride = 2});
  check("1x1", 1, n, ReLU{}, Conv2D{20, 1});
  check("1x1, zeros between", 1, n, ReLU{}, ZeroPadding2D{.padding = 1}, Conv2D{20, 1});
  check("1x1 with an activation of its own", 1, n, Conv2D{.filters = 20, .kernel = 1, .activation = silu});
  check("an inverted residual", 2, Conv2D{.filters = 40, .kernel = 1, .use_bias = false}, n, to_six,
        DepthwiseConv2D{.kernel = 3, .padding = Padding::same, .use_bias = false}, n, to_six,
        Conv2D{.filters = 16, .kernel = 1, .use_bias = false}, n);
  check("gamma and beta left out", 1, BatchNormalization{.center = false, .scale = false}, DepthwiseConv2D{3});
  check("1x1 with a pool", 0, n, Conv2D{20, 1}, MaxPooling2D{2});
  check("1x1, stride 2", 0, n, Conv2D{.filters = 20, .kernel = 1, .stride = 2});
  check("3x3", 0, n, ReLU{}, Conv2D{20, 3});
  check("several filters", 0, n, DepthwiseConv2D{.kernel = 3, .depth_multiplier = 2});
  check("another activation", 0, n, Activation{silu}, DepthwiseConv2D{3});
}

TEST_CASE("a normalization that two read, or that is asked for, writes what it gives", "[nn][prologue]") {
  const auto x = random_tensor<float>({2, 12, 11, 16}, 2);
  const Model<float> model = model_of(2, [](auto in) {
    const auto y = in.then(BatchNormalization{});
    return y.then(DepthwiseConv2D{.kernel = 3, .padding = Padding::same}) + y;
  });
  CHECK(deferred(model, training_options) == 0);
  check_layer_by_layer(model, x, training_options, prologue_rounding);
  const Model<float> row = model_of(2, [](auto in) {
    return in.then(Conv2D{8, 1}, BatchNormalization{}, Conv2D{4, 1});
  });
  CHECK(deferred(row, {.backward = true, .gradient_of = 2}) == 0);
  check_layer_by_layer(row, x, {.backward = true, .gradient_of = 2}, prologue_rounding);
}

TEST_CASE("a frozen normalization, and one by moving averages, are left to the next step as well", "[nn][prologue]") {
  const auto x = random_tensor<float>({2, 12, 11, 16}, 3);
  Model<float> model = model_of(2, [](auto in) {
    return in.then(Conv2D{24, 1}, BatchNormalization{}, ReLU{}, DepthwiseConv2D{3});
  });
  model.layers()[1]->inference = true;
  CHECK(deferred(model, training_options) == 1);
  check_layer_by_layer(model, x, training_options, prologue_rounding);
  model.layers()[1]->trainable = false;
  CHECK(deferred(model, training_options) == 1);
  check_layer_by_layer(model, x, training_options, prologue_rounding);
  model.layers()[3]->trainable = false;  // the convolution gives the gradient by its input alone
  check_layer_by_layer(model, x, training_options, prologue_rounding);
}

TEST_CASE("what is left to the next step takes no memory, and nobody can ask for it", "[nn][prologue]") {
  const Model<float> model = model_of(1, [](auto in) { return in.then(BatchNormalization{}, DepthwiseConv2D{3}); });
  PlanOptions options{.batch = 4, .training = true, .backward = true};
  Plan<float, Cpu> plan(model.device(), model.graph(), options);
  options.layer_by_layer = true;
  const Plan<float, Cpu> apart(model.device(), model.graph(), options);
  CHECK(plan.bytes() < apart.bytes());
  const auto x = random_tensor<float>({3, 12, 11, 16}, 4);  // fewer than the plan was made for
  plan.forward(x);
  CHECK_THROWS_WITH(plan.value(1), Contains("plan: value 1 lies between layers that work as one"));
  CHECK(plan.value(0).data == x.data());
}
