// SPDX-License-Identifier: MIT
#include "brindle/io/keras_config.hpp"

#include <brindle/io/keras_description.hpp>
#include <brindle/io/load_weights.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/random.hpp"
#include "brindle/io/load_keras.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/golden_folders.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

std::string layer(const std::string& kind, const std::string& name, const std::string& settings = "",
                  const std::string& rest = "") {
  return R"({"class_name": ")" + kind + R"(", "config": {"name": ")" + name + "\"" +
         (settings.empty() ? "" : ", " + settings) + "}" + (rest.empty() ? "" : ", " + rest) + "}";
}

std::string sequential(const std::string& layers) {
  return R"({"class_name": "Sequential", "config": {"name": "s", "layers": [)" + layers + "]}}";
}

/// A functional model as Keras 2 writes it, whose layers read what `reads` says.
std::string functional(const std::vector<std::pair<std::string, std::string>>& layers, const std::string& output) {
  std::string list;
  for (const auto& [name, from] : layers) {
    const std::string nodes = from.empty() ? "" : "[[\"" + from + "\", 0, 0, {}]]";
    const bool input = from.empty();
    list += (list.empty() ? "" : ", ") + layer(input ? "InputLayer" : "Flatten", name,
                                               input ? R"("batch_input_shape": [null, 4, 4, 3])" : "",
                                               R"("name": ")" + name + R"(", "inbound_nodes": [)" + nodes + "]");
  }
  return R"({"class_name": "Model", "config": {"name": "m", "layers": [)" + list +
         R"(], "input_layers": [["in", 0, 0]], "output_layers": [[")" + output + R"(", 0, 0]]}})";
}

}  // namespace

TEST_CASE("a functional model that is a chain becomes a row, in the order of its links", "[io][keras]") {
  const auto model = io::detail::keras_model_config("x.h5", functional({{"b", "a"}, {"in", ""}, {"a", "in"}}, "b"));
  CHECK(model.input == Shape{4, 4, 3});
  REQUIRE(model.layers.size() == 2);
  CHECK(model.layers[0].name == "a");
  CHECK(model.layers[1].name == "b");
  CHECK(model.name == "m");
}

namespace {

/// A functional model of "in" and these layers, each as JSON; the last one gives the output.
std::string graph(const std::vector<std::string>& layers, const std::string& output) {
  std::string list = layer("InputLayer", "in", R"("batch_shape": [null, 4])", R"("name": "in", "inbound_nodes": [])");
  for (const std::string& l : layers) list += ", " + l;
  return R"({"class_name": "Functional", "config": {"name": "m", "layers": [)" + list +
         R"(], "input_layers": ["in", 0, 0], "output_layers": [")" + output + R"(", 0, 0]}})";
}

std::string tensor(const std::string& name, const std::string& output = "0") {
  return R"({"class_name": "__keras_tensor__", "config": {"shape": [null, 4], "keras_history": [")" + name +
         R"(", 0, )" + output + "]}}";
}

/// A layer that Keras 3 calls with these arguments.
std::string called(const std::string& kind, const std::string& name, const std::string& args,
                   const std::string& kwargs = "", const std::string& settings = "") {
  return layer(
      kind, name, settings,
      R"("name": ")" + name + R"(", "inbound_nodes": [{"args": [)" + args + R"(], "kwargs": {)" + kwargs + "}}]");
}

using Values = std::vector<std::size_t>;

}  // namespace

TEST_CASE("a functional model that branches has what each layer reads", "[io][keras]") {
  const auto model = io::detail::keras_model_config(
      "x.keras", graph({called("Dense", "a", tensor("in")), called("Dense", "b", tensor("a")),
                        called("Add", "sum", "[" + tensor("a") + ", " + tensor("b") + ", " + tensor("in") + "]"),
                        called("Multiply", "square", "[" + tensor("sum") + ", " + tensor("sum") + "]")},
                       "square"));
  REQUIRE(model.layers.size() == 4);
  CHECK(model.layers[0].inputs == Values{0});
  CHECK(model.layers[1].inputs == Values{1});
  CHECK(model.layers[2].inputs == Values{1, 2, 0});
  CHECK(model.layers[3].inputs == Values{3, 3});
  // In another order in the file: each comes when what it reads is there, and keeps its number among its kind.
  const auto turned = io::detail::keras_model_config(
      "x.keras", graph({called("Add", "sum", "[" + tensor("b") + ", " + tensor("a") + "]"),
                        called("Dense", "b", tensor("a")), called("Dense", "a", tensor("in"))},
                       "sum"));
  REQUIRE(turned.layers.size() == 3);
  CHECK(turned.layers[0].name == "a");
  CHECK(turned.layers[0].key == "dense_1");
  CHECK(turned.layers[1].key == "dense");
  CHECK(turned.layers[2].inputs == Values{2, 1});
}

