// SPDX-License-Identifier: MIT
#include <brindle/compiled/definitions.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/nn/nn.hpp"
#include "support/double_models.hpp"
#include "support/layer.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEST_CASE("conv2d keeps its contract for every activation, padding and stride", "[nn][conv2d]") {
  check_layer(Conv2D{4, 3}, {7, 6, 3}, {5, 4, 4}, 3 * 3 * 3 * 4 + 4);
  check_layer(Conv2D{4, 3, relu}, {7, 6, 3}, {5, 4, 4}, 112);
  check_layer(Conv2D{4, 3, sigmoid}, {7, 6, 3}, {5, 4, 4}, 112);
  check_layer(Conv2D{4, 3, softmax}, {7, 6, 3}, {5, 4, 4}, 112);
  check_layer(Conv2D{.filters = 2, .kernel = {2, 3}, .stride = {2, 1}, .padding = Padding::same}, {7, 6, 3}, {4, 6, 2},
              2 * 3 * 3 * 2 + 2);
  check_layer(Conv2D{.filters = 5, .kernel = 1, .use_bias = false}, {4, 4, 3}, {4, 4, 5}, 15);
  check_layer(Conv2D{.filters = 20, .kernel = 3, .activation = relu}, {9, 10, 17}, {7, 8, 20}, 9 * 17 * 20 + 20, 2);
}

TEST_CASE("conv2d keeps its contract with dilation, groups and zeros on each side", "[nn][conv2d]") {
  check_layer(Conv2D{.filters = 4, .kernel = 3, .activation = relu, .dilation = 2}, {7, 6, 3}, {3, 2, 4}, 112);
  check_layer(Conv2D{.filters = 6, .kernel = 3, .padding = Padding::same, .groups = 3}, {5, 6, 9}, {5, 6, 6},
              9 * 3 * 6 + 6);
  check_layer(Conv2D{.filters = 4, .kernel = {3, 2}, .activation = softmax, .stride = 2, .groups = 2}, {7, 6, 2},
              {3, 3, 4}, 6 * 4 + 4);
  check_layer(Conv2D{.filters = 4, .kernel = 3, .stride = 2, .padding = {0, 1, 0, 1}}, {6, 8, 3}, {3, 4, 4}, 112);
  check_layer(Conv2D{.filters = 4, .kernel = 3, .padding = Border(4), .dilation = {1, 2}}, {6, 8, 3}, {12, 12, 4}, 112);
  CHECK_THROWS_WITH((Sequential<float>{{8, 8, 3}, Conv2D{.filters = 4, .kernel = 3, .groups = 2}}),
                    Contains("groups") && Contains("3 channels") && Contains("got 2"));
  CHECK_THROWS_WITH((Sequential<float>{{4, 4, 3}, Conv2D{.filters = 4, .kernel = 3, .dilation = 2}}),
                    Contains("dilated by (2, 2)") && Contains("(None, 4, 4, 3)"));
  // What is as it was before there were these settings is saved as it was.
  CHECK(Conv2D{4, 3}.make<float, Cpu>()->config().entries().size() == 6);
}

