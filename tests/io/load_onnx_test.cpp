// SPDX-License-Identifier: MIT
// ONNX files as exporters write them (goldens/make_onnx.py), and those that are refused.
#include "brindle/io/load_onnx.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/io/onnx_graph_writer.hpp"
#include "brindle/io/onnx_wire_writer.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/golden.hpp"
#include "support/golden_folders.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using brindle::io::detail::OnnxGraphWriter;
using brindle::io::detail::OnnxSetting;
using brindle::io::detail::WireWriter;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

constexpr Tolerance prediction_of_onnx{1e-5,
                                       1e-12};  // of the largest; onnxruntime computes in float32 and in other orders

/// A file whose output is what `graph` makes of "x", and its model.
using Graph = std::function<std::string(OnnxGraphWriter&)>;
fs::path written(const TemporaryFolder& folder, const std::vector<std::int64_t>& input, const Graph& graph) {
  OnnxGraphWriter writer;
  writer.free_name("x");
  const std::string output = graph(writer);
  writer.write(folder / "m.onnx", "m", "x", input, output, {}, {});
  return folder / "m.onnx";
}
Model<float> made(const std::vector<std::int64_t>& input, const Graph& graph) {
  const TemporaryFolder folder;
  return io::load_onnx(written(folder, input, graph));
}
std::string refusal(const std::vector<std::int64_t>& input, const Graph& graph) {
  try {
    made(input, graph);
  } catch (const FileError& e) {
    return e.what();
  }
  return "it was read";
}
std::string refusal_of_node(const std::vector<std::int64_t>& input, const std::string& op,
                            const std::vector<OnnxSetting>& settings = {}) {
  return refusal(input, [&](OnnxGraphWriter& g) { return g.add(op, "n", {"x"}, settings); });
}

std::vector<std::string> types(const Model<float>& model) {
  std::vector<std::string> all;
  for (const auto* layer : model.layers()) all.push_back(layer->type());
  return all;
}

std::string refusal_of_bytes(const std::string& bytes) {
  const TemporaryFolder folder;
  replace_file(folder / "m.onnx", bytes);
  try {
    io::load_onnx(folder / "m.onnx");
  } catch (const FileError& e) {
    return e.what();
  }
  return "it was read";
}

}  // namespace

TEST_CASE("networks that torch exported give what onnxruntime gives for them", "[io][onnx]") {
  const Golden golden("onnx.npz");
  for (const char* name : {"resnet", "mobilenet_v2", "mobilenet_v3", "efficientnet", "densenet", "vgg", "gelu"})
    for (const char* way : {"_torchscript", "_dynamo"}) {
      const std::string file = std::string(name) + way;
      INFO(file);
      const Model<float> model = io::load_onnx(onnx_goldens / (file + ".onnx"));
      golden.check(file + ".y", model.predict(golden.get<float>(std::string(name) + ".x")), prediction_of_onnx);
    }
}

TEST_CASE("a network that Keras exported gives what onnxruntime gives for it, zeros around channels-last pictures too",
          "[io][onnx]") {
  const Golden golden("onnx_keras.npz");
  const Model<float> model = io::load_onnx(onnx_goldens / "keras_channels_last.onnx");
  CHECK(model.input_shape() == Shape{17, 18, 3});
  golden.check("y", model.predict(golden.get<float>("x")), prediction_of_onnx);
}

TEST_CASE("a network of a file has the layers that a person would write", "[io][onnx]") {
  const Model<float> vgg = io::load_onnx(onnx_goldens / "vgg_torchscript.onnx");
  CHECK(types(vgg) == std::vector<std::string>{"Conv2D", "BatchNormalization", "Activation", "MaxPooling2D", "Conv2D",
                                               "LeakyReLU", "AveragePooling2D", "Flatten", "Dense", "ELU",
                                               "BatchNormalization", "Dense"});
  CHECK(vgg.layers()[1]->config().get("momentum", 0.0) == Approx(0.9));
  CHECK(vgg.layers().back()->activation() == softmax);
  CHECK(vgg.input_shape() == Shape{44, 52, 3});
  const Model<float> efficient = io::load_onnx(onnx_goldens / "efficientnet_torchscript.onnx");
  const auto named = types(efficient);
  CHECK(std::count(named.begin(), named.end(), "Activation") == 0);  // all silu and sigmoid stand in convolutions
  CHECK(named[named.size() - 2] == "GlobalAveragePooling2D");
}

