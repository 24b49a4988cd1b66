// SPDX-License-Identifier: MIT
// Models that save_onnx writes, and what onnxruntime gives for them (goldens/make_onnx_written.py).
#include "brindle/io/save_onnx.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/golden.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

// Of the largest output; onnxruntime computes in float32 and in other orders.
constexpr Tolerance prediction_of_written{1e-5, 1e-12};

// Biases and averages that are not 0 and 1.
void fill(Model<float>& model) {
  model.initialize(7);
  for (const auto& layer : model.layers())
    for (auto& p : layer->parameters()) {
      if (p.name.find("kernel") != std::string::npos) continue;
      const bool positive = p.name == "gamma" || p.name == "moving_variance";
      for (std::int64_t i = 0; i < p.value.size(); ++i)
        p.value[i] = (positive ? 1.0f : -0.2f) + 0.0625f * static_cast<float>(i % 7);
    }
}

Model<float> row() {
  return Sequential<float>{{17, 19, 3},
                           Rescaling{.scale = {1 / 127.5}, .offset = {-1}},
                           Conv2D{.filters = 6, .kernel = 3, .stride = 2, .padding = Padding::same, .use_bias = false},
                           BatchNormalization{},
                           ReLU{.max_value = 6},
                           MaxPooling2D{.pool_size = 2, .padding = Padding::same},
                           SeparableConv2D{.filters = 5, .kernel = {3, 2}, .activation = silu},
                           AveragePooling2D{.pool_size = 2, .padding = Padding::same},
                           Flatten{},
                           Dense{4, softmax}};
}

Model<float> written_graph() {
  return Model<float>{
      {9, 8, 3}, [](auto x) {
        auto y =
            x.then(Conv2D{.filters = 6, .padding = {0, 1, 2, 0}}, BatchNormalization{.scale = false}, Activation{relu});
        auto gate = y.then(GlobalAveragePooling2D{.keepdims = true}, Conv2D{6, 1, sigmoid});
        auto z = (y * gate + y)
                     .then(ZeroPadding2D{.padding = {{1, 0}, {0, 1}}},
                           DepthwiseConv2D{.kernel = 2, .activation = relu6, .depth_multiplier = 2, .dilation = 2});
        auto w = z.then(Conv2D{.filters = 4, .kernel = 1, .groups = 2}, Dropout{0.3});
        return concatenate(z, w).then(Dense{5, elu}, GlobalMaxPooling2D{}, Dense{1, sigmoid});
      }};
}

Model<float> functions() {
  Sequential<float> model{{4, 5, 6}, Normalization{.mean = {0.5}, .variance = {0.25}}};
  for (const auto f : {leaky_relu, elu, silu, hard_silu, gelu, ActivationFunction::tanh, softplus, hard_sigmoid})
    model.add(Conv2D{.filters = 6, .kernel = 1, .activation = f});
  model.add(Rescaling{.scale = {1, 2, 3, 4, 5, 6}, .offset = {0.5, 1, -1, 0, 2, 3}});
  model.add(LayerNormalization{});
  model.add(LeakyReLU{});
  model.add(ELU{.alpha = 0.5});
  model.add(ReLU{.negative_slope = 0.25});
  model.add(Reshape{{10, 12}});
  model.add(Dense{6, softmax});
  model.add(Reshape{{3, 4, 5}});
  model.add(Softmax{});
  return model;
}

// What a case writes: a model, and how.
struct Case {
  Model<float> model;
  io::SaveOnnxOptions options;
};

std::map<std::string, Case> cases() {
  std::map<std::string, Case> all;
  const io::ModelInfo info{.class_names = {"a", "b", "c", "d"}, .input = PictureInput{.size = {17, 19}}};
  all.emplace("row", Case{row(), {.info = info}});
  all.emplace("row_as_it_is", Case{row(), {.fold = false}});
  all.emplace("channels_last", Case{row(), {.channels_last_input = true}});
  all.emplace("graph", Case{written_graph(), {}});
  all.emplace("graph_as_it_is", Case{written_graph(), {.fold = false}});
  all.emplace("functions", Case{functions(), {}});
  for (auto& [name, one] : all) fill(one.model);
  return all;
}

}  // namespace

TEST_CASE("models are written as the files with which onnxruntime computed what they predict", "[io][onnx]") {
  const Golden golden("onnx_written.npz");
  const TemporaryFolder folder;
  for (const auto& [name, one] : cases()) {
    INFO(name);
    io::save_onnx(one.model, folder / name, one.options);
    const std::vector<std::uint8_t> bytes = read_file(folder / name);
    const Tensor<std::uint8_t> expected = golden.file().read<std::uint8_t>(name + ".file");
    CHECK(std::equal(bytes.begin(), bytes.end(), expected.data(), expected.data() + expected.size()));
    golden.check(name + ".y", one.model.predict(golden.get<float>(name + ".x")), prediction_of_written);
  }
}

// For goldens/make_onnx_written.py: io_tests "[write_onnx]", with BRINDLE_ONNX_OUT naming a folder.
TEST_CASE("the files for onnxruntime are written", "[.][write_onnx]") {
  const char* folder = std::getenv("BRINDLE_ONNX_OUT");
  REQUIRE(folder != nullptr);
  for (const auto& [name, one] : cases())
    io::save_onnx(one.model, std::filesystem::path(folder) / (name + ".onnx"), one.options);
}

TEST_CASE("save_onnx names the layer that ONNX has no operator for, and leaves an older file as it is", "[io][onnx]") {
  const TemporaryFolder folder;
  replace_file(folder / "m.onnx", "older");
  Sequential<float> threshold{{3}, Dense{2}, ReLU{.threshold = 1}};
  CHECK_THROWS_WITH(io::save_onnx(threshold, folder / "m.onnx"), Contains("ReLU \"re_lu\"") && Contains("threshold"));
  Sequential<float> limited{{3}, Dense{2}, ReLU{.max_value = 2, .negative_slope = 0.5}};
  CHECK_THROWS_WITH(io::save_onnx(limited, folder / "m.onnx"), Contains("ReLU \"re_lu\""));
  Sequential<float> rows{{3, 4}, BatchNormalization{}};
  CHECK_THROWS_WITH(io::save_onnx(rows, folder / "m.onnx"),
                    Contains("BatchNormalization \"batch_normalization\"") && Contains("(None, 3, 4)"));
  Sequential<float> fits{{3}, Dense{2}};
  CHECK_THROWS_WITH(io::save_onnx(fits, folder / "m.onnx", {.info = {.class_names = {"a", "b", "c"}}}),
                    Contains("save_onnx: 3 class names for a model of 2 outputs"));
  const std::vector<std::uint8_t> bytes = read_file(folder / "m.onnx");
  CHECK(std::string(bytes.begin(), bytes.end()) == "older");
  CHECK_THROWS_WITH(io::save_onnx(fits, folder / "none" / "m.onnx"), Contains("there is no folder"));
}
