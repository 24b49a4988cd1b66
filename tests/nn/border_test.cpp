// SPDX-License-Identifier: MIT
// Zeros around a picture that the convolution behind them puts there itself.
#include <catch2/catch.hpp>
#include <cstddef>
#include <string>
#include <utility>
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

// Gradients are sums over fewer pixels, without those that were zeros: 1x1 filters and Winograd's tiles cut them anew.
constexpr Apart border_rounding{.gradients = reordered_sum.of<float>()};

std::size_t step_count(const Model<float>& model, const PlanOptions& options) {
  return detail::plan_steps(model.device(), model.graph(), options).size();
}

}  // namespace

TEST_CASE("a convolution or a maximum pool puts the zeros in front of it around its input itself, with the same bits",
          "[nn][border]") {
  const auto x = random_tensor<float>({3, 11, 10, 16}, 1);
  const ZeroPadding2D zeros{.padding = {{0, 1}, {2, 1}}};
  const auto check = [&](const std::string& what, std::size_t steps, const auto&... layers) {
    INFO(what);
    Model<float> model{{11, 10, 16}, [&](auto in) { return in.then(Conv2D{16, 1}, layers..., Flatten{}, Dense{2}); }};
    model.initialize(3);
    for (const PlanOptions& options : {prediction_options, training_options}) {
      CHECK(step_count(model, options) == steps + 3);
      check_layer_by_layer(model, x, options, border_rounding);
    }
    PlanOptions of_input = training_options;
    of_input.gradient_of = 1;
    check_layer_by_layer(model, x, of_input, border_rounding);
  };
  check("1x1", 1, zeros, Conv2D{8, 1});
  check("Winograd", 1, zeros, Conv2D{16, 3, relu});
  check("stride 2", 1, zeros, Conv2D{.filters = 12, .kernel = 3, .activation = relu6, .stride = 2});
  check("dilation", 1, zeros, Conv2D{.filters = 8, .kernel = 3, .dilation = 2});
  check("groups", 1, zeros, Conv2D{.filters = 8, .kernel = 3, .groups = 4});
  check("with a pool", 1, zeros, Conv2D{8, 3, relu}, MaxPool2D{2});
  check("sums kept for silu", 1, zeros, Conv2D{8, 3, silu});
  check("depthwise", 1, zeros, DepthwiseConv2D{3});
  check("depthwise, stride 2", 1, zeros, DepthwiseConv2D{.kernel = 3, .activation = relu, .stride = 2});
  check("depthwise, 5x5, several filters", 1, zeros, DepthwiseConv2D{.kernel = 5, .depth_multiplier = 2});
  check("a maximum pool", 1, zeros, MaxPooling2D{.pool_size = 3, .stride = 2});
  check("a maximum pool of 2x2", 1, zeros, MaxPooling2D{2});
  check("a maximum pool with padding of its own", 2, zeros, MaxPooling2D{.pool_size = 3, .padding = Padding::same});
  check("an average pool", 2, zeros, AveragePooling2D{3});
  check("padding of its own", 2, zeros, Conv2D{.filters = 8, .kernel = 3, .padding = Padding::same});
  check("another layer between", 3, zeros, ReLU{}, Conv2D{8, 3});
  check("nothing to put there", 2, ZeroPadding2D{.padding = 0}, Conv2D{8, 3});
}

TEST_CASE("zeros stay a step of their own where somebody else reads the picture with them", "[nn][border]") {
  Model<float> model{{9, 9, 4}, [](auto x) {
                       auto padded = x.then(Conv2D{4, 1}, ZeroPadding2D{.padding = 1});
                       return padded.then(Conv2D{4, 1}) + padded;
                     }};
  model.initialize(3);
  CHECK(step_count(model, training_options) == 4);
  CHECK(step_count(model, prediction_options) == 3);  // the sum goes with the convolution
  const auto x = random_tensor<float>({2, 9, 9, 4}, 1);
  check_layer_by_layer(model, x, prediction_options);
  check_layer_by_layer(model, x, training_options);
}

TEST_CASE("a gradient by the picture with zeros can be asked for", "[nn][border]") {
  Model<float> model{{9, 9, 4}, [](auto x) { return x.then(ZeroPadding2D{.padding = 1}, Conv2D{4, 3}); }};
  model.initialize(3);
  PlanOptions options = training_options;
  options.gradient_of = 1;
  CHECK(step_count(model, options) == 2);
  check_layer_by_layer(model, random_tensor<float>({2, 9, 9, 4}, 1), options);
  options.gradient_of = 0;
  CHECK(step_count(model, options) == 1);
  check_layer_by_layer(model, random_tensor<float>({2, 9, 9, 4}, 1), options);
}

TEST_CASE("filters are prepared for a picture with zeros around it", "[nn][border]") {
  Model<float> model{{9, 9, 16}, [](auto x) {
                       return x.then(ZeroPadding2D{.padding = 1, .name = "zeros"},
                                     Conv2D{.filters = 16, .kernel = 3, .name = "conv"});
                     }};
  model.initialize(3);
  const auto x = random_tensor<float>({2, 9, 9, 16}, 1);
  const Tensor<float> before = model.predict(x);
  CHECK(report::kernels(model).find("conv: winograd F(3x3, 3x3), with zeros\n") != std::string::npos);
  model.fix_weights();
  CHECK(same_bits(model.predict(x), before));
  check_layer_by_layer(model, x, prediction_options);
}
