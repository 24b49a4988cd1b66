// SPDX-License-Identifier: MIT
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cuda/gpu.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

/// Output and all gradients of a model, from the same weights, inputs and gradient of its output.
template <class Device>
struct Gradients {
  Tensor<float> y, dx;
  std::vector<Tensor<float>> parameters;

  template <class... Descriptions>
  Gradients(const Device& on, const Shape& sample, std::int64_t batch, const Descriptions&... layers) {
    Sequential model{on, sample, layers...};
    model.initialize(7);
    const Tensor<float> x = random_tensor<float>(sample.batch(batch), 1);
    const Tensor<float> dy = random_tensor<float>(model.output_shape().batch(batch), 2);
    const auto there = x.to<Device>(), dy_there = dy.to<Device>();
    for (const bool input_gradient : {false, true}) {
      PlanOptions options{.batch = batch + 1, .training = true, .backward = true, .keep_gradients = true, .seed = 5};
      if (input_gradient) options.gradient_of = 0;
      Plan<float, Device> plan(on, model.graph(), options);
      y = host_copy(plan.forward(there, 3));
      if (plan.output_gradient().empty()) continue;  // nothing learns
      Memory<Device>::copy(on, plan.output_gradient().data, dy_there.data(), dy_there.bytes());
      plan.backward([&](std::size_t, std::span<const TensorView<float, Device>> gradients) {
        for (const auto& g : gradients) parameters.push_back(host_copy(g));
      });
      if (input_gradient) dx = host_copy(plan.value_gradient());
    }
    // Inference gives what training gives where nothing drops.
    predicted = model.predict(there, batch == 1 ? 1 : batch - 1).template to<Cpu>();
  }

  static Tensor<float> host_copy(TensorView<const float, Device> v) {
    Tensor<float> copy(v.shape);
    Memory<Device>::copy_to_host(copy.data(), v.data, copy.bytes());
    return copy;
  }

  Tensor<float> predicted;
};

template <class... Descriptions>
void check_layers(const std::string& what, const Shape& sample, const Descriptions&... layers) {
  for (const std::int64_t batch : {1, 3}) {
    INFO(what << ", batch " << batch);
    const Gradients<Cpu> here(Cpu{1}, sample, batch, layers...);
    const Gradients<Cuda> there(Cuda{}, sample, batch, layers...);
    check_close("y", there.y, here.y, 2e-5);
    check_close("dx", there.dx, here.dx, 5e-5);
    check_close("predicted", there.predicted, here.predicted, 2e-5);
    REQUIRE(there.parameters.size() == here.parameters.size());
    for (std::size_t i = 0; i < here.parameters.size(); ++i)
      check_close("gradient " + std::to_string(i), there.parameters[i], here.parameters[i], 5e-5);
  }
}

}  // namespace

TEST_CASE("layers and their gradients are the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Shape picture{9, 10, 8};
  check_layers("conv2d", picture, Conv2D{16, 3});
  check_layers("conv2d relu", picture, Conv2D{16, 3, relu});
  check_layers("conv2d sigmoid, same, stride 2", picture, Conv2D{8, {2, 3}, sigmoid, 2, Padding::same});
  check_layers("conv2d softmax", picture, Conv2D{8, 3, softmax});
  check_layers("conv2d without bias", picture,
               Conv2D{.filters = 8, .kernel = 1, .activation = relu, .use_bias = false});
  check_layers("conv2d and pool", picture, Conv2D{16, 3, relu}, MaxPool2D{2});
  check_layers("conv2d and pool, linear, same", picture, Conv2D{8, 3, linear, 1, Padding::same}, MaxPool2D{2});
  check_layers("pool", picture, MaxPool2D{2});
  check_layers("overlapping pool", picture, MaxPooling2D{.pool_size = 3, .stride = 2, .padding = Padding::same});
  check_layers("dense", {33}, Dense{16, relu});
  check_layers("dense sigmoid", {33}, Dense{1, sigmoid});
  check_layers("dense softmax", {33}, Dense{7, softmax});
  check_layers("dense on pictures", picture, Dense{5, relu});
  check_layers("activations", {33}, Activation{sigmoid}, Activation{relu}, Activation{softmax});
  check_layers("activations from inputs", {33}, Activation{silu}, Dense{16, gelu}, Activation{hard_silu});
  check_layers("conv2d silu", picture, Conv2D{16, 3, silu}, Conv2D{8, 3, relu6});
  check_layers("rectifiers", {33}, ReLU{.max_value = 0.5}, LeakyReLU{}, ELU{0.7}, Softmax{});
  check_layers("flatten", picture, Flatten{}, Dense{3});
}