TEST_CASE("a GELU that an exporter wrote with Erf is one activation, whatever the order of its factors", "[io][onnx]") {
  const std::vector<std::string> expected{"Conv2D",     "DepthwiseConv2D",        "Conv2D", "Conv2D", "Add",
                                          "Activation", "GlobalAveragePooling2D", "Dense",  "Dense"};
  const Model<float> model = io::load_onnx(onnx_goldens / "gelu_torchscript.onnx");
  CHECK(types(model) == expected);
  CHECK(model.layers()[0]->activation() == gelu);
  CHECK(model.layers()[7]->activation() == gelu);
  const auto number = [](OnnxGraphWriter& g, const std::string& name, float value) {
    return g.add_floats(name, {}, {value});
  };
  Tensor<float> x({4, 9});
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 29 % 36 - 18) / 4;
  const auto check = [&](const std::string& what, double factor, const Graph& graph) {
    INFO(what);
    const Model<float> read = made({9}, graph);
    Tensor<double> y({4, 9});
    for (std::int64_t i = 0; i < x.size(); ++i) {
      const auto z = static_cast<double>(x[i]);
      y[i] = factor * z * (1 + std::erf(z / std::sqrt(2.0))) / 2;
    }
    check_close(what, read.predict(x), y, 1e-6);
    CHECK(types(read).front() == "Activation");
    CHECK(read.layers().size() == (factor == 1 ? 1 : 2));
  };
  const auto erf = [&](OnnxGraphWriter& g) {
    return g.add("Erf", "erf", {g.add("Mul", "scaled", {"x", number(g, "root", std::sqrt(0.5f))})});
  };
  check("the half in front", 1, [&](OnnxGraphWriter& g) {
    const std::string half = g.add("Mul", "half", {number(g, "h", 0.5f), "x"});
    return g.add("Mul", "y", {half, g.add("Add", "a", {number(g, "one", 1), erf(g)})});
  });
  check("the half inside", 1, [&](OnnxGraphWriter& g) {
    const std::string part = g.add("Div", "d", {g.add("Add", "a", {erf(g), number(g, "one", 1)}), number(g, "two", 2)});
    return g.add("Mul", "y", {part, "x"});
  });
  check("no half", 2, [&](OnnxGraphWriter& g) {
    return g.add("Mul", "y", {g.add("Add", "a", {erf(g), number(g, "one", 1)}), "x"});
  });
  check("minus minus one", -3, [&](OnnxGraphWriter& g) {
    const std::string less = g.add("Sub", "a", {number(g, "one", -1), erf(g)});
    return g.add("Mul", "y", {g.add("Mul", "m", {less, number(g, "f", 1.5f)}), "x"});
  });
}

TEST_CASE("an Erf that is no part of a GELU is refused by its node", "[io][onnx]") {
  const auto number = [](OnnxGraphWriter& g, const std::string& name, float value) {
    return g.add_floats(name, {}, {value});
  };
  const auto erf = [&](OnnxGraphWriter& g, float root) {
    return g.add("Erf", "erf", {g.add("Mul", "scaled", {"x", number(g, "root", root)})});
  };
  const float root = std::sqrt(0.5f);
  CHECK_THAT(refusal_of_node({9}, "Erf"), Contains("node \"n\" (Erf)") && Contains("no part of a GELU"));
  CHECK_THAT(refusal({9}, [&](OnnxGraphWriter& g) { return erf(g, 0.7f); }), Contains("(Erf): is no part of a GELU"));
  CHECK_THAT(refusal({9}, [&](OnnxGraphWriter& g) { return g.add("Relu", "r", {erf(g, root)}); }),
             Contains("(Relu): reads an Erf that is no part of a GELU"));
  CHECK_THAT(refusal({9},
                     [&](OnnxGraphWriter& g) {
                       return g.add("Mul", "m", {"x", erf(g, root)});
                     }),
             Contains("(Mul): reads an Erf"));
  CHECK_THAT(refusal({9},
                     [&](OnnxGraphWriter& g) {
                       const std::string part = g.add("Add", "a", {erf(g, root), number(g, "one", 1)});
                       return g.add("Mul", "m", {g.add("Relu", "r", {"x"}), part});
                     }),
             Contains("(Mul): reads an Erf"));
  CHECK_THAT(refusal({9},
                     [&](OnnxGraphWriter& g) {
                       return g.add("Add", "a", {erf(g, root), g.add_floats("b", {9}, std::vector<float>(9, 1))});
                     }),
             Contains("expected one number"));
  CHECK_THAT(refusal({9},
                     [&](OnnxGraphWriter& g) {
                       return g.add("Add", "a", {erf(g, root), number(g, "one", 1)});
                     }),
             Contains("is an Erf"));
}

