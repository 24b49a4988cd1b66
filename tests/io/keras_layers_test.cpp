// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brindle/io/keras_config.hpp"
#include "brindle/io/load_keras.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/npz.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/nn/registry.hpp"
#include "brindle/testing/lone_layer.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

/// A layer as a configuration by Keras describes it.
struct ConfiguredLayer {
  std::string type;
  Config config;
  std::string name = {};

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const {
    return LayerRegistry<T, Device>().make(type, config);
  }
};

/// The layer of a case, as io::load_keras() would make it.
ConfiguredLayer layer_of(const Golden& golden, const std::string& name) {
  const Tensor<std::uint8_t> bytes = golden.file().read<std::uint8_t>(name + ".json");
  const io::detail::KerasModel model =
      io::detail::keras_model_config(name, std::string(bytes.span().begin(), bytes.span().end()));
  REQUIRE(model.layers.size() == 1);
  return {model.layers[0].type, model.layers[0].config};
}

template <class T>
void check_case(const Golden& golden, const std::string& name) {
  INFO(name);
  const Tolerance tolerance{2e-5, 1e-12};
  const Tensor<T> x = golden.get<T>(name + ".x"), dy = golden.get<T>(name + ".dy");
  testing::LoneLayer<T> lone(layer_of(golden, name), x.shape().sample(), x.shape()[0], 2, false);
  lone.x = x.clone();
  for (std::size_t p = 0; p < lone.layer->parameters().size(); ++p) {
    Tensor<T> value = golden.get<T>(name + ".p" + std::to_string(p));
    REQUIRE(value.shape() == lone.layer->parameters()[p].value.shape());
    lone.layer->parameters()[p].value = std::move(value);
  }
  CHECK(!golden.has(name + ".p" + std::to_string(lone.layer->parameters().size())));
  golden.check(name + ".y", lone.forward(), tolerance);
  const std::vector<Tensor<T>> gradients = lone.backward(dy);
  golden.check(name + ".dx", gradients[0], tolerance);
  for (std::size_t p = 1; p < gradients.size(); ++p)
    golden.check(name + ".dp" + std::to_string(p - 1), gradients[p], tolerance);
}

}  // namespace

TEST_CASE("layers that Keras's configurations describe compute what Keras computes", "[io][keras][golden]") {
  const Golden golden("layers.npz");
  const std::string kind = GENERATE("average_pool", "global", "zero_padding", "reshape", "rescaling", "normalization",
                                    "conv2d", "depthwise", "separable", "layer_norm");
  REQUIRE(!golden.cases(kind).empty());
  for (const std::string& name : golden.cases(kind)) {
    check_case<double>(golden, name);
    check_case<float>(golden, name);
  }
}

TEST_CASE("a model of these layers is loaded from both of Keras's formats, saved and loaded again",
          "[io][keras][golden]") {
  const std::string folder = std::string(BRINDLE_GOLDENS) + "/weights/";
  const io::NpzFile golden(folder + "layers.npz");
  const Tensor<float> x = golden.read<float>("x"), y = golden.read<float>("y");
  Model<float> from_keras = io::load_keras(folder + "layers.keras");
  check_close("layers.keras", from_keras.predict(x), y, 1e-5);
  check_close("layers.h5", io::load_keras(folder + "layers.h5").predict(x), y, 1e-5);
  CHECK(from_keras.layer("drop").config().get("noise_shape", std::vector<std::int64_t>{}) ==
        std::vector<std::int64_t>{1, 1, 8});

  const TemporaryFolder temporary;
  io::save_model(from_keras, temporary / "layers.safetensors");
  const auto again = io::load_model(temporary / "layers.safetensors");
  CHECK(same_bits(again.model.predict(x), from_keras.predict(x)));

  from_keras.initialize(5);
  io::load_weights(from_keras, folder + "layers.weights.h5");
  check_close("layers.weights.h5", from_keras.predict(x), y, 1e-5);
}

