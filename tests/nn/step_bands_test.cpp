// SPDX-License-Identifier: MIT
#include "brindle/nn/step_bands.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "brindle/nn/folded.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/nn/plan_memory.hpp"
#include "brindle/nn/plan_steps.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/report/kernels.hpp"
#include "support/layer_by_layer.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

/// The bands of a plan for a model.
std::vector<detail::StepBands<float, Cpu>> bands_of(const Model<float>& model, const PlanOptions& options) {
  return detail::step_bands(model.device(), model.graph(), detail::plan_steps(model.device(), model.graph(), options),
                            options);
}

/// What a model gives for n samples, all of it at once, and each layer by itself.
void check_same_bits(const Model<float>& model, std::int64_t n) {
  Plan<float, Cpu> bands(model.device(), model.graph(), {.batch = n});
  Plan<float, Cpu> layers(model.device(), model.graph(), {.batch = n, .layer_by_layer = true});
  for (std::int64_t samples = n; samples > 0; samples = samples / 2) {
    const Tensor<float> x = random_tensor<float>(model.input_shape().batch(samples), 11);
    const TensorView<float, Cpu> a = bands.forward(x.view()), b = layers.forward(x.view());
    REQUIRE(a.shape == b.shape);
    CHECK(std::memcmp(a.data, b.data, static_cast<std::size_t>(a.size()) * sizeof(float)) == 0);
  }
}

/// An inverted residual block: 1x1 to `wide` channels, depthwise, 1x1 back.
struct Block {
  Shape x{28, 28, 16};
  std::int64_t wide = 96;
  Size2 kernel = 3, stride = 1, dilation = 1;
  Conv2DPadding padding = Padding::same;
  Border zeros = {};  ///< of a layer in front of the depthwise one
  bool residual = false, normalized = false, bias = true, fixed = true;

  Model<float> model(const Cpu& on) const {
    Model<float> made(on, x, [&](auto in) {
      const auto norm = [](auto v) { return v.then(BatchNormalization{.epsilon = 1e-3}); };
      const ActivationFunction inside = normalized ? linear : relu6;
      auto y = in.then(Conv2D{.filters = wide, .kernel = 1, .activation = inside, .use_bias = bias});
      if (normalized) y = norm(y).then(ReLU{.max_value = 6});
      if (!(zeros == Border{})) y = y.then(ZeroPadding2D{.padding = zeros});
      y = y.then(DepthwiseConv2D{.kernel = kernel,
                                 .activation = inside,
                                 .stride = stride,
                                 .padding = padding,
                                 .dilation = dilation,
                                 .use_bias = bias});
      if (normalized) y = norm(y).then(ReLU{.max_value = 6});
      y = y.then(Conv2D{.filters = x[2], .kernel = 1, .use_bias = bias});
      if (normalized) y = norm(y);
      return residual ? decltype(in)::merge({in, y}, Add{}) : y;
    });
    std::uint64_t seed = 1;
    for (auto& layer : made.layers())
      for (auto& p : layer->parameters()) {
        p.value = random_tensor<float>(p.value.shape(), seed++);
        if (p.name == "moving_variance")
          for (std::int64_t i = 0; i < p.value.size(); ++i) p.value[i] = 1 + p.value[i] * p.value[i];
      }
    if (fixed) made.fix_weights();
    return made;
  }
};

}  // namespace

TEST_CASE("a window says which rows it sees, and the zeros around them", "[nn][bands]") {
  const RowWindow window{.size = 5, .stride = 2, .zeros = {1, 2, 3, 4}};
  const auto check = [&](RowRange y, RowRange seen, Border around) {
    INFO("rows " << y.begin << " to " << y.end);
    CHECK(window.seen(y, 14).begin == seen.begin);
    CHECK(window.seen(y, 14).end == seen.end);
    CHECK(window.around(y, 14) == around);
  };
  check({0, 1}, {0, 4}, {1, 0, 3, 4});
  check({1, 3}, {1, 8}, {0, 0, 3, 4});
  check({5, 7}, {9, 14}, {0, 2, 3, 4});
  check({0, 7}, {0, 14}, {1, 2, 3, 4});
}

