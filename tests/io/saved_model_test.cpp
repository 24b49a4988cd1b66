// SPDX-License-Identifier: MIT
#include "brindle/io/saved_model.hpp"

#include <brindle/core/file.hpp>
#include <brindle/io/safetensors.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <string>

#include "brindle/data/augmented.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

template <class T>
Sequential<T> network() {
  Sequential<T> base{{12, 10, 3},
                     Conv2D{.filters = 4, .kernel = {3, 2}, .activation = relu, .padding = Padding::same},
                     MaxPooling2D{.pool_size = 3, .stride = 2}};
  base.set_name("base");
  Sequential<T> model{std::move(base),     Flatten{},     Dense{.units = 6, .use_bias = false, .name = "hidden"},
                      Activation{sigmoid}, Dropout{0.25}, Dense{3, softmax}};
  model.set_name("pets");
  model.initialize(4);
  model.set_trainable("base", false);
  return model;
}

/// A file whose metadata holds this description, with a tensor "dense/kernel" (2, 1), and perhaps another one (2).
std::string described(const TemporaryFolder& folder, const std::string& json, const std::string& second = "") {
  const auto path = folder / "m.safetensors";
  const Tensor<float> kernel({2, 1});
  std::vector<io::SafetensorsEntry> entries{{"dense/kernel", "F32", {2, 1}, kernel.data(), 8}};
  if (!second.empty()) entries.push_back({second, "F32", {2}, kernel.data(), 8});
  io::write_safetensors(path, entries, {{"brindle", json}});
  return path.string();
}

std::string dense_json(const std::string& config, const std::string& version = "1") {
  return R"({"version":)" + version +
         R"(,"name":"m","input_shape":[2],"class_names":[],"preprocessing":"none","input":null,)" +
         R"("layers":[{"type":"Dense","name":"dense","trainable":true,"config":)" + config + R"(}],"groups":[]})";
}

}  // namespace

TEMPLATE_TEST_CASE("a saved model comes back bit by bit", "[io][saved_model]", float, double) {
  using T = TestType;
  const TemporaryFolder folder;
  const auto path = folder / "pets.safetensors";
  const auto model = network<T>();
  const PictureInput input{.size = {12, 10},
                           .interpolation = image::Interpolation::bilinear,
                           .aspect_ratio = AspectRatio::crop,
                           .orientation = Orientation::exif,
                           .preprocessing = {.scale = 0.1, .channels = 3, .mean = {1.0 / 3, 2, 3}, .bgr = true}};
  io::save_model(model, path, {.class_names = {"cat", "dog", "owl"}, .input = input});
  const auto saved = io::load_model<T>(path);
  const auto& back = saved.model;
  CHECK(saved.info.class_names == std::vector<std::string>{"cat", "dog", "owl"});
  CHECK(saved.info.input == input);
  CHECK_FALSE(saved.info.from_logits);
  CHECK(back.name() == "pets");
  CHECK(back.input_shape() == model.input_shape());
  REQUIRE(back.layers().size() == model.layers().size());
  REQUIRE(back.groups().size() == 1);
  CHECK(back.groups()[0].name == "base");
  CHECK(back.groups()[0].end == 2);
  for (std::size_t i = 0; i < back.layers().size(); ++i) {
    const auto &a = *model.layers()[i], &b = *back.layers()[i];
    CHECK(a.name == b.name);
    CHECK(a.type() == b.type());
    CHECK(a.trainable == b.trainable);
    CHECK(a.config().entries() == b.config().entries());
    REQUIRE(a.parameters().size() == b.parameters().size());
    for (std::size_t p = 0; p < a.parameters().size(); ++p)
      CHECK(same_bits(a.parameters()[p].value, b.parameters()[p].value));
  }
  const Tensor<T> x = random_tensor<T>({3, 12, 10, 3}, 8);
  CHECK(same_bits(model.predict(x), back.predict(x)));
}