TEST_CASE("a slice of all of a value is the value, of a part is refused", "[io][onnx]") {
  const auto slice = [](const std::vector<std::int64_t>& starts, const std::vector<std::int64_t>& ends,
                        const std::vector<std::int64_t>& axes) {
    return [=](OnnxGraphWriter& g) {
      const std::string part =
          g.add("Slice", "s",
                {"x", g.add_integers("starts", starts), g.add_integers("ends", ends), g.add_integers("axes", axes)});
      return g.add("Relu", "r", {part});
    };
  };
  CHECK(types(made({3, 4, 5}, slice({0}, {3}, {1}))) == std::vector<std::string>{"Activation"});
  CHECK(types(made({3, 4, 5}, slice({0, -4}, {INT64_MAX, 4}, {0, -2}))) == std::vector<std::string>{"Activation"});
  CHECK_THAT(refusal({3, 4, 5}, slice({0}, {2}, {1})), Contains("(Slice): of a part of a value") && Contains("0 to 2"));
  CHECK_THAT(refusal({3, 4, 5}, slice({1}, {3}, {1})), Contains("of a part of a value"));
  CHECK_THAT(refusal({3, 4, 5}, slice({0}, {1}, {0})), Contains("along axis 0"));
  CHECK_THAT(refusal({3, 4, 5}, slice({0}, {-1}, {3})), Contains("of a part of a value"));
  CHECK_THAT(refusal({3, 4, 5}, slice({0}, {5}, {4})), Contains("axis 4 is not there"));
}

TEST_CASE("a network of a file trains", "[io][onnx]") {
  Model<float> model = io::load_onnx(onnx_goldens / "vgg_torchscript.onnx");
  const Tensor<float> x = random_tensor<float>({8, 44, 52, 3}, 1);
  Tensor<float> labels({8, 1});
  for (std::int64_t i = 0; i < 8; ++i) labels[i] = static_cast<float>(i % 4);
  Trainer trainer(model, Adam{.learning_rate = 1e-3}, SparseCategoricalCrossentropy{});
  const double before = trainer.train_on_batch(x, labels).loss;
  double after = before;
  for (int i = 0; i < 30; ++i) after = trainer.train_on_batch(x, labels).loss;
  CHECK(after < 0.7 * before);
}

TEST_CASE("a file whose pictures are channels last and are turned gives the same as one that has them as torch",
          "[io][onnx]") {
  const Graph convolution = [](OnnxGraphWriter& g) {
    const std::string turned =
        g.add("Transpose", "t", {"x"}, {OnnxSetting::of("perm", std::vector<std::int64_t>{0, 3, 1, 2})});
    const std::string w = g.add_floats("w", {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6});
    return g.add("Relu", "r", {g.add("Conv", "c", {turned, w})});
  };
  const Model<float> model = made({4, 5, 3}, convolution);
  CHECK(model.input_shape() == Shape{4, 5, 3});
  CHECK(model.output_shape() == Shape{4, 5, 2});
  CHECK(types(model) == std::vector<std::string>{"Conv2D"});
  const auto& kernel = model.layers()[0]->parameters()[0].value;
  CHECK(kernel[0] == 1);  // input channel 0 of both filters, then 1
  CHECK(kernel[1] == 4);
  CHECK(kernel[2] == 2);
}