TEST_CASE("pools, scales, general convolutions and layer normalization are the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Shape picture{9, 10, 8};
  check_layers("average pool", picture, AveragePooling2D{.pool_size = 3, .stride = 2, .padding = Padding::same});
  check_layers("global average pool", picture, GlobalAveragePooling2D{});
  check_layers("global max pool", picture, GlobalMaxPooling2D{.keepdims = true});
  check_layers("zero padding", picture, Conv2D{8, 1}, ZeroPadding2D{{{0, 1}, {2, 3}}});
  check_layers("reshape", picture, Reshape{{10, -1}}, Dense{3});
  check_layers("scales", picture, Rescaling{{0.5}, {-1}}, Normalization{{1, 2, 3, 4, 5, 6, 7, 8}, {2}});
  check_layers("conv2d with groups", picture, Conv2D{.filters = 12, .kernel = 3, .activation = relu, .groups = 4});
  check_layers("conv2d dilated, softmax", picture,
               Conv2D{.filters = 5, .kernel = 3, .activation = softmax, .dilation = 2});
  check_layers("conv2d with a border", picture,
               Conv2D{.filters = 8, .kernel = 3, .stride = 2, .padding = {0, 1, 2, 0}});
  check_layers("depthwise", picture, DepthwiseConv2D{.activation = sigmoid, .stride = 2, .padding = Padding::same});
  check_layers("depthwise with several filters", picture, DepthwiseConv2D{.kernel = 5, .depth_multiplier = 3});
  check_layers("separable", picture, SeparableConv2D{.filters = 12, .activation = relu, .depth_multiplier = 2});
  check_layers("layer normalization", picture, LayerNormalization{}, LayerNormalization{.center = false});
  check_layers("dropout of samples", picture, Dropout{.rate = 0.5, .noise_shape = {1, 1, 1}},
               Dropout{.rate = 0.3, .noise_shape = {1, 1, -1}});
}

TEST_CASE("a network of every kind of layer is the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  check_layers("network", {20, 22, 3}, Conv2D{8, 3, relu}, MaxPool2D{2}, Conv2D{8, 3, relu, 1, Padding::same},
               Conv2D{16, 3, relu}, MaxPool2D{2}, Flatten{}, Dropout{0.4}, Dense{24, relu}, Dropout{0.5},
               Dense{3, softmax});
}

TEST_CASE("a folded network on the GPU is the processor's", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Shape sample{9, 9, 3};
  const auto predicted = [&](const auto& on) {
    using Device = std::decay_t<decltype(on)>;
    Sequential model{on,
                     sample,
                     Conv2D{.filters = 8, .kernel = 3, .use_bias = false},
                     BatchNormalization{},
                     ReLU{},
                     DepthwiseConv2D{3},
                     BatchNormalization{},
                     Flatten{},
                     Dense{3},
                     BatchNormalization{}};
    model.initialize(3);
    std::uint64_t seed = 50;
    for (const auto& layer : model.layers())
      for (auto& p : layer->parameters())
        p.value = random_tensor<float>(p.value.shape(), ++seed, 0.5, 1.5).template to<Device>();
    const Model<float, Device> small = folded(Model<float, Device>(std::move(model)));
    CHECK(small.layers().size() == 4);
    return small.predict(random_tensor<float>(sample.batch(4), 1).template to<Device>()).template to<Cpu>();
  };
  check_close("outputs", predicted(Cuda{}), predicted(Cpu{1}), 2e-5);
}

TEST_CASE("weights are drawn the same for both devices", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const auto make = [](const auto& on) { return Sequential{on, Shape{5, 5, 3}, Conv2D{4, 3}, Flatten{}, Dense{3}}; };
  auto here = make(Cpu{1});
  auto there = make(Cuda{});
  here.initialize(42), there.initialize(42);
  for (std::size_t l = 0; l < here.layers().size(); ++l)
    for (std::size_t p = 0; p < here.layers()[l]->parameters().size(); ++p)
      CHECK(same_bits(there.layers()[l]->parameters()[p].value.to<Cpu>(), here.layers()[l]->parameters()[p].value));
}