TEST_CASE("a file that is no model of ours is refused with its path and the reason", "[io][saved_model]") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& json, const std::string& words) {
    const std::string path = described(folder, json);
    INFO(json);
    CHECK_THROWS_AS(io::load_model(path), FileError);
    CHECK_THROWS_WITH(io::load_model(path), Contains(path) && Contains(words));
  };
  CHECK_NOTHROW(io::load_model(described(folder, dense_json(R"({"units":1,"use_bias":false})"))));
  refused("{", "cannot be understood");
  refused("[]", "cannot be understood");
  refused(R"({"version":1})", "cannot be understood");
  refused(dense_json(R"({"units":1,"use_bias":false})", "6"), "version 6");
  refused(dense_json(R"({"units":1})"), "dense/bias");
  refused(dense_json(R"({"units":2,"use_bias":false})"), "(2, 1)");
  refused(dense_json(R"({"units":1000000000000,"use_bias":false})"), "(2, 1000000000000)");
  refused(dense_json(R"({"units":0,"use_bias":false})"), "units must be at least 1");
  refused(dense_json(R"({"units":"many"})"), "whole number");
  refused(dense_json(R"({"units":1,"activation":"snake","use_bias":false})"), "snake");
  std::string json = dense_json(R"({"units":1,"use_bias":false})");
  refused(json.replace(json.find("Dense"), 5, "Dance"), "\"Dance\"");
  json = dense_json(R"({"units":1,"use_bias":false})");
  refused(json.replace(json.find("\"groups\":[]"), 11, R"("groups":[{"name":"g","begin":0,"end":9}])"), "\"g\"");

  json = dense_json(R"({"units":1,"use_bias":false})");
  CHECK_THROWS_WITH(io::load_model(described(folder, json, "other")), Contains("has 2 tensors, its layers have 1"));
  json.insert(1, R"("optimizer":{"type":"SGD","steps":3,"learning_rate":0.1},)");
  CHECK(io::load_model(described(folder, json)).optimizer->steps == 3);
  CHECK_THROWS_WITH(io::load_model(described(folder, json, "optimizer/dense/kernel/0")),
                    Contains("\"optimizer/dense/kernel/0\" has shape (2), its parameter has (2, 1)"));
  json = dense_json(R"({"units":1,"use_bias":false})");
  refused(json.replace(json.find("[2]"), 3, "[1,1,1,1,1,1,1]"), "");

  const auto plain = folder / "plain.safetensors";
  io::write_safetensors(plain, {});
  CHECK_THROWS_WITH(io::load_model(plain), Contains("no model") && Contains("load_weights"));
}

namespace {

data::Pictures photos(const Size2& size, ColorMode mode = ColorMode::rgb) {
  const PictureInput input{.size = size, .interpolation = image::Interpolation::bilinear, .color_mode = mode};
  data::Pictures::Parts parts;
  parts.pixels = Tensor<std::uint8_t>(input.shape().batch(2));
  parts.classes = {0, 1};
  parts.class_names = {"cat", "dog"};
  parts.preprocessing = input.preprocessing;
  parts.input = input;
  return data::Pictures(std::move(parts));
}

}  // namespace

TEST_CASE("a model is saved with the class names and the input of the data it was trained on", "[io][saved_model]") {
  const TemporaryFolder folder;
  Sequential<float> model{{6, 5, 1}, Flatten{}, Dense{1, sigmoid}};
  const data::Pictures pictures = photos({6, 5}, ColorMode::grayscale);
  io::save_model(model, folder / "m", pictures);
  const io::ModelInfo info = io::load_model(folder / "m").info;
  CHECK(info.class_names == std::vector<std::string>{"cat", "dog"});
  CHECK(info.input == pictures.picture_input());

  // Augmented pictures say how theirs are made, mean and deviation included.
  const data::Augmented augmented(pictures, {.rotation = 5}, {.mean = {0.5}, .deviation = {0.25}});
  io::save_model(model, folder / "m", augmented, {.from_logits = true});
  const io::ModelInfo of_augmented = io::load_model(folder / "m").info;
  CHECK(of_augmented.from_logits);
  CHECK(of_augmented.input->preprocessing.mean[0] == 0.5);
  CHECK(of_augmented.input->preprocessing.deviation[0] == 0.25 + 1e-6);
  CHECK(of_augmented.input->interpolation == image::Interpolation::bilinear);

  CHECK_THROWS_WITH(io::save_model(model, folder / "m", photos({5, 6}, ColorMode::grayscale)),
                    Contains("the data give (None, 5, 6, 1), the model takes (None, 6, 5, 1)"));
}