TEST_CASE("depthwise and separable convolutions keep their contracts", "[nn][depthwise_conv2d]") {
  check_layer(DepthwiseConv2D{}, {5, 6, 3}, {3, 4, 3}, 9 * 3 + 3);
  check_layer(DepthwiseConv2D{.kernel = 5, .activation = relu, .stride = 2, .padding = Padding::same}, {7, 6, 17},
              {4, 3, 17}, 26 * 17);
  check_layer(DepthwiseConv2D{.kernel = {2, 3},
                              .activation = softmax,
                              .padding = {1, 0, 0, 2},
                              .depth_multiplier = 2,
                              .dilation = {1, 2},
                              .use_bias = false},
              {4, 6, 3}, {4, 4, 6}, 6 * 6);
  check_layer(SeparableConv2D{4, 3}, {5, 6, 3}, {3, 4, 4}, 9 * 3 + 3 * 4 + 4);
  check_layer(SeparableConv2D{.filters = 5,
                              .kernel = 3,
                              .activation = sigmoid,
                              .stride = 2,
                              .padding = Padding::same,
                              .depth_multiplier = 2,
                              .use_bias = false},
              {5, 6, 3}, {3, 3, 5}, 9 * 6 + 6 * 5);
  check_layer(SeparableConv2D{.filters = 4, .kernel = 3, .activation = softmax}, {5, 6, 3}, {3, 4, 4}, 43);
  check_layer(DepthwiseConv2D{.activation = silu}, {5, 6, 3}, {3, 4, 3}, 30);
  check_layer(DepthwiseConv2D{.activation = relu6}, {5, 6, 3}, {3, 4, 3}, 30);
  check_layer(SeparableConv2D{4, 3, gelu}, {5, 6, 3}, {3, 4, 4}, 43);
  check_layer(Conv2D{.filters = 4, .kernel = 3, .activation = silu, .groups = 2}, {5, 6, 2}, {3, 4, 4}, 40);
  check_layer(Conv2D{.filters = 4, .kernel = 3, .activation = relu6, .dilation = 2}, {5, 6, 2}, {1, 2, 4}, 76);
  using S = Sequential<float>;
  CHECK_THROWS_WITH((S{{4, 4, 3}, DepthwiseConv2D{.depth_multiplier = 0}}), Contains("depth_multiplier"));
  CHECK_THROWS_WITH((S{{4, 4, 3}, SeparableConv2D{0}}), Contains("filters") && Contains("got 0"));
  CHECK_THROWS_WITH((S{{2, 4, 3}, DepthwiseConv2D{}}), Contains("(None, 2, 4, 3)") && Contains("(3, 3)"));
  CHECK_THROWS_WITH((S{{2}, SeparableConv2D{4}}), Contains("put it in front of Flatten{}"));
}

TEST_CASE("max pooling keeps its contract", "[nn][max_pooling2d]") {
  check_layer(MaxPool2D{2}, {6, 8, 3}, {3, 4, 3}, 0);
  check_layer(MaxPool2D{2}, {7, 5, 3}, {3, 2, 3}, 0);
  check_layer(MaxPooling2D{.pool_size = 3, .stride = 2, .padding = Padding::same}, {7, 5, 2}, {4, 3, 2}, 0);
}

TEST_CASE("average pooling and the global pools keep their contracts", "[nn][average_pooling2d]") {
  check_layer(AveragePooling2D{2}, {7, 5, 3}, {3, 2, 3}, 0);
  check_layer(AveragePooling2D{.pool_size = 3, .stride = 2, .padding = Padding::same}, {7, 5, 2}, {4, 3, 2}, 0);
  check_layer(GlobalAveragePooling2D{}, {5, 4, 3}, {3}, 0);
  check_layer(GlobalAveragePooling2D{.keepdims = true}, {5, 4, 3}, {1, 1, 3}, 0);
  check_layer(GlobalMaxPooling2D{}, {5, 4, 3}, {3}, 0);
  check_layer(GlobalMaxPooling2D{.keepdims = true}, {5, 4, 3}, {1, 1, 3}, 0);
}

TEST_CASE("zero padding, reshape, rescaling and normalization keep their contracts", "[nn]") {
  check_layer(ZeroPadding2D{}, {3, 4, 2}, {5, 6, 2}, 0);
  check_layer(ZeroPadding2D{{1, 2}}, {3, 4, 2}, {5, 8, 2}, 0);
  check_layer(ZeroPadding2D{.padding = {{0, 1}, {2, 3}}}, {3, 4, 2}, {4, 9, 2}, 0);
  check_layer(Reshape{{2, -1, 3}}, {4, 6}, {2, 4, 3}, 0);
  check_layer(Reshape{.target_shape = {24}}, {4, 6}, {24}, 0);
  check_layer(Rescaling{{1 / 127.5}, {-1}}, {4, 5, 3}, {4, 5, 3}, 0);
  check_layer(Rescaling{.scale = {1, 2, 3}, .offset = {0.5}}, {4, 5, 3}, {4, 5, 3}, 0);
  check_layer(Normalization{{0.5, 1, 2}, {4, 0.25, 1}}, {4, 5, 3}, {4, 5, 3}, 0);
  check_layer(Normalization{.mean = {0.5}, .variance = {2}}, {7}, {7}, 0);
}

