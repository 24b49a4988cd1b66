// SPDX-License-Identifier: MIT
// Files that have to stay readable: layouts that Keras's and NumPy's users have, and saved models of every version.
#include <brindle/core/file.hpp>
#include <brindle/io/config_json.hpp>
#include <brindle/io/picture_input_json.hpp>
#include <brindle/io/safetensors.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "brindle/io/load_keras.hpp"
#include "brindle/io/npz.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/golden_folders.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

const std::string corpus = std::string(BRINDLE_GOLDENS) + "/../fuzz/corpus/";

void check_same(const Model<float>& a, const Model<float>& b) {
  REQUIRE(a.layers().size() == b.layers().size());
  for (std::size_t i = 0; i < a.layers().size(); ++i) {
    const auto& p = a.layers()[i]->parameters();
    REQUIRE(p.size() == b.layers()[i]->parameters().size());
    CHECK(a.layers()[i]->name == b.layers()[i]->name);
    for (std::size_t k = 0; k < p.size(); ++k) CHECK(same_bits(p[k].value, b.layers()[i]->parameters()[k].value));
  }
}

/// Every kind of layer of the first version; weights that are simple and differ.
Sequential<float> first_version() {
  Sequential<float> base{{6, 5, 2},
                         Conv2D{.filters = 3, .kernel = {3, 2}, .activation = relu, .padding = Padding::same},
                         MaxPooling2D{.pool_size = 2}};
  base.set_name("base");
  Sequential<float> model{std::move(base),     Flatten{},     Dense{.units = 4, .use_bias = false, .name = "hidden"},
                          Activation{sigmoid}, Dropout{0.25}, Dense{3, softmax}};
  model.set_name("first");
  float next = -0.5f;
  for (const auto& layer : model.layers())
    for (auto& p : layer->parameters())
      for (float& w : p.value.span()) w = next = next > 0.5f ? next - 1.0f : next + 0.0625f;
  model.set_trainable("base", false);
  return model;
}

}  // namespace

TEST_CASE("a saved model of the format's first version is read for ever", "[io][saved_model]") {
  const std::string file = std::string(BRINDLE_GOLDENS) + "/saved_model_1.safetensors";
  const auto saved = io::load_model(file);
  CHECK(saved.info.class_names == std::vector<std::string>{"cat", "dog", "owl"});
  CHECK_FALSE(saved.info.input);  // two channels are no picture
  CHECK_FALSE(saved.info.from_logits);
  CHECK(saved.model.name() == "first");
  const auto expected = first_version();
  check_same(saved.model, expected);
  for (std::size_t i = 0; i < expected.layers().size(); ++i) {
    CHECK(saved.model.layers()[i]->type() == expected.layers()[i]->type());
    CHECK(saved.model.layers()[i]->trainable == expected.layers()[i]->trainable);
    CHECK(io::detail::to_json(saved.model.layers()[i]->config()) ==
          io::detail::to_json(expected.layers()[i]->config()));
  }
  REQUIRE(saved.model.groups().size() == 1);
  CHECK(saved.model.groups()[0].name == "base");
  CHECK(saved.model.groups()[0].end == 2);
  const Tensor<float> x = random_tensor<float>({2, 6, 5, 2}, 3);
  CHECK(same_bits(saved.model.predict(x, 2), expected.predict(x, 2)));
}

TEST_CASE("a saved model of the format's second version is read for ever", "[io][saved_model]") {
  const std::string file = std::string(BRINDLE_GOLDENS) + "/saved_model_2.safetensors";
  const PictureInput input{.size = {6, 5},
                           .interpolation = image::Interpolation::bilinear,
                           .aspect_ratio = AspectRatio::pad,
                           .color_mode = ColorMode::rgb,
                           .orientation = Orientation::exif,
                           .preprocessing = Preprocessing::imagenet_mean_std};
  Sequential<float> expected{{6, 5, 3}, Flatten{}, Dense{.units = 2, .name = "logits"}};
  float next = -0.5f;
  for (auto& p : expected.layer("logits").parameters())
    for (float& w : p.value.span()) w = next = next > 0.5f ? next - 1.0f : next + 0.0625f;
  const auto saved = io::load_model(file);
  check_same(saved.model, expected);
  CHECK(saved.info.class_names == std::vector<std::string>{"cat", "dog"});
  CHECK(saved.info.input == input);
  CHECK(saved.info.from_logits);
  // A row is still written so, byte for byte.
  const TemporaryFolder folder;
  io::save_model(expected, folder / "m", {.class_names = {"cat", "dog"}, .input = input, .from_logits = true});
  CHECK(read_file(folder / "m") == read_file(file));
}