TEST_CASE("class names and input that do not fit the model are refused before anything is written",
          "[io][saved_model]") {
  const TemporaryFolder folder;
  Sequential<float> five{{4, 4, 3}, Flatten{}, Dense{5, softmax}}, one{{4, 4, 3}, Flatten{}, Dense{1, sigmoid}};
  const auto refused = [&](const auto& model, const io::ModelInfo& info, const std::string& words) {
    CHECK_THROWS_WITH(io::save_model(model, folder / "m", info), Contains("save_model: ") && Contains(words));
    CHECK_FALSE(std::filesystem::exists(folder / "m"));
  };
  refused(five, {.class_names = {"a", "b"}}, "2 class names for a model of 5 outputs");
  refused(five, {.class_names = {"a", "b", "c", "d", "e", "f"}}, "6 class names for a model of 5 outputs");
  refused(one, {.class_names = {"a"}}, "1 class names for a model of 1 output, expected 2");
  refused(one, {.class_names = {"a", "b", "c"}}, "3 class names for a model of 1 output, expected 2");
  refused(five, {.class_names = {"a", "b", "c", "d", "a"}}, "two classes are named \"a\"");
  refused(five, {.input = PictureInput{.size = {4, 5}}},
          "pictures become (None, 4, 5, 3), the model takes (None, 4, 4, 3)");
  refused(five, {.input = PictureInput{}}, "size is (0, 0)");
}

TEST_CASE("a description of input that this version does not know is refused by name", "[io][saved_model]") {
  const TemporaryFolder folder;
  Sequential<float> model{{4, 4, 3}, Flatten{}, Dense{2, softmax}};
  io::save_model(model, folder / "m", {.input = PictureInput{.size = {4, 4}}});
  const io::SafetensorsFile file(folder / "m");
  const std::string json = file.metadata().at("brindle");
  const auto refused = [&](const std::string& from, const std::string& to, const std::string& words) {
    std::string changed = json;
    REQUIRE(changed.find(from) != std::string::npos);
    changed.replace(changed.find(from), from.size(), to);
    const Tensor<float> kernel({48, 2}), bias({2});
    const std::vector<io::SafetensorsEntry> entries{{"dense/kernel", "F32", {48, 2}, kernel.data(), 48 * 8},
                                                    {"dense/bias", "F32", {2}, bias.data(), 8}};
    io::write_safetensors(folder / "n", entries, {{"brindle", changed}});
    CHECK_THROWS_WITH(io::load_model(folder / "n"), Contains((folder / "n").string()) && Contains(words));
  };
  refused("nearest", "bicubic", "interpolation \"bicubic\" is not known; there are: nearest, bilinear; update");
  refused("\"scale\":", "\"scala\":", "cannot be understood");
  refused("[4,4],", "[4,5],", "pictures become (None, 4, 5, 3)");
  refused("\"deviation\":[1.0,", "\"deviation\":[0.0,", "divides channel 0 by 0");
}