TEST_CASE("what does not fit zero padding, reshape, rescaling and normalization is named", "[nn][errors]") {
  using S = Sequential<float>;
  CHECK_THROWS_WITH((S{{4, 4, 3}, ZeroPadding2D{{-1, 0}}}), Contains("((-1, -1), (0, 0))"));
  CHECK_THROWS_WITH((S{{4}, ZeroPadding2D{}}), Contains("ZeroPadding2D") && Contains("(None, 4)"));
  CHECK_THROWS_WITH((S{{4, 6}, Reshape{{5, -1}}}), Contains("(None, 4, 6)") && Contains("(5, -1)"));
  CHECK_THROWS_WITH((S{{4, 6}, Reshape{{-1, -1}}}), Contains("only one size may be -1"));
  CHECK_THROWS_WITH((S{{4, 6}, Reshape{{23}}}), Contains("(23)"));
  CHECK_THROWS_WITH((S{{4, 6}, Reshape{{0, -1}}}), Contains("(0, -1)"));
  CHECK_THROWS_WITH((S{{4, 6}, Reshape{{}}}), Contains("got ()"));
  CHECK_THROWS_WITH((S{{4, 4, 3}, Rescaling{{1, 2}}}), Contains("scale") && Contains("got 2"));
  CHECK_THROWS_WITH((S{{4, 4, 3}, Normalization{.variance = {-1}}}), Contains("variance") && Contains("-1"));
  CHECK_THROWS_WITH((S{{4, 4, 3}, Normalization{.mean = {}}}), Contains("mean") && Contains("got 0"));
}

TEST_CASE("dense keeps its contract, on rows of features and on pictures", "[nn][dense]") {
  check_layer(Dense{5}, {7}, {5}, 40);
  check_layer(Dense{5, relu}, {7}, {5}, 40);
  check_layer(Dense{1, sigmoid}, {33}, {1}, 34);
  check_layer(Dense{4, softmax}, {7}, {4}, 32);
  check_layer(Dense{.units = 3, .use_bias = false}, {7}, {3}, 21);
  check_layer(Dense{4, relu}, {3, 2, 5}, {3, 2, 4}, 24);
}

TEST_CASE("flatten, dropout and activation keep their contracts", "[nn]") {
  check_layer(Flatten{}, {3, 4, 2}, {24}, 0);
  check_layer(Dropout{0.3}, {40}, {40}, 0);
  check_layer(Dropout{0}, {40}, {40}, 0);
  check_layer(Activation{relu}, {3, 4}, {3, 4}, 0);
  check_layer(Activation{sigmoid}, {12}, {12}, 0);
  check_layer(Activation{softmax}, {3, 4}, {3, 4}, 0);
  check_layer(Activation{linear}, {12}, {12}, 0);
}

TEST_CASE("every activation keeps the contract behind a convolution, behind dense and as a layer", "[nn][activation]") {
  for (const ActivationFunction f :
       {relu6, leaky_relu, elu, silu, hard_silu, hard_sigmoid, gelu, ActivationFunction::tanh, softplus}) {
    INFO(to_string(f));
    check_layer(Conv2D{4, 3, f}, {7, 6, 3}, {5, 4, 4}, 112);
    check_layer(Conv2D{13, 3, f}, {7, 6, 12}, {5, 4, 13}, 9 * 12 * 13 + 13, 2);  // by Winograd
    check_layer(Dense{5, f}, {7}, {5}, 40);
    check_layer(Dense{4, f}, {3, 2, 5}, {3, 2, 4}, 24);
    check_layer(Activation{f}, {3, 4}, {3, 4}, 0);
  }
}