TEST_CASE("wiring that we do not have, or that cannot be, is refused with the layer's name", "[io][keras][errors]") {
  const auto refused = [](const std::vector<std::string>& layers, const std::string& output, const std::string& words) {
    CHECK_THROWS_WITH(io::detail::keras_model_config("x.keras", graph(layers, output)),
                      Contains("x.keras: ") && Contains(words));
  };
  const std::string a = called("Dense", "a", tensor("in"));
  refused({a, called("Dense", "b", tensor("in"))}, "b",
          R"(layer 2 "a" (Dense) of model "m": nothing reads it, and it is not the output)");
  refused({called("Dense", "a", tensor("b")), called("Dense", "b", tensor("a"))}, "b",
          R"(layer 2 "a" (Dense) of model "m": waits for itself, the layers read each other in a circle)");
  refused({a, called("Dense", "b", tensor("c"))}, "b",
          R"(layer 3 "b" (Dense) of model "m": reads "c", and there is no)");
  refused({a, called("Dense", "a", tensor("a"))}, "a",
          R"(layer 3 "a" (Dense) of model "m": another layer has its name)");
  refused({a, called("Dense", "b", tensor("a", "1"))}, "b", R"(reads a second output of "a")");
  refused({a}, "b", R"(there is no layer "b" of model "m", which is its output)");
  refused({layer("Dense", "a", "", R"("name": "a", "inbound_nodes": [])")}, "a",
          R"(layer 2 "a" (Dense) of model "m": reads no)");
  refused({called("Dense", "a", tensor("in"), R"("axis": 3)")}, "a", "is called with axis = 3, which is not supported");
  refused({called("Dense", "a", tensor("in") + ", 3.0")}, "a", "is called with a number");
  refused({called("Dropout", "a", tensor("in"), R"("training": true)")}, "a", "training = true");
  std::string shared = called("Dense", "b", tensor("in"));
  shared.replace(shared.rfind("]}"), 1, R"(, {"args": [], "kwargs": {}}])");
  refused({a, shared}, "b",
          R"(layer 3 "b" (Dense) of model "m": is called in 2 places; layers that several places share)");
  // Within a model inside, with the whole path.
  std::string inner = graph({called("Dense", "a", tensor("in")), called("Dense", "b", tensor("c"))}, "b");
  inner.insert(inner.size() - 1,
               R"(, "name": "inner", "inbound_nodes": [{"args": [)" + tensor("in") + R"(], "kwargs": {}}])");
  inner.replace(inner.find(R"("name": "m")"), 11, R"("name": "inner")");
  refused({inner}, "inner", R"(layer 3 "b" (Dense) of model "m/inner": reads "c")");
}