TEST_CASE("blocks in bands of rows have the bits of layer by layer", "[nn][bands]") {
  const auto check = [](const std::string& name, const Block& block, std::vector<std::int64_t> batches = {5}) {
    INFO(name);
    for (const int threads : {1, 2, 3}) {
      INFO(threads << " threads");
      const Model<float> model = block.model(Cpu(threads));
      for (const std::int64_t n : batches) {
        INFO(n << " samples");
        REQUIRE(bands_of(model, {.batch = n}).size() == 1);
        CHECK(bands_of(model, {.batch = n}).front().last() == 2);
        check_same_bits(model, n);
      }
    }
  };
  check("3x3", {}, {1, 2, 5});
  check("3x3 with a shortcut", {.residual = true}, {1, 3});
  check("5x5", {.kernel = 5});
  check("3x3, stride 2", {.stride = 2}, {1, 2});
  check("5x5, stride 2", {.x = {29, 31, 16}, .kernel = 5, .stride = 2});
  check("3x3, stride 2, without zeros", {.stride = 2, .padding = Padding::valid});
  check("zeros by a layer in front", {.stride = 2, .padding = Padding::valid, .zeros = {{0, 1}, {0, 1}}});
  check("zeros of one's own", {.padding = {2, 0, 1, 1}});
  check("dilated", {.x = {40, 28, 16}, .dilation = 2});
  check("a column alone", {.kernel = {3, 1}});
  check("a step larger than the window", {.kernel = {2, 2}, .stride = 3}, {1, 5});
  check("normalized", {.residual = true, .normalized = true, .bias = false}, {1, 4});
  check("weights that may change", {.residual = true, .fixed = false}, {1, 4});
  check("normalized, with weights that may change", {.normalized = true, .bias = false, .fixed = false}, {3});
  check("many rows", {.x = {150, 7, 13}, .wide = 75}, {1, 2});
  check("few wide rows", {.x = {9, 300, 8}, .wide = 48, .kernel = 3});
}

TEST_CASE("a depthwise convolution and one of 1x1 behind it run in bands", "[nn][bands]") {
  Sequential<float> model{{56, 56, 32},
                          DepthwiseConv2D{.kernel = 3, .activation = relu, .padding = Padding::same},
                          Conv2D{16, 1, relu},
                          DepthwiseConv2D{.kernel = 3, .stride = 2, .depth_multiplier = 2},
                          Conv2D{24, 1, relu6}};
  const auto bands = bands_of(model, {.batch = 3});
  REQUIRE(bands.size() == 1);  // between the others there is too little
  CHECK(bands[0].first() == 0);
  CHECK(bands[0].last() == 1);
  check_same_bits(model, 3);
}

TEST_CASE("bands follow weights that change behind their plan", "[nn][bands]") {
  Model<float> model = Block{}.model(Cpu(2));
  Plan<float, Cpu> bands(model.device(), model.graph(), {.batch = 2});
  const Tensor<float> x = random_tensor<float>({2, 28, 28, 16}, 5);
  bands.forward(x.view());
  for (auto& layer : model.layers()) {
    Tensor<float>& kernel = layer->parameters()[0].value;
    kernel = random_tensor<float>(kernel.shape(), 77);
  }
  Plan<float, Cpu> layers(model.device(), model.graph(), {.batch = 2, .layer_by_layer = true});
  const TensorView<float, Cpu> a = bands.forward(x.view()), b = layers.forward(x.view());
  CHECK(std::memcmp(a.data, b.data, static_cast<std::size_t>(a.size()) * sizeof(float)) == 0);
}

TEST_CASE("numbers too small for a normal float are zero in bands and in steps", "[nn][bands]") {
  Model<float> model = Block{.normalized = true, .bias = false, .fixed = false}.model(Cpu(8));
  for (auto& layer : model.layers())
    for (auto& p : layer->parameters())
      if (p.name == "moving_mean" || p.name == "beta") p.value = Tensor<float>(p.value.shape());
  for (auto& p : model.layer("batch_normalization").parameters())
    for (std::int64_t i = 0; i < p.value.size(); ++i)  // gamma / sqrt(variance + epsilon) is 3e-38, a normal float
      p.value[i] = p.name == "gamma" ? 1e-39F : 0;
  REQUIRE(bands_of(model, {.batch = 1}).empty());
  REQUIRE(bands_of(model, {.batch = 8}).size() == 1);
  check_same_bits(model, 1);
  check_same_bits(model, 8);
}

