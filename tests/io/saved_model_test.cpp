#include "brindle/io/saved_model.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <string>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
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
                     MaxPool2D{.window = 3, .stride = 2}};
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
  return R"({"version":)" + version + R"(,"name":"m","input_shape":[2],"class_names":[],"preprocessing":"none",)" +
         R"("layers":[{"type":"Dense","name":"dense","trainable":true,"config":)" + config + R"(}],"groups":[]})";
}

}  // namespace

TEMPLATE_TEST_CASE("a saved model comes back bit by bit", "[io][saved_model]", float, double) {
  using T = TestType;
  const TemporaryFolder folder;
  const auto path = folder / "pets.safetensors";
  const auto model = network<T>();
  io::save_model(model, path, {.class_names = {"cat", "dog", "owl"}, .preprocessing = "caffe"});
  const auto saved = io::load_model<T>(path);
  const auto& back = saved.model;
  CHECK(saved.info.class_names == std::vector<std::string>{"cat", "dog", "owl"});
  CHECK(saved.info.preprocessing == "caffe");
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
  refused(dense_json(R"({"units":1,"use_bias":false})", "2"), "version 2");
  refused(dense_json(R"({"units":1})"), "dense/bias");
  refused(dense_json(R"({"units":2,"use_bias":false})"), "(2, 1)");
  refused(dense_json(R"({"units":1000000000000,"use_bias":false})"), "(2, 1000000000000)");
  refused(dense_json(R"({"units":0,"use_bias":false})"), "units must be at least 1");
  refused(dense_json(R"({"units":"many"})"), "whole number");
  refused(dense_json(R"({"units":1,"activation":"gelu","use_bias":false})"), "gelu");
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

TEST_CASE("a layer of the user's own is saved and found again through the registry", "[io][saved_model]") {
  const TemporaryFolder folder;
  Sequential<float> model{{4}, Dense{2}};
  io::save_model(model, folder / "m");
  LayerRegistry<float, Cpu> registry;
  registry.add("Twice", [](const Config&) { return Flatten{}.make<float, Cpu>(); });
  CHECK_NOTHROW(registry.make("Twice", {}));
  CHECK_NOTHROW(io::load_model<float>(folder / "m", Cpu{1}, registry));
}