TEST_CASE("arithmetic with numbers is a Rescaling, that of two layers an Add or Multiply", "[io][keras]") {
  const auto read = [](const std::string& kind, const std::string& args, const std::string& kwargs = "") {
    return io::detail::keras_model_config("x", graph({called(kind, "op", args, kwargs)}, "op")).layers.at(0);
  };
  const auto check = [](const io::detail::KerasLayer& l, double scale, double offset) {
    CHECK(l.type == "Rescaling");
    CHECK(l.name == "op");
    CHECK(l.config.get("scale", 0.0) == scale);
    CHECK(l.config.get("offset", 9.0) == offset);
  };
  const std::string x = tensor("in"),
                    three = R"({"class_name": "__tensor__", "config": {"value": 3.0, "dtype": "float32"}})";
  check(read("Add", x + ", 3"), 1, 3);
  check(read("Add", "3.5, " + x), 1, 3.5);
  check(read("Add", x + ", " + three), 1, 3);
  check(read("Multiply", x + ", 0.25"), 0.25, 0);
  check(read("Multiply", x, R"("x2": 0.25)"), 0.25, 0);
  check(read("Subtract", x + ", 1.0"), 1, -1);
  check(read("Subtract", "1.0, " + x), -1, 1);
  check(read("TrueDivide", x + ", 4"), 0.25, 0);
  check(read("Negative", x), -1, 0);
  CHECK(read("Add", x + ", " + x).type == "Add");
  CHECK(read("Multiply", x + ", " + x).inputs == Values{0, 0});
  for (const auto& [kind, args] : {std::pair<std::string, std::string>("TrueDivide", "1.0, " + x),
                                   {"TrueDivide", x + ", 0"},
                                   {"TrueDivide", x + ", " + x},
                                   {"Multiply", x + ", " + x + ", 2"},
                                   {"Multiply", x + ", [1, 2]"}}) {
    INFO(kind << args);
    CHECK_THROWS_WITH(read(kind, args),
                      Contains(R"(layer 2 "op" ()" + kind) && Contains("operation that is not supported"));
  }
  // Keras 2: a function, and the number among the settings.
  const auto keras2 = [](const std::string& function, const std::string& node) {
    return io::detail::keras_model_config("x", graph({layer("TFOpLambda", "op", R"("function": ")" + function + "\"",
                                                            R"("name": "op", "inbound_nodes": [[)" + node + "]]")},
                                                     "op"))
        .layers.at(0);
  };
  check(keras2("__operators__.add", R"(["in", 0, 0, {"y": 3.0, "name": null}])"), 1, 3);
  check(keras2("math.truediv", R"(["in", 0, 0, {"y": 2.0, "name": null}])"), 0.5, 0);
  check(keras2("math.subtract", R"(["_CONSTANT_VALUE", -1, 1.0, {"y": ["in", 0, 0], "name": null}])"), -1, 1);
  CHECK(keras2("math.multiply", R"(["in", 0, 0, {"y": ["in", 0, 0], "name": null}])").type == "Multiply");
  CHECK_THROWS_WITH(keras2("math.exp", R"(["in", 0, 0, {"name": null}])"), Contains("operation that is not supported"));
}

TEST_CASE("layers that act in training only are dropped, and what runs for inference is known", "[io][keras]") {
  const std::string base = R"({"class_name": "Sequential", "name": "base", "config": {"name": "base", "layers": [)" +
                           layer("RandomFlip", "flip") + ", " + layer("Dense", "d") +
                           R"(]}, "inbound_nodes": [{"args": [)" + tensor("zoom") +
                           R"(], "kwargs": {"training": false, "mask": null}}]})";
  const auto model = io::detail::keras_model_config(
      "x", graph({called("RandomZoom", "zoom", tensor("in"), R"("training": true)"), base,
                  called("Dropout", "out", tensor("base"), R"("training": false)"),
                  called("BatchNormalization", "bn", tensor("out"), R"("training": false)")},
                 "bn"));
  REQUIRE(model.layers.size() == 3);
  CHECK(model.layers[0].path() == "base/d");
  CHECK(model.layers[0].inputs == Values{0});
  CHECK(model.layers[0].inference);
  CHECK_FALSE(model.layers[1].inference);  // Keras 3 writes so of any Dropout
  CHECK(model.layers[2].inference);
  CHECK(model.dropped == std::vector<std::string>{R"(RandomZoom "zoom")", R"(RandomFlip "base/flip")"});
  CHECK_THAT(model.dropped_layers(),
             Contains(R"(dropped: RandomZoom "zoom", RandomFlip "base/flip", which act in training)"));
}

TEST_CASE("settings that our layers do not have are refused, with name and position", "[io][keras]") {
  const auto refused = [](const std::string& settings, const std::string& what) {
    CHECK_THROWS_WITH(io::detail::keras_model_config(
                          "x.h5", sequential(layer("Flatten", "f") + ", " + layer("Conv2D", "c", settings))),
                      Contains("layer 2 \"c\" (Conv2D)") && Contains(what));
  };
  refused(R"("data_format": "channels_first")", "channels_last");
  refused(R"("padding": "causal")", "padding");
  refused(R"("activation": {"class_name": "Mine"})", "activation");
  const auto model = io::detail::keras_model_config(
      "x.h5", sequential(layer("Conv2D", "c", R"("activation": {"class_name": "function", "config": "relu"})")));
  CHECK(model.layers[0].config.get("activation", "") == "relu");
}