TEST_CASE("a saved model of the format's third version is read for ever", "[io][saved_model]") {
  const std::string file = std::string(BRINDLE_GOLDENS) + "/saved_model_3.safetensors";
  Sequential<float> base{{6, 5, 2}, Conv2D{.filters = 2, .kernel = 3, .padding = Padding::same}, Activation{relu}};
  base.set_name("base");
  Model<float> expected{{6, 5, 2}, [&](auto input) {
                          auto x = input.then(std::move(base));
                          x = concatenate(input + x, x);
                          x = x * x.then(MaxPooling2D{.pool_size = {6, 5}}, Conv2D{4, 1, sigmoid});
                          return x.then(Flatten{}, Dense{3, softmax});
                        }};
  expected.set_inference("base", true);
  float next = -0.5f;
  for (const auto& layer : expected.layers())
    for (auto& p : layer->parameters())
      for (float& w : p.value.span()) w = next = next > 0.5f ? next - 1.0f : next + 0.0625f;
  // Once, by version 3. A later version gets a file of its own beside it.
  if (std::getenv("BRINDLE_WRITE_SAVED_MODEL")) io::save_model(expected, file, {.class_names = {"cat", "dog", "owl"}});
  const auto saved = io::load_model(file);
  check_same(saved.model, expected);
  CHECK(saved.model.graph().inputs == expected.graph().inputs);
  CHECK(saved.info.class_names == std::vector<std::string>{"cat", "dog", "owl"});
  REQUIRE(saved.model.groups().size() == 1);
  CHECK(saved.model.groups()[0].inference);
  CHECK(saved.model.layers()[1]->inference);
  const Tensor<float> x = random_tensor<float>({2, 6, 5, 2}, 3);
  CHECK(same_bits(saved.model.predict(x, 2), expected.predict(x, 2)));
}

TEST_CASE("a saved model of the format's fourth version is read for ever", "[io][saved_model]") {
  const std::string file = std::string(BRINDLE_GOLDENS) + "/saved_model_4.safetensors";
  const io::ModelInfo info{
      .class_names = {"cat", "dog"},
      .temperature = 1.25,
      .answers = {.samples = 8, .rows = {{.probability = 0, .answered = 8, .right = 6}, {0.75, 4, 4}}},
      .familiarity = {.width = 2, .features = {0, 1, -1, 0, 0.6f, 0.8f}, .threshold = 0.375, .refused = 0.125}};
  // Once, by version 4. A later version gets a file of its own beside it.
  if (std::getenv("BRINDLE_WRITE_SAVED_MODEL")) io::save_model(Sequential<float>{{2}, Dense{2, softmax}}, file, info);
  const auto saved = io::load_model(file);
  CHECK(saved.info.class_names == info.class_names);
  CHECK(saved.info.temperature == 1.25);
  CHECK(saved.info.answers == info.answers);
  CHECK(saved.info.familiarity == info.familiarity);
}

TEST_CASE("a model of the first version means what it meant then", "[io][saved_model]") {
  const TemporaryFolder folder;
  const Tensor<float> bias({2});
  const auto meant = [&](const std::string& channels, const std::string& preprocessing) {
    const Tensor<float> k({channels == "1" ? 4 : 12, 2});
    const std::vector<io::SafetensorsEntry> entries{
        {"dense/kernel", "F32", k.shape(), k.data(), static_cast<std::int64_t>(k.bytes())},
        {"dense/bias", "F32", {2}, bias.data(), 8}};
    io::write_safetensors(
        folder / "m", entries,
        {{"brindle",
          R"({"version":1,"name":"m","input_shape":[2,2,)" + channels + R"(],"class_names":["a"],)" +
              R"("preprocessing":")" + preprocessing + R"(","groups":[],"layers":[)" +
              R"({"type":"Flatten","name":"flatten","trainable":true,"config":{}},)" +
              R"({"type":"Dense","name":"dense","trainable":true,"config":{"units":2,"activation":"softmax"}}]})"}});
    const io::ModelInfo info = io::load_model(folder / "m").info;
    CHECK(info.class_names == std::vector<std::string>{"a"});
    return info.input;
  };
  const PictureInput colour{.size = {2, 2}, .preprocessing = Preprocessing::caffe};
  const PictureInput grey{.size = {2, 2}, .color_mode = ColorMode::grayscale, .preprocessing = Preprocessing::none};
  CHECK(meant("3", "caffe") == colour);
  CHECK(meant("1", "none") == grey);
  CHECK_FALSE(meant("1", "caffe"));
  CHECK_THROWS_WITH(meant("3", "Caffe"), Contains("\"Caffe\""));
}

TEST_CASE("HDF5 in its later layout gives the model that the classic layout gives, or names the library",
          "[io][keras]") {
#ifdef BRINDLE_HDF5
  check_same(io::load_keras(weight_goldens + "tiny_seq_latest.h5"),
             io::load_keras(weight_goldens + "tiny_seq_keras2.h5"));
#else
  CHECK_THROWS_WITH(io::load_keras(weight_goldens + "tiny_seq_latest.h5"), Contains("libhdf5-dev"));
#endif
}

TEST_CASE("compressed .keras and .npz files give what stored ones give, or name zlib", "[io][keras][npz]") {
#ifdef BRINDLE_ZLIB
  for (const std::string name : {"chain", "nested"})
    check_same(io::load_keras(corpus + "keras/" + name + "_deflated.keras"),
               io::load_keras(corpus + "keras/" + name + ".keras"));
  const io::NpzFile stored(corpus + "npz/stored.npz"), deflated(corpus + "npz/deflated.npz");
  CHECK(deflated.names() == stored.names());
  CHECK(same_bits(deflated.read<float>("f"), stored.read<float>("f")));
  CHECK(same_bits(deflated.read<std::int64_t>("l"), stored.read<std::int64_t>("l")));
#else
  CHECK_THROWS_WITH(io::load_keras(corpus + "keras/chain_deflated.keras"), Contains("zlib1g-dev"));
  CHECK_THROWS_WITH(io::NpzFile(corpus + "npz/deflated.npz").read<float>("f"), Contains("zlib1g-dev"));
#endif
}