TEST_CASE("sizes that a file computes are computed when it is read", "[io][onnx]") {
  const Model<float> model = made({2, 3, 4}, [](OnnxGraphWriter& g) {
    const std::string shape = g.add("Shape", "s", {"x"});
    const std::string batch =
        g.add("Gather", "b", {shape, g.add_integers("zero", {0})}, {OnnxSetting::of("axis", std::int64_t{0})});
    const std::string to =
        g.add("Concat", "to", {batch, g.add_integers("rest", {-1})}, {OnnxSetting::of("axis", std::int64_t{0})});
    const std::string row = g.add("Reshape", "row", {"x", to});
    std::vector<float> w(24);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i);
    return g.add("Add", "a",
                 {g.add("MatMul", "m", {row, g.add_floats("w", {24, 1}, w)}), g.add_floats("bias", {1}, {7})});
  });
  CHECK(types(model) == std::vector<std::string>{"Flatten", "Dense"});
  Tensor<float> x({1, 3, 4, 2});
  x[1] = 1;  // channel 1 of the first pixel: number 12 in the file
  CHECK(model.predict(x)[0] == 12 + 7);
}

TEST_CASE("what is not supported is refused with node, operator and attribute", "[io][onnx]") {
  CHECK_THAT(refusal_of_node({3, 4, 4}, "Sinh"), Contains("m.onnx: node \"n\" (Sinh): the operator is not supported"));
  CHECK_THAT(refusal_of_node({3, 4, 4}, "QuantizeLinear"), Contains("quantised") && Contains("(QuantizeLinear)"));
  CHECK_THAT(refusal_of_node({3, 4, 4}, "Relu", {OnnxSetting::of("slope", 0.5)}), Contains("(Relu): attribute slope"));
  CHECK_THAT(refusal_of_node({3, 4, 4}, "Flatten", {OnnxSetting::of("axis", std::int64_t{2})}),
             Contains("(Flatten): attribute axis = 2"));
  CHECK_THAT(refusal_of_node({3, 4, 4}, "Transpose", {OnnxSetting::of("perm", std::vector<std::int64_t>{1, 0, 2, 3})}),
             Contains("the batch stays in front"));
  using Ints = std::vector<std::int64_t>;
  const auto pool = [](const char* op, const Ints& pads) {
    return refusal_of_node({3, 8, 8}, op,
                           {OnnxSetting::of("kernel_shape", Ints{3, 3}), OnnxSetting::of("strides", Ints{2, 2}),
                            OnnxSetting::of("pads", pads)});
  };
  CHECK_THAT(pool("MaxPool", {1, 1, 1, 1}), Contains("attribute pads") && Contains("behind a Relu"));
  CHECK_THAT(pool("AveragePool", {1, 1, 1, 1}), Contains("attribute pads") && Contains("count_include_pad"));
  CHECK_THAT(refusal({3, 4, 4},
                     [](OnnxGraphWriter& g) {
                       return g.add("Conv", "c", {"x", "x"});
                     }),
             Contains("(Conv): its weights depends on the model's input"));
  CHECK_THAT(refusal({3, 4, 4},
                     [](OnnxGraphWriter& g) {
                       return g.add("Conv", "c", {"x", g.add_floats("w", {2, 2, 1, 1}, {1, 2, 3, 4})});
                     }),
             Contains("(2, 2, 1, 1) do not fit 3 channels"));
  CHECK_THAT(
      refusal({3},
              [](OnnxGraphWriter& g) {
                return g.add("Clip", "c", {"x", g.add_floats("low", {}, {-1e10f}), g.add_floats("high", {}, {6})});
              }),
      Contains("(Clip): limits of"));
  CHECK_THAT(refusal({4},
                     [](OnnxGraphWriter& g) {
                       return g.add("Reshape", "r", {"x", g.add_integers("to", {2, -1})});
                     }),
             Contains("the batch is axis 0"));
  CHECK_THAT(refusal({3, 4, 4}, [](OnnxGraphWriter& g) { return g.add("Relu", "r", {"none"}); }),
             Contains("reads \"none\"") || Contains("no input"));
}