TEST_CASE("the two kernels of a separable convolution are not mistaken for one another", "[io][weights]") {
  CHECK(io::detail::parameter_of("depthwise_kernel:0") == "depthwise_kernel");
  CHECK(io::detail::parameter_of("pointwise_kernel_1:0") == "pointwise_kernel");
  CHECK(io::detail::parameter_of("gamma") == "gamma");
  CHECK(io::detail::parameter_of("kernel:0") == "kernel");
  // With the same shape, and in the other order.
  Sequential<float> model{
      {4, 4, 1}, SeparableConv2D{.filters = 1, .kernel = 1, .name = "s"}, DepthwiseConv2D{.kernel = 1, .name = "d"}};
  io::WeightFile file{"weights", {{"s", {}}, {"d", {}}}};
  const auto number = [](float value) { return [value](TensorView<float> to) { to[0] = value; }; };
  file.layers[0].tensors = {{"s/bias", "bias", {1}, number(3)},
                            {"s/pointwise_kernel", "pointwise_kernel", {1, 1, 1, 1}, number(2)},
                            {"s/depthwise_kernel", "depthwise_kernel", {1, 1, 1, 1}, number(1)}};
  file.layers[1].tensors = {{"d/bias", "bias", {1}, number(5)},
                            {"d/depthwise_kernel", "depthwise_kernel", {1, 1, 1, 1}, number(4)}};
  io::load_weights(model, file);
  CHECK(model.layer("s").parameters()[0].value[0] == 1);
  CHECK(model.layer("s").parameters()[1].value[0] == 2);
  CHECK(model.layer("s").parameters()[2].value[0] == 3);
  CHECK(model.layer("d").parameters()[0].value[0] == 4);
  CHECK(model.layer("d").parameters()[1].value[0] == 5);
}

TEST_CASE("configurations of Keras that these layers do not follow are refused by name", "[io][keras]") {
  const auto refusal = [](const std::string& kind, const std::string& settings) {
    const std::string json = R"({"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": ")" +
                             kind + R"(", "config": {"name": "it", )" + settings + "}}]}}";
    try {
      const auto model = io::detail::keras_model_config("x.keras", json);
      const auto layer = LayerRegistry<float, Cpu>().make(model.layers[0].type, model.layers[0].config);
      layer->name = "it";
      layer->output_shape({8, 8, 4});
      return std::string("none");
    } catch (const Error& e) {
      return std::string(e.what());
    }
  };
  using Catch::Contains;
  for (const char* kind : {"Conv2D", "DepthwiseConv2D", "SeparableConv2D", "AveragePooling2D", "ZeroPadding2D",
                           "GlobalAveragePooling2D", "GlobalMaxPooling2D"})
    CHECK_THAT(refusal(kind, R"("data_format": "channels_first")"), Contains("data_format") && Contains(kind));
  CHECK_THAT(refusal("Dropout", R"("rate": 0.5, "noise_shape": [32, 1, 1, 1])"), Contains("noise_shape"));
  CHECK_THAT(refusal("Dropout", R"("rate": 0.5, "noise_shape": [null, 1, 1, null])"), Contains("none"));
  CHECK_THAT(refusal("Normalization", R"("axis": -1, "mean": null, "variance": null)"), Contains("adapt()"));
  CHECK_THAT(refusal("Normalization", R"("axis": 1, "mean": 0.5, "variance": 2.0)"), Contains("axis"));
  CHECK_THAT(refusal("Normalization", R"("axis": [3], "mean": 0.5, "variance": 2.0)"), Contains("none"));
  CHECK_THAT(refusal("Normalization", R"("mean": 0.5, "variance": 2.0, "invert": true)"), Contains("invert"));
  CHECK_THAT(refusal("LayerNormalization", R"("axis": [1, 2, 3])"), Contains("axis"));
  CHECK_THAT(refusal("LayerNormalization", R"("axis": [3], "epsilon": 1e-5)"), Contains("none"));
  CHECK_THAT(refusal("LayerNormalization", R"("rms_scaling": true)"), Contains("rms_scaling"));
  CHECK_THAT(refusal("Rescaling", R"("scale": {"class_name": "__numpy__"}, "offset": 0)"), Contains("scale"));
  CHECK_THAT(refusal("ZeroPadding2D", R"("padding": [1, 2])"), Contains("none"));
  CHECK_THAT(refusal("ZeroPadding2D", R"("padding": [[1, 2]])"), Contains("padding"));
  CHECK_THAT(refusal("Reshape", R"("target_shape": [null, 4])"), Contains("target_shape"));
  // Keras 2's spelling.
  CHECK_THAT(refusal("DepthwiseConv2D", R"("kernel_size": [3, 3], "strides": [1, 1], "padding": "same",
      "data_format": "channels_last", "dilation_rate": [1, 1], "groups": 1, "activation": "linear", "use_bias": false,
      "bias_initializer": {"class_name": "Zeros", "config": {}}, "depth_multiplier": 1,
      "depthwise_initializer": {"class_name": "GlorotUniform", "config": {"seed": null}},
      "depthwise_regularizer": null, "depthwise_constraint": null)"),
             Contains("none"));
}
