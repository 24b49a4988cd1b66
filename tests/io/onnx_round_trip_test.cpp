// SPDX-License-Identifier: MIT
// Models that save_onnx writes and load_onnx reads.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "brindle/io/load_onnx.hpp"
#include "brindle/io/onnx_graph_writer.hpp"
#include "brindle/io/save_onnx.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

// All weights in the order of the layers, whatever their shapes.
std::vector<float> all_weights(const Model<float>& model) {
  std::vector<float> all;
  for (const auto& layer : model.layers())
    for (const auto& p : static_cast<const Layer<float, Cpu>&>(*layer).parameters())
      all.insert(all.end(), p.value.data(), p.value.data() + p.value.size());
  return all;
}

Tensor<float> pictures(const Shape& sample) {
  Tensor<float> x(sample.batch(3));
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 37 % 101) / 50 - 1;
  return x;
}

Model<float> branching() {
  return Model<float>{
      {12, 11, 3}, [](auto x) {
        auto y = x.then(Conv2D{.filters = 8, .kernel = 3, .stride = 2, .padding = Padding::same}, BatchNormalization{},
                        Activation{relu6});
        auto gate = y.then(GlobalAveragePooling2D{.keepdims = true}, Conv2D{8, 1, silu}, Conv2D{8, 1, hard_sigmoid});
        auto z = (y * gate + y)
                     .then(SeparableConv2D{.filters = 6, .kernel = 3, .padding = {1, 0, 2, 1}}, BatchNormalization{},
                           Activation{hard_silu});
        return concatenate(z, z.then(DepthwiseConv2D{.kernel = 1, .activation = gelu}))
            .then(MaxPooling2D{2}, Dropout{0.3}, Flatten{}, Dense{7, elu}, Dense{3, softmax});
      }};
}

void check_round_trip(const Model<float>& model, const io::SaveOnnxOptions& options) {
  const TemporaryFolder folder;
  io::save_onnx(model, folder / "m.onnx", options);
  const Model<float> read = io::load_onnx(folder / "m.onnx");
  CHECK(read.input_shape() == model.input_shape());
  CHECK(read.name() == model.name());
  const Tensor<float> x = pictures(model.input_shape());
  check_close("outputs", read.predict(x), model.predict(x), 1e-6);
  if (!options.fold) CHECK(all_weights(read) == all_weights(model));
  // What was read has the same weights when it is written again.
  io::save_onnx(read, folder / "again.onnx", {.fold = false});
  CHECK(all_weights(io::load_onnx(folder / "again.onnx")) == all_weights(read));
}

}  // namespace

TEST_CASE("a model that is written as ONNX and read back has the same weights, bit by bit, and outputs", "[io][onnx]") {
  Model<float> model = branching();
  model.initialize(3);
  for (const char* name : {"batch_normalization", "batch_normalization_1"})
    for (auto& p : model.layer(name).parameters())
      for (std::int64_t i = 0; i < p.value.size(); ++i) p.value[i] = 0.5f + 0.125f * static_cast<float>(i);
  for (const bool fold : {true, false})
    for (const bool channels_last : {true, false}) {
      INFO("fold " << fold << ", channels last " << channels_last);
      check_round_trip(model, {.fold = fold, .channels_last_input = channels_last});
    }
}

TEST_CASE("rows of a Dense behind Flatten keep their places in an ONNX file", "[io][onnx]") {
  Sequential<float> model{{5, 4, 3}, Conv2D{6, 2, relu}, Flatten{}, Dense{4}};
  model.initialize(1);
  check_round_trip(model, {});
  check_round_trip(model, {.fold = false});
}

TEST_CASE("class names and how a picture becomes the input come back from an ONNX file", "[io][onnx]") {
  const TemporaryFolder folder;
  Sequential<float> model{{5, 4, 3}, Conv2D{6, 2, relu}, Flatten{}, Dense{3}};
  model.initialize(1);
  PictureInput input{.size = {5, 4},
                     .interpolation = image::Interpolation::bilinear,
                     .aspect_ratio = AspectRatio::crop,
                     .preprocessing = Preprocessing::caffe};
  io::save_onnx(model, folder / "m.onnx",
                {.info = {.class_names = {"a", "\xC3\xA4 \"b\"", "c"},
                          .input = input,
                          .from_logits = true,
                          .temperature = 1.25,
                          .answers = {.samples = 10, .rows = {{0.5, 10, 8}, {0.75, 4, 4}}}}});
  const io::SavedModel<float> saved = io::load_onnx_with_info(folder / "m.onnx");
  CHECK(saved.info.class_names == std::vector<std::string>{"a", "\xC3\xA4 \"b\"", "c"});
  REQUIRE(saved.info.input);
  CHECK(*saved.info.input == input);
  CHECK(saved.info.from_logits);
  CHECK_FALSE(saved.info.each_output);
  CHECK(saved.info.temperature == 1.25);
  CHECK(saved.info.answers.samples == 10);
  REQUIRE(saved.info.answers.rows.size() == 2);
  CHECK(saved.info.answers.rows[1].probability == 0.75);
  CHECK(saved.info.answers.rows[1].right == 4);
  CHECK(same_bits(saved.model.predict(pictures({5, 4, 3})),
                  io::load_onnx(folder / "m.onnx").predict(pictures({5, 4, 3}))));
}

TEST_CASE("an ONNX file of another program has an empty info, one that makes no sense is refused", "[io][onnx]") {
  const TemporaryFolder folder;
  const auto write = [&](const std::map<std::string, std::string>& metadata) {
    io::detail::OnnxGraphWriter graph;
    graph.free_name("x");
    const std::string y = graph.add("Relu", "y", {"x"});
    graph.write(folder / "m.onnx", "m", "x", {3}, y, {3}, {metadata.begin(), metadata.end()});
    return folder / "m.onnx";
  };
  const io::SavedModel<float> foreign = io::load_onnx_with_info(write({{"author", "somebody"}}));
  CHECK(foreign.info.class_names.empty());
  CHECK_FALSE(foreign.info.input);
  const auto refused = [&](const std::string& text, const std::string& why) {
    INFO(text);
    const auto path = write({{"brindle", text}});
    CHECK(io::load_onnx(path).output_shape() == Shape{3});  // asks nobody
    CHECK_THROWS_WITH(io::load_onnx_with_info(path),
                      Catch::Contains(path.string() + ": metadata \"brindle\"") && Catch::Contains(why));
  };
  const std::string rest = R"(, "from_logits": false, "each_output": false})";
  refused("", "cannot be understood");
  refused("[1]", "cannot be understood");
  refused(R"({"class_names": 3, "input": null)" + rest, "cannot be understood");
  refused(R"({"class_names": ["a"], "input": null)" + rest, "1 class names for a model of 3 outputs");
  refused(R"({"class_names": [], "input": {}})", "cannot be understood");
  refused(std::string(200, '['), "cannot be understood");
}