TEST_CASE("a filter's padding is kept where it is not that of Padding::same", "[io][onnx]") {
  using Ints = std::vector<std::int64_t>;
  const Model<float> model = made({1, 4, 4}, [](OnnxGraphWriter& g) {
    return g.add("Conv", "c", {"x", g.add_floats("w", {1, 1, 3, 3}, std::vector<float>(9, 1))},
                 {OnnxSetting::of("pads", Ints{1, 1, 1, 1}), OnnxSetting::of("strides", Ints{2, 2})});
  });
  Tensor<float> x({1, 4, 4, 1});
  for (std::int64_t i = 0; i < 16; ++i) x[i] = static_cast<float>(i);
  const Tensor<float> y = model.predict(x);
  CHECK(y.shape() == Shape{1, 2, 2, 1});
  CHECK(y[0] == 0 + 1 + 4 + 5);
  CHECK(y[3] == 5 + 6 + 7 + 9 + 10 + 11 + 13 + 14 + 15);
}

TEST_CASE("damaged ONNX files are refused with path and place", "[io][onnx]") {
  CHECK_THAT(refusal_of_bytes(""), Contains("m.onnx: holds no graph"));
  CHECK_THAT(refusal_of_bytes("hello, this is a text"), Contains("m.onnx: byte "));
  WireWriter beyond;
  beyond.length(7, 1000);
  CHECK_THAT(refusal_of_bytes(std::string(beyond.bytes())), Contains("cut short"));
  // Each part of a good file alone.
  const std::vector<std::uint8_t> good = read_file(onnx_goldens / "vgg_torchscript.onnx");
  for (std::size_t size = 0; size < 4000; size += 37)
    CHECK(refusal_of_bytes(std::string(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))) !=
          "it was read");
  // Groups are passed over, up to 64 inside each other.
  std::string groups;
  for (int i = 0; i < 65; ++i) groups += static_cast<char>(99 % 16 * 8 + 3);
  CHECK_THAT(refusal_of_bytes(groups), Contains("64 deep"));
}

TEST_CASE("weights in another file have to lie beside the model, whole", "[io][onnx]") {
  const TemporaryFolder folder;
  fs::copy(onnx_goldens / "resnet_dynamo.onnx", folder / "m.onnx");
  CHECK_THROWS_WITH(io::load_onnx(folder / "m.onnx"), Contains("resnet_dynamo.onnx.data") && Contains("not there"));
  fs::create_symlink(onnx_goldens / "resnet_dynamo.onnx.data", folder / "resnet_dynamo.onnx.data");
  CHECK_THROWS_WITH(io::load_onnx(folder / "m.onnx"), Contains("links are not followed"));
  fs::remove(folder / "resnet_dynamo.onnx.data");
  replace_file(folder / "resnet_dynamo.onnx.data", "short");
  CHECK_THROWS_WITH(io::load_onnx(folder / "m.onnx"), Contains("cut short"));
  // The same name with a folder in front.
  std::vector<std::uint8_t> bytes = read_file(onnx_goldens / "resnet_dynamo.onnx");
  std::string text(bytes.begin(), bytes.end());
  const std::string name = "resnet_dynamo.onnx.data", other = "../et_dynamo.onnx.data/";
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at))
    text.replace(at, name.size(), other);
  replace_file(folder / "m.onnx", text);
  CHECK_THROWS_WITH(io::load_onnx(folder / "m.onnx"), Contains("expected the name of a file beside this one"));
}

TEST_CASE("an ONNX file that leaves sizes open, or has several outputs, is read with the options that say them",
          "[io][onnx]") {
  const TemporaryFolder folder;
  const Graph graph = [](OnnxGraphWriter& g) { return g.add("GlobalAveragePool", "p", {"x"}); };
  const fs::path path = written(folder, {3, -1, -1}, graph);
  CHECK_THROWS_WITH(io::load_onnx(path), Contains("leaves the size of its input open") && Contains(".input"));
  CHECK(io::load_onnx(path, {.input = {6, 7, 3}}).input_shape() == Shape{6, 7, 3});
  CHECK_THROWS_WITH(io::load_onnx(path, {.input = {6, 7, 4}}), Contains("(6, 7, 4)"));
  CHECK_THROWS_WITH(io::load_onnx(path, {.input = {6, 7, 3}, .output = "none"}), Contains("named \"none\""));
}