namespace {

template <class T>
Model<T> residual_network() {
  Sequential<T> base{{6, 5, 3}, Conv2D{4, 3, relu, 1, Padding::same}, BatchNormalization{}};
  base.set_name("base");
  Model<T> model{{6, 5, 3}, [&](auto input) {
                   auto x = input.then(std::move(base));
                   auto y = concatenate(x + x.then(Conv2D{4, 3, relu, 1, Padding::same}), input);
                   y = y * y.then(GlobalAveragePooling2D{.keepdims = true}, Conv2D{7, 1, sigmoid});
                   return (y + y).then(GlobalAveragePooling2D{}, Dense{3, softmax});
                 }};
  model.set_name("residual");
  model.set_inference("base", true);
  model.initialize(4);
  return model;
}

std::string bytes_of(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEMPLATE_TEST_CASE("a saved graph comes back bit by bit, with what reads what and what runs for inference",
                   "[io][saved_model]", float, double) {
  using T = TestType;
  const TemporaryFolder folder;
  const auto model = residual_network<T>();
  io::save_model(model, folder / "m");
  const auto back = io::load_model<T>(folder / "m").model;
  REQUIRE(back.layers().size() == model.layers().size());
  CHECK(back.name() == "residual");
  CHECK_FALSE(back.graph().is_row());
  CHECK(back.graph().inputs == model.graph().inputs);
  REQUIRE(back.groups().size() == 1);
  CHECK(back.groups()[0].inference);
  for (std::size_t i = 0; i < back.layers().size(); ++i)
    CHECK(back.layers()[i]->inference == model.layers()[i]->inference);
  const Tensor<T> x = random_tensor<T>({3, 6, 5, 3}, 8);
  CHECK(same_bits(model.predict(x), back.predict(x)));
  // Again the same file.
  io::save_model(back, folder / "n");
  CHECK(bytes_of(folder / "n") == bytes_of(folder / "m"));
}

TEST_CASE("what runs for inference while the model is trained is kept, in a row and within a larger model",
          "[io][saved_model]") {
  const TemporaryFolder folder;
  Sequential<float> base{{4, 4, 2}, BatchNormalization{}, Conv2D{2, 3}};
  Sequential<float> row{std::move(base), Flatten{}, Dense{2}};
  const auto version = [&] {
    io::save_model(row, folder / "m");
    const std::string json = io::SafetensorsFile(folder / "m").metadata().at("brindle");
    return json.substr(0, json.find(','));
  };
  CHECK(version() == "{\"version\":2");
  row.set_inference("sequential", true);
  CHECK(version() == "{\"version\":3");
  row.set_name("row");
  Sequential<float> outer{std::move(row), Activation{sigmoid}};
  io::save_model(outer, folder / "m");
  const auto back = io::load_model(folder / "m").model;
  REQUIRE(back.groups().size() == 1);
  CHECK(back.groups()[0].name == "row");
  CHECK(back.groups()[0].end == 4);
  CHECK_FALSE(back.groups()[0].inference);  // it is what the row says of its base
  REQUIRE(back.groups()[0].groups.size() == 1);
  CHECK(back.groups()[0].groups[0].name == "sequential");
  CHECK(back.groups()[0].groups[0].end == 2);
  CHECK(back.groups()[0].groups[0].inference);
  for (std::size_t i = 0; i < 5; ++i) CHECK(back.layers()[i]->inference == (i < 2));
  // Again the same file.
  io::save_model(back, folder / "n");
  CHECK(bytes_of(folder / "n") == bytes_of(folder / "m"));
}

TEST_CASE("groups of a file that overlap, or are nested without end, are refused", "[io][saved_model]") {
  const TemporaryFolder folder;
  Sequential<float> base{{2}, Dense{2}};
  for (int depth = 0; depth < 17; ++depth) base = Sequential<float>{std::move(base), Dense{2}};
  io::save_model(base, folder / "m");
  CHECK(io::load_model(folder / "m").model.layers().size() == 18);
  base = Sequential<float>{std::move(base), Dense{2}};
  io::save_model(base, folder / "m");
  CHECK_THROWS_WITH(io::load_model(folder / "m"), Contains("groups are nested more than 16 deep"));

  Sequential<float> row{{2}, Dense{2}, Dense{2}, Dense{2}};
  CHECK_THROWS_WITH(row.add_group({"outer", 0, 2, false, {{"inner", 1, 3, false, {}}}}),
                    Contains("group \"inner\" of layers 1 to 3 does not fit the layers 0 to 2"));
  CHECK_THROWS_WITH(row.add_group({"outer", 0, 3, false, {{"a", 0, 2, false, {}}, {"b", 1, 3, false, {}}}}),
                    Contains("group \"b\" of layers 1 to 3 does not fit the layers 2 to 3"));
  CHECK(row.groups().empty());
}

TEST_CASE("a file whose layers read what cannot be is refused with the layer's name", "[io][saved_model]") {
  const TemporaryFolder folder;
  const auto model = Model<float>{{3}, [](auto x) {
                                    auto y = x.then(Dense{3, relu});
                                    return (x + y.then(Activation{sigmoid})).then(Dense{2});
                                  }};
  io::save_model(model, folder / "m");
  const io::SafetensorsFile file(folder / "m");
  const std::string json = file.metadata().at("brindle");
  REQUIRE(json.find(R"("name":"add","trainable":true,"config":{},"inputs":[null,"activation"]})") != std::string::npos);
  const auto refused = [&](const std::string& from, const std::string& to, const std::string& words) {
    std::string changed = json;
    REQUIRE(changed.find(from) != std::string::npos);
    changed.replace(changed.find(from), from.size(), to);
    const Tensor<float> values({12});
    std::vector<io::SafetensorsEntry> entries;
    for (const auto& [name, entry] : file.entries())
      entries.push_back({name, "F32", entry.shape, values.data(), 4 * entry.shape.size()});
    io::write_safetensors(folder / "n", entries, {{"brindle", changed}});
    INFO(changed);
    CHECK_THROWS_AS(io::load_model(folder / "n"), FileError);
    CHECK_THROWS_WITH(io::load_model(folder / "n"), Contains((folder / "n").string()) && Contains(words));
  };
  const std::string inputs = R"("inputs":[null,"activation"])";
  refused(inputs, R"("inputs":[null,"activator"])", R"(layer "add": reads "activator", and there is no such layer)");
  refused(inputs, R"("inputs":[null,"dense_1"])", R"(layer "add": reads "dense_1", which does not come before it)");
  refused(inputs, R"("inputs":[null,"add"])", R"(layer "add": reads "add", which does not come before it)");
  refused(inputs, R"("inputs":[null,7])", R"(layer "add": reads 7, expected a layer's name, or null)");
  refused(inputs, R"("inputs":[])", R"(layer "add": "inputs" is no list of 1 to 10000)");
  refused(inputs, R"("inputs":"activation")", R"(layer "add": "inputs" is no list of 1 to 10000)");
  refused(inputs, R"("inputs":["activation"])", R"(Add "add": expected two values or more, got one)");
  refused(inputs, R"("inputs":[null,null])", R"(Activation "activation" gives is read by nothing)");
  refused(R"("name":"activation","trainable":true,)",
          R"("name":"activation","trainable":true,"inputs":[null,"dense"],)",
          R"(Activation "activation": reads one value, got 2)");
  refused(R"("name":"activation")", R"("name":"dense")", R"(two layers are named "dense")");
  refused(R"("version":3)", R"("version":2)", R"(Add "add" says "inputs", which version 2 of the format has not)");
  refused(R"("input_shape":[3])", R"("input_shape":[4611686018427387904])", "");
}

TEST_CASE("a layer of the user's own is saved and found again through the registry", "[io][saved_model]") {
  const TemporaryFolder folder;
  Sequential<float> model{{4}, Dense{2}};
  io::save_model(model, folder / "m");
  LayerRegistry<float, Cpu> registry;
  registry.add("Twice", [](const Config&) { return Flatten{}.make<float, Cpu>(); });
  CHECK_NOTHROW(registry.make("Twice", {}));
  CHECK_NOTHROW(io::load_model<float>(folder / "m", Cpu{1}, registry));
}

TEST_CASE("names that are no UTF-8 are refused by name", "[io][saved_model][errors]") {
  const TemporaryFolder folder;
  Sequential<float> model{{2}, Dense{1, sigmoid}};
  CHECK_THROWS_AS(io::save_model(model, folder / "m.safetensors", {.class_names = {"caf\xe9", "the"}}), ValueError);
  CHECK_THROWS_WITH(io::save_model(model, folder / "m.safetensors", {.class_names = {"caf\xe9", "the"}}),
                    Contains("the name of class 0, \"caf\xe9\", is no UTF-8"));
  CHECK_NOTHROW(io::save_model(model, folder / "m.safetensors", {.class_names = {"caf\xc3\xa9", "the"}}));
  CHECK_THROWS_AS(io::write_safetensors(folder / "t.safetensors", {}, {{"name", "caf\xe9"}}), FileError);
}

TEST_CASE("weights are loaded from a saved model that has the optimizer's state, too", "[io][saved_model]") {
  const TemporaryFolder folder;
  const Dense first{.units = 3, .name = "optimizer"}, last{1, sigmoid};  // its weights are none of an optimizer
  Sequential<float> model{{4}, first, last}, other{{4}, first, last};
  Trainer trainer{model, Adam{}, BinaryCrossentropy{}};
  const Tensor<float> x = random_tensor<float>({6, 4}, 1), labels({6, 1});
  trainer.train_on_batch(x.view(), labels.view());
  const auto state = trainer.optimizer_state();
  io::save_model(model, folder / "model.safetensors", {}, &state);
  io::load_weights(other, folder / "model.safetensors");
  CHECK(same_bits(other.predict(x), model.predict(x)));
}

TEST_CASE("a model that begins with a base without layers is saved and loaded again", "[io][saved_model]") {
  const TemporaryFolder folder;
  Sequential<float> model{Sequential<float>{{4}}, Dense{1, sigmoid}};
  CHECK(model.groups().empty());
  io::save_model(model, folder / "model.safetensors");
  const Tensor<float> x = random_tensor<float>({6, 4}, 1);
  CHECK(same_bits(io::load_model<float>(folder / "model.safetensors").model.predict(x), model.predict(x)));
}