TEST_CASE("layers of activations are read as Keras 2 and 3 write them", "[io][keras]") {
  const auto read = [](const std::string& kind, const std::string& settings, const std::string& version = "3.0.0") {
    const auto model =
        io::detail::keras_model_config("x.h5", sequential(layer(kind, "a", settings)), version).layers.at(0);
    return LayerRegistry<float, Cpu>().make(model.type, model.config);
  };
  CHECK(read("ReLU", R"("max_value": null, "negative_slope": 0.0, "threshold": 0.0)")->activation() == relu);
  CHECK(read("ReLU", R"("max_value": 6)")->activation() == relu6);
  CHECK(read("ReLU", R"("max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0)", "2.15.0")->activation() == relu6);
  CHECK(read("LeakyReLU", R"("alpha": 0.125)", "2.2.4")->config().get("negative_slope", 0.0) == 0.125);
  CHECK(read("LeakyReLU", R"("negative_slope": 0.125)")->config().get("negative_slope", 0.0) == 0.125);
  CHECK(read("LeakyReLU", "")->config().get("negative_slope", 0.0) == 0.3);
  CHECK(read("ELU", R"("alpha": 0.5)")->config().get("alpha", 0.0) == 0.5);
  CHECK(read("Softmax", R"("axis": -1)")->activation() == softmax);
  CHECK(read("Softmax", R"("axis": [-1])", "2.15.0")->activation() == softmax);
  CHECK(read("Activation", R"("activation": "swish")", "2.15.0")->activation() == silu);
  CHECK(read("Activation", R"("activation": "hard_swish")")->activation() == hard_silu);
  CHECK(read("Dense", R"("units": 3, "activation": "hard_sigmoid")")->activation() == hard_sigmoid);
  const auto refused = [&](const std::string& kind, const std::string& settings, const std::string& version,
                           const std::string& words) {
    CHECK_THROWS_WITH(read(kind, settings, version), Contains("x.h5: layer 1 \"a\" (" + kind + ")") && Contains(words));
  };
  refused("Softmax", R"("axis": 1)", "3.0.0", "axis = 1 is not supported, expected -1, the last one");
  refused("ReLU", R"("max_value": {"class_name": "x"})", "3.0.0", "max_value");
  refused("Dense", R"("activation": "hard_sigmoid")", "2.15.0", "relu6(x + 3) / 6");
  refused("Activation", R"("activation": "hard_sigmoid")", "1.2.2", "0.2 x + 0.5");
  CHECK(io::detail::keras_version(R"({"keras_version": "3.15.1"})") == "3.15.1");
  CHECK(io::detail::keras_version("[") == "");
}

TEST_CASE("inputs and frozen nested models are read from each generation's configuration", "[io][keras]") {
  const std::string dense = layer("Dense", "d", R"("trainable": true, "units": 2)");
  auto model = io::detail::keras_model_config(
      "x", sequential(layer("InputLayer", "i", R"("batch_shape": [null, null, 8, 3])") + ", " + dense));
  CHECK(model.input.rank() == 0);
  CHECK(model.open_input == "[null,null,8,3]");
  model = io::detail::keras_model_config("x", R"({"class_name": "Sequential", "config": [)" +
                                                  layer("Dense", "d", R"("batch_input_shape": [null, 7])") + "]}");
  CHECK(model.input == Shape{7});
  const std::string inner =
      R"({"class_name": "Sequential", "config": {"name": "base", "trainable": false, "layers": [)" + dense + "]}}";
  model = io::detail::keras_model_config("x", sequential(inner + ", " + dense));
  REQUIRE(model.layers.size() == 2);
  CHECK_FALSE(model.layers[0].trainable);
  CHECK(model.layers[1].trainable);
  CHECK(io::detail::unique_names(model) == std::vector<std::string>{"base/d", "d"});
  CHECK_THROWS_WITH(io::detail::keras_model_config("x", "{"), Contains("no JSON"));
  CHECK_THROWS_WITH(io::detail::keras_model_config("x", "{}"), Contains("cannot be understood"));
  CHECK_THROWS_WITH(io::detail::keras_model_config("x", R"({"class_name": "Mine"})"), Contains("Mine"));
}

TEST_CASE("inputs that no model can have, and models of several inputs, are refused", "[io][keras][errors]") {
  const auto refused = [](const std::string& shape, const std::string& words) {
    const std::string json = sequential(layer("Dense", "d", R"("batch_input_shape": )" + shape));
    CHECK_THROWS_WITH(io::detail::keras_model_config("x.h5", json), Contains("x.h5: ") && Contains(words));
  };
  refused("[null]", "[null] is not supported");
  refused("[null, 1, 1, 1, 1, 1, 1]", "is not supported");
  refused("[null, 0, 4]", "is not possible");
  refused("[null, 2147483648, 2147483648, 2147483648]", "the input's");
  std::string two = functional({{"in", ""}, {"a", "in"}}, "a");
  const std::string inputs = R"([["in", 0, 0]])";
  two.replace(two.find(inputs), inputs.size(), R"([["in", 0, 0], ["a", 0, 0]])");
  CHECK_THROWS_WITH(io::detail::keras_model_config("x.h5", two),
                    Contains("there are 2 inputs and 1 outputs of model \"m\", one of each is supported"));
}

TEST_CASE("a model that leaves its size open takes the one that is given, or asks for it", "[io][keras]") {
  std::ifstream in(weight_goldens + "tiny_seq_keras2.h5", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const std::string sizes = "[null, 12, 12, 3]", open = "[null, null,12,3]";
  REQUIRE(bytes.find(sizes) != std::string::npos);
  for (std::size_t at; (at = bytes.find(sizes)) != std::string::npos;) bytes.replace(at, sizes.size(), open);
  const TemporaryFolder out;
  std::ofstream(out / "open.h5", std::ios::binary) << bytes;
  CHECK_THROWS_WITH(io::load_keras(out / "open.h5"), Contains("leaves the size of its input open, [null,null,12,3]") &&
                                                         Contains(".input = {150, 150, 3}"));
  CHECK(io::load_keras(out / "open.h5", {.input = {12, 12, 3}}).output_shape() == Shape{1});
}

TEST_CASE("a layer that we do not have gives an error that names it and its position", "[io][keras]") {
  // Another class of the same length in the file's own text.
  std::ifstream in(weight_goldens + "tiny_seq_keras2.h5", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const std::size_t at = bytes.find("\"MaxPooling2D\"");
  REQUIRE(at != std::string::npos);
  bytes.replace(at, 14, "\"MinPooling2D\"");
  const TemporaryFolder out;
  std::ofstream(out / "m.h5", std::ios::binary) << bytes;
  CHECK_THROWS_WITH(io::load_keras(out / "m.h5"), Contains("layer 2 \"max_pooling2d_1\" (MinPooling2D)") &&
                                                      Contains("sequential_1") && Contains("MaxPooling2D"));
}

TEST_CASE("truncated and damaged files of Keras give errors or other numbers, nothing else", "[io][keras][fuzz]") {
  const TemporaryFolder out;
  for (const char* name :
       {"tiny_seq.keras", "tiny_seq.weights.h5", "tiny_seq_keras2.h5", "tiny_seq_legacy_keras3.h5",
        "tiny_transfer.keras", "tiny_transfer_legacy_keras3.h5", "tiny_vgg_keras1_notop.h5", "tiny_vgg_keras2_notop.h5",
        "tiny_vgg_notop.weights.h5", "tiny_seq.npz", "graph_squeeze.keras", "graph_transfer_keras2.h5"}) {
    std::ifstream in(weight_goldens + name, std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(in)), {});
    const auto size = static_cast<std::int64_t>(whole.size());
    const Random random{11, stream_id(name), 0};
    int errors = 0;
    for (std::uint64_t i = 0; i < 200; ++i) {
      const auto draw = [&](std::uint64_t k, std::int64_t below) {
        return static_cast<std::size_t>(random.below(i * 64 + k, below));
      };
      std::string bytes = whole;
      if (i % 4 == 0) bytes.resize(draw(0, size));
      for (std::uint64_t k = 0; i % 4 != 0 && k <= draw(1, 8); ++k)
        bytes[draw(2 + 2 * k, i % 4 == 1 ? std::min<std::int64_t>(size, 4096) : size)] =
            static_cast<char>(draw(3 + 2 * k, 256));
      const auto path = out / (std::string("damaged.") + name);
      std::ofstream(path, std::ios::binary) << bytes;
      try {
        for (const auto& stored : io::weight_file(path).layers)
          for (const auto& tensor : stored.tensors) {
            CHECK(tensor.shape.size() <= size);
            Tensor<float> to(tensor.shape);
            tensor.read(to.view());
          }
      } catch (const FileError& e) {
        ++errors;
        CHECK_THAT(e.what(), Contains(name));
      }
      try {
        io::load_keras(path);
      } catch (const FileError& e) {
        CHECK_THAT(e.what(), Contains(name));
      }
    }
    CHECK(errors >= 50);
  }
}
