// SPDX-License-Identifier: MIT
// A BatchNormalization that learns leaves its work to the convolutions around it: the one behind it does it as it
// reads, and makes sums for its backward pass, of which the one in front does the rest.
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

// Without biases: their gradients are 0 in front of a normalization, but for rounding errors.
const Conv2D wide{.filters = 24, .kernel = 1, .use_bias = false};

/// How many normalizations leave their work to the next step.
int deferred(const Model<float>& model, const PlanOptions& options) {
  int count = 0;
  for (const auto& s : detail::plan_steps(model.device(), model.graph(), options)) count += s.deferred;
  return count;
}

/// How many leave the gradient by their input to the step in front of them, and how many get their sums from behind.
std::pair<int, int> of_gradients(const Model<float>& model, const PlanOptions& options) {
  std::pair<int, int> count{0, 0};
  for (const auto& s : detail::plan_steps(model.device(), model.graph(), options)) {
    count.first += s.gradient_deferred;
    count.second += s.gradient_sums_given;
  }
  return count;
}

template <class Body>
Model<float> model_of(int threads, const Body& body) {
  Model<float> model{Cpu{threads}, {12, 11, 16}, body};
  draw_weights_and_scales(model);
  return model;
}

/// These layers in training: count(model, options) is what is expected, and none in a prediction; the results are those
/// of layer by layer, with the same bits for two threads and three.
template <class Count, class Expected, class... Layers>
void check_in_training(const std::string& what, const Count& count, const Expected& expected, const Layers&... layers) {
  INFO(what);
  const auto x = random_tensor<float>({3, 12, 11, 16}, 1);
  const auto body = [&](auto in) { return in.then(layers..., GlobalAveragePooling2D{}); };
  const Model<float> model = model_of(2, body), other = model_of(3, body);
  CHECK(count(model, training_options) == expected);
  CHECK(count(model, PlanOptions{}) == Expected{});
  check_layer_by_layer(model, x, training_options, prologue_rounding);
  check_layer_by_layer(model, x, {.backward = true, .gradient_of = 1}, prologue_rounding);
  PlanOptions options = training_options;
  options.batch = 3;
  options.keep_gradients = true;
  const auto by_two = plan_results(model, x, options), by_three = plan_results(other, x, options);
  for (std::size_t i = 0; i < by_two.size(); ++i) CHECK(same_bits(by_two[i], by_three[i]));
}

}  // namespace

TEST_CASE("a convolution normalizes what it reads, with the results of layer by layer", "[nn][prologue]") {
  const auto check = [](const std::string& what, int expected, const auto&... layers) {
    check_in_training(what, deferred, expected, layers...);
  };
  const BatchNormalization n{};
  const ReLU to_six{.max_value = 6};
  check("depthwise", 1, wide, n, DepthwiseConv2D{3});
  check("depthwise behind relu6", 1, wide, n, to_six, DepthwiseConv2D{.kernel = 3, .padding = Padding::same});
  check("depthwise 5x5, stride 2", 1, wide, n, ReLU{}, DepthwiseConv2D{.kernel = 5, .stride = 2});
  check("zeros between", 1, wide, n, ReLU{}, ZeroPadding2D{.padding = 1}, DepthwiseConv2D{.kernel = 3, .stride = 2});
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

TEST_CASE("convolutions make gradients for the normalizations around them, those of layer by layer", "[nn][prologue]") {
  const auto check = [](const std::string& what, int deferred, int sums, const auto&... layers) {
    check_in_training(what, of_gradients, std::pair(deferred, sums), layers...);
  };
  const BatchNormalization n{};
  const ReLU to_six{.max_value = 6};
  const Conv2D one{.filters = 40, .kernel = 1, .use_bias = false}, back{.filters = 16, .kernel = 1, .use_bias = false};
  const DepthwiseConv2D depthwise{.kernel = 3, .padding = Padding::same, .use_bias = false};
  check("an inverted residual", 3, 2, one, n, to_six, depthwise, n, to_six, back, n);
  check("the first layer", 1, 0, one, n, ReLU{});
  check("with a bias", 1, 0, DepthwiseConv2D{3}, n);
  check("stride 2 behind zeros", 2, 1, one, n, ReLU{}, ZeroPadding2D{.padding = 1},
        DepthwiseConv2D{.kernel = 3, .stride = 2}, n);
  check("5x5, stride 2", 2, 1, one, n, DepthwiseConv2D{.kernel = 5, .stride = 2, .padding = Padding::same}, n, ReLU{});
  check("gamma and beta left out", 1, 1, one, BatchNormalization{.center = false, .scale = false}, depthwise);
  check("zeros around a 1x1", 0, 0, one, ReLU{}, ZeroPadding2D{.padding = 1}, back, n);
  check("zeros of its own around a 1x1", 0, 0, Conv2D{.filters = 16, .kernel = 1, .padding = Border(1)}, n);
  check("filters that the cache does not hold", 0, 0, Conv2D{2100, 1}, n, Conv2D{20, 1});
  check("an activation between", 0, 0, Conv2D{.filters = 20, .kernel = 1, .activation = relu}, n);
  check("a 3x3 in front", 0, 1, Conv2D{.filters = 20, .kernel = 3, .use_bias = false}, n, back);
  check("1x1, stride 2", 0, 0, Conv2D{.filters = 20, .kernel = 1, .stride = 2}, n);
  check("a depthwise one of 7x7", 0, 0, DepthwiseConv2D{7}, n);
  check("dilation", 0, 0, DepthwiseConv2D{.kernel = 3, .dilation = 2}, n);
}

TEST_CASE("what two read, or what is frozen, is left to nobody", "[nn][prologue]") {
  const auto x = random_tensor<float>({2, 12, 11, 16}, 2);
  const Model<float> two = model_of(2, [](auto in) {
    const auto y = in.then(Conv2D{16, 1});
    return y.then(BatchNormalization{}, DepthwiseConv2D{.kernel = 3, .padding = Padding::same}) + y;
  });
  CHECK(of_gradients(two, training_options) == std::pair(0, 1));
  check_layer_by_layer(two, x, training_options, prologue_rounding);
  Model<float> model = model_of(2, [](auto in) {
    return in.then(wide, BatchNormalization{}, ReLU{}, DepthwiseConv2D{.kernel = 3, .use_bias = false},
                   BatchNormalization{}, ReLU{}, Conv2D{20, 1});
  });
  const auto expect = [&](int deferred, int sums) {
    CHECK(of_gradients(model, training_options) == std::pair(deferred, sums));
    check_layer_by_layer(model, x, training_options, prologue_rounding);
  };
  expect(2, 2);
  model.layers()[1]->inference = true;  // by moving averages, but it learns
  expect(2, 2);
  model.layers()[1]->trainable = false;
  expect(2, 2);
  model.layers()[3]->trainable = false;  // the depthwise convolution makes the gradient by its input alone
  expect(1, 1);
  model.layers()[0]->trainable = false;
  expect(0, 1);
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
  Model<float> model =
      model_of(2, [](auto in) { return in.then(wide, BatchNormalization{}, ReLU{}, DepthwiseConv2D{3}); });
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