TEST_CASE("rectifiers, elu and softmax as layers keep their contracts", "[nn][activation]") {
  check_layer(ReLU{}, {5, 4, 3}, {5, 4, 3}, 0);
  check_layer(ReLU{.max_value = 6}, {12}, {12}, 0);
  check_layer(ReLU{.max_value = 0.7}, {5, 4, 3}, {5, 4, 3}, 0);
  check_layer(ReLU{.max_value = 0.7, .negative_slope = 0.3, .threshold = 0.2}, {5, 4, 3}, {5, 4, 3}, 0);
  check_layer(ReLU{.threshold = 0.4}, {12}, {12}, 0);
  check_layer(LeakyReLU{}, {5, 4, 3}, {5, 4, 3}, 0);
  check_layer(LeakyReLU{.negative_slope = 0.2}, {12}, {12}, 0);
  check_layer(ELU{}, {5, 4, 3}, {5, 4, 3}, 0);
  check_layer(ELU{.alpha = 0.4}, {12}, {12}, 0);
  check_layer(Softmax{}, {3, 4}, {3, 4}, 0);
}

TEST_CASE("a rectifier with the settings of a named activation is that activation", "[nn][activation]") {
  const auto named = [](const auto& description) { return description.template make<float, Cpu>()->activation(); };
  CHECK(named(ReLU{}) == relu);
  CHECK(named(ReLU{.max_value = 6}) == relu6);
  CHECK(named(LeakyReLU{.negative_slope = 0.2}) == leaky_relu);
  CHECK(named(ReLU{.negative_slope = 0.2}) == leaky_relu);
  CHECK(named(ReLU{.max_value = 5}) == linear);
  CHECK(named(LeakyReLU{}) == linear);
  CHECK(named(ELU{}) == elu);
  CHECK(named(Softmax{}) == softmax);
  LoneLayer<float> layer(ReLU{.max_value = 6}, {1000}, 20), function(Activation{relu6}, {1000}, 20);
  for (float& v : layer.x.span()) v *= 9;
  for (float& v : function.x.span()) v *= 9;
  CHECK(same_bits(layer.forward(), function.forward()));
  const Tensor<float> dy = random_tensor<float>(layer.y_shape, 5);
  CHECK(same_bits(layer.backward(dy)[0], function.backward(dy)[0]));
}

TEST_CASE("layers' activations in training have the bits of those at the end of an inference's product", "[nn]") {
  for (const ActivationFunction f : {silu, hard_silu, gelu, elu, relu6}) {
    INFO(to_string(f));
    const auto outputs = [&](const auto& description, const Shape& sample, bool backward) {
      LoneLayer<float> lone(description, sample, 4);
      if (!backward) lone.pass->backward = false;
      return lone.forward();
    };
    CHECK(same_bits(outputs(Conv2D{20, 3, f}, {9, 10, 17}, true), outputs(Conv2D{20, 3, f}, {9, 10, 17}, false)));
    CHECK(same_bits(outputs(Dense{33, f}, {70}, true), outputs(Dense{33, f}, {70}, false)));
  }
}

TEST_CASE("settings of rectifiers, elu and softmax that mean nothing are refused by name", "[nn][errors]") {
  const auto refused = [](const auto& description, const std::string& setting, const std::string& value) {
    const auto layer = description.template make<float, Cpu>();
    layer->name = "lone";
    CHECK_THROWS_WITH(layer->output_shape({3}),
                      Contains("\"lone\"") && Contains(setting + " must be a number of at least 0, got " + value));
  };
  refused(ReLU{.max_value = -1}, "max_value", "-1");
  refused(ReLU{.max_value = std::nan("")}, "max_value", "nan");
  refused(ReLU{.negative_slope = -0.5}, "negative_slope", "-0.5");
  refused(ReLU{.threshold = -2}, "threshold", "-2");
  refused(LeakyReLU{.negative_slope = -0.5}, "negative_slope", "-0.5");
  refused(ELU{.alpha = -0.5}, "alpha", "-0.5");
  CHECK_THROWS_WITH((SoftmaxLayer<float, Cpu>::from({{"axis", std::int64_t{1}}})),
                    Contains("axis must be -1, the last one, got 1"));
}