TEST_CASE("what stands between steps in bands is not stored", "[nn][bands]") {
  const Model<float> model = Block{.x = {112, 112, 16}}.model(Cpu(2));
  const Plan<float, Cpu> bands(model.device(), model.graph(), {.batch = 4});
  const Plan<float, Cpu> layers(model.device(), model.graph(), {.batch = 4, .layer_by_layer = true});
  const std::int64_t wide = 112 * 112 * 96 * 4;
  CHECK(bands.bytes() < 4 * wide / 6 + 2 * (1 << 20));  // y, and the bands of two threads
  CHECK(layers.bytes() >= 2 * 4 * wide);
  CHECK_THROWS_WITH(bands.value(1), Contains("value 1") && Contains("layer_by_layer"));
}

TEST_CASE("steps stay whole where others read what stands between them, or bands would not pay", "[nn][bands]") {
  const auto narrow = Block{.x = {14, 14, 8}, .wide = 48}.model(Cpu(1));
  CHECK(bands_of(narrow, {}).empty());
  const Model<float> block = Block{}.model(Cpu(8));
  CHECK(bands_of(block, {}).empty());  // one picture for eight threads: most rows would be computed twice
  CHECK(bands_of(block, {.batch = 8}).size() == 1);
  CHECK(bands_of(block, {.batch = 8, .layer_by_layer = true}).empty());
  CHECK(bands_of(block, {.batch = 8, .gradient_of = 2}).front().last() == 1);  // that value stays to be read
  CHECK(bands_of(block, {.batch = 8, .training = true, .backward = true}).empty());

  Model<float> shared(Cpu(1), {28, 28, 16}, [](auto x) {
    const auto wide = x.then(Conv2D{96, 1, relu});
    const auto deep = wide.then(DepthwiseConv2D{.kernel = 3, .padding = Padding::same});
    return decltype(x)::merge({wide, deep.then(Conv2D{96, 1})}, Add{});
  });
  shared.fix_weights();
  const auto bands = bands_of(shared, {});
  REQUIRE(bands.size() == 1);
  CHECK(bands[0].first() == 1);  // the first one's output is read twice
  check_same_bits(shared, 2);
}

TEST_CASE("slices of a batch have enough pictures for bands", "[nn][bands]") {
  Model<float> model(Cpu(16), {224, 224, 3}, [](auto x) {
    return x.then(Conv2D{32, 3, relu6, 2, Padding::same}, DepthwiseConv2D{.kernel = 3, .padding = Padding::same},
                  Conv2D{64, 1}, MaxPooling2D{8}, Conv2D{384, 1, relu6},
                  DepthwiseConv2D{.kernel = 3, .padding = Padding::same}, Conv2D{64, 1});
  });
  const PlanOptions options{.batch = 16};
  const auto steps = detail::plan_steps(model.device(), model.graph(), options);
  const auto bands = bands_of(model, options);
  REQUIRE(bands.size() == 2);
  CHECK(bands[1].least_pictures() == 8);  // for 16 threads two parts of each
  const auto memory = detail::plan_memory(model.device(), model.graph(), steps, bands, options);
  CHECK(memory.slice == 3);
  CHECK(memory.leading == bands[1].first());
  check_same_bits(model, 16);
}

TEST_CASE("frozen blocks in front of layers that learn run in bands, with the same gradients", "[nn][bands]") {
  Sequential<float> model{Block{.residual = true, .normalized = true, .bias = false}.model(Cpu(2)),
                          GlobalAveragePooling2D{}, Dense{.units = 2, .name = "head"}};
  model.freeze_before("head");
  for (auto& layer : model.layers()) layer->inference = layer->name != "head";
  model.fix_weights();
  PlanOptions options = training_options;
  options.batch = 4;
  options.keep_gradients = true;
  REQUIRE(bands_of(model, options).size() == 1);
  const Tensor<float> x = random_tensor<float>({4, 28, 28, 16}, 3);
  const auto results = plan_results(model, x, options);
  REQUIRE(results.size() == 3);
  REQUIRE(results[1].size() == 32);  // the head's kernel
  check_layer_by_layer(model, x, training_options);
}

TEST_CASE("the list of kernels says what runs in bands", "[nn][bands]") {
  const Model<float> model = Block{}.model(Cpu(2));
  CHECK_THAT(report::kernels(model, 2), Contains("conv2d, depthwise_conv2d, conv2d_1: in bands of "));
}