TEST_CASE("layer normalization keeps its contract", "[nn][layer_normalization]") {
  check_layer(LayerNormalization{}, {4, 5, 6}, {4, 5, 6}, 12);
  check_layer(LayerNormalization{.epsilon = 1e-5, .center = false}, {19}, {19}, 19);
  check_layer(LayerNormalization{.scale = false}, {3, 17}, {3, 17}, 17);
  check_layer(LayerNormalization{.center = false, .scale = false}, {3, 8}, {3, 8}, 0);
  CHECK_THROWS_WITH((Sequential<float>{{4, 3}, LayerNormalization{.epsilon = 0}}), Contains("epsilon"));
  const Sequential<float> model{{3}, LayerNormalization{}};
  for (const float v : model.layers()[0]->parameters()[0].value.span()) CHECK(v == 1);
  for (const float v : model.layers()[0]->parameters()[1].value.span()) CHECK(v == 0);
}

TEST_CASE("dropout with a noise shape keeps its contract, and drops together", "[nn][dropout]") {
  check_layer(Dropout{.rate = 0.3, .noise_shape = {1, 1, 1}}, {3, 4, 5}, {3, 4, 5}, 0);
  check_layer(Dropout{.rate = 0.3, .noise_shape = {1, 1, -1}}, {3, 4, 5}, {3, 4, 5}, 0);
  check_layer(Dropout{.rate = 0.3, .noise_shape = {3, 1}}, {3, 4}, {3, 4}, 0);
  LoneLayer<float> lone(Dropout{.rate = 0.5, .noise_shape = {1, 1, 1}}, {3, 4, 5}, 40);
  const Tensor<float> y = lone.forward();
  std::int64_t dropped = 0;
  for (std::int64_t n = 0; n < 40; ++n) {
    const bool gone = y[n * 60] == 0;
    dropped += gone ? 1 : 0;
    for (std::int64_t i = 0; i < 60; ++i) REQUIRE(y[n * 60 + i] == (gone ? 0 : lone.x[n * 60 + i] * 2));
  }
  CHECK(dropped > 8);
  CHECK(dropped < 32);
  CHECK_THROWS_WITH((Sequential<float>{{4, 3}, Dropout{.rate = 0.5, .noise_shape = {2, 1}}}),
                    Contains("noise_shape") && Contains("(2, 1)"));
  CHECK_THROWS_WITH((Sequential<float>{{4, 3}, Dropout{.rate = 0.5, .noise_shape = {1}}}),
                    Contains("(None, 4, 3)") && Contains("got (1)"));
  CHECK(Dropout{0.5}.make<float, Cpu>()->config().entries().size() == 1);
}

TEST_CASE("dropout drops about its rate in training, and nothing else ever", "[nn][dropout]") {
  LoneLayer<float> lone(Dropout{0.3}, {1000}, 20);
  const Tensor<float> y = lone.forward();
  std::int64_t dropped = 0;
  for (std::int64_t i = 0; i < y.size(); ++i) {
    dropped += y[i] == 0 ? 1 : 0;
    if (y[i] != 0) REQUIRE(y[i] == Approx(lone.x[i] / 0.7f));
  }
  CHECK(static_cast<double>(dropped) / static_cast<double>(y.size()) == Approx(0.3).margin(0.02));
  LoneLayer<float> inference(Dropout{0.3}, {1000}, 20, 2, false);
  CHECK(same_bits(inference.forward(), inference.x));
}
