// SPDX-License-Identifier: MIT
// Models inside models, and what a file says beside its weights (models/make_models.py).
#include <algorithm>
#include <brindle/io/keras_config.hpp>
#include <brindle/io/safetensors.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "brindle/core/crc32.hpp"
#include "brindle/core/file.hpp"
#include "brindle/io/load_keras.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/golden.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::filesystem::path model_files = std::filesystem::path(BRINDLE_GOLDENS).parent_path() / "io" / "models";
const std::string nested_goldens = "../io/models/nested.npz";

// Keras computed in float32.
constexpr Tolerance prediction_of_nested{2e-5, 1e-12};

std::string content(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::string> names(const Sequential<float>& model) {
  std::vector<std::string> all;
  for (const auto& layer : model.layers()) all.push_back(layer->name);
  return all;
}

}  // namespace

TEST_CASE("names that are repeated inside nested models load, as whole paths, and the file's weights again",
          "[io][keras]") {
  const Golden golden(nested_goldens);
  for (const auto& [file, prefix] :
       {std::pair("k2_twins_deep.keras", "deep"), {"t7_suffix.h5", "suffix"}, {"twins.keras", "twins"}}) {
    INFO(file);
    auto model = io::load_keras(model_files / file);
    const Tensor<float> x = golden.get<float>(prefix + std::string("_x"));
    golden.check(prefix + std::string("_y"), model.predict(x), prediction_of_nested);
    for (const auto& layer : model.layers())
      for (auto& p : layer->parameters()) std::fill(p.value.data(), p.value.data() + p.value.size(), 0.0f);
    CHECK(io::load_weights(model, model_files / file).empty());
    golden.check(prefix + std::string("_y"), model.predict(x), prediction_of_nested);
  }
  // Weights alone, whose layers and models have names.
  auto twins = io::load_keras(model_files / "twins.keras");
  for (const auto& layer : twins.layers())
    for (auto& p : layer->parameters()) std::fill(p.value.data(), p.value.data() + p.value.size(), 0.0f);
  io::load_weights(twins, model_files / "twins.weights.h5");
  golden.check("twins_y", twins.predict(golden.get<float>("twins_x")), prediction_of_nested);
  CHECK(names(io::load_keras(model_files / "k2_twins_deep.keras")) ==
        std::vector<std::string>{"lift", "wrap/first/conv", "wrap/first/conv_b", "wrap/second/conv",
                                 "wrap/second/conv_b", "flatten_3", "dense_3"});
  CHECK(names(io::load_keras(model_files / "twins.keras")) ==
        std::vector<std::string>{"conv", "a/conv", "wrap/a/conv", "wrap/b/conv", "wrap/conv", "flat", "head"});
  // wrap has a and b, which are groups inside its own.
  REQUIRE(twins.groups().size() == 2);
  const auto& wrap = twins.groups()[1];
  CHECK(twins.groups()[0].name == "a");
  CHECK(wrap.name == "wrap");
  CHECK(wrap.begin == 2);
  CHECK(wrap.end == 5);
  REQUIRE(wrap.groups.size() == 2);
  CHECK(wrap.groups[0].name == "a");
  CHECK(wrap.groups[1].name == "b");
  CHECK(wrap.groups[1].begin == 3);
  CHECK(wrap.groups[1].end == 4);
  CHECK(names(io::load_keras(model_files / "t7_suffix.h5")) ==
        std::vector<std::string>{"block1_1", "flatten", "dense"});
}

TEST_CASE("errors name a nested layer by its whole path", "[io][keras][errors]") {
  Sequential<float> model{{32, 32, 3},
                          Conv2D{.filters = 4, .kernel = 1, .name = "lift"},
                          Conv2D{.filters = 5, .kernel = 3, .name = "wrap/first/conv"},
                          Conv2D{.filters = 4, .kernel = 3, .name = "wrap/third/conv"}};
  CHECK_THROWS_WITH(io::load_weights(model, model_files / "k2_twins_deep.keras"),
                    Contains("is (3, 3, 4, 4), layer \"wrap/first/conv\" needs (3, 3, 4, 5)") &&
                        Contains("missing: layer \"wrap/third/conv\"") &&
                        Contains("surplus: layer \"wrap/second/conv_b\""));
  Sequential<float> bare{{32, 32, 4}, Conv2D{.filters = 4, .kernel = 3, .padding = Padding::same, .name = "conv_b"}};
  CHECK_THROWS_WITH(io::load_weights(bare, model_files / "k2_twins_deep.keras"),
                    Contains("\"wrap/first/conv_b\" or \"wrap/second/conv_b\"") && Contains("whole paths"));
  const auto description = io::detail::keras_model_config(
      "x", io::detail::ZipFile((model_files / "twins.keras").string()).read("config.json"));
  CHECK_THAT(description.layers[2].where, Contains("\"conv\" (Conv2D) of model \"twins/wrap/a\""));
}

TEST_CASE("a layer that is not known is found before the weights are read", "[io][keras][errors]") {
  // The class is another, with the right checksum; the weights are damaged.
  std::string bytes = content(model_files / "twins.keras");
  const std::string json = io::detail::ZipFile((model_files / "twins.keras").string()).read("config.json");
  std::string other = json;
  for (std::size_t at; (at = other.find("\"Conv2D\"")) != std::string::npos;) other.replace(at, 8, "\"Cnov2D\"");
  const auto little = [](std::uint32_t sum) {
    std::string text;
    for (int i = 0; i < 4; ++i) text += static_cast<char>(sum >> (8 * i) & 0xFFu);
    return text;
  };
  REQUIRE(bytes.find(json) != std::string::npos);
  bytes.replace(bytes.find(json), json.size(), other);
  const std::string before = little(brindle::detail::crc32_of(json)), after = little(brindle::detail::crc32_of(other));
  for (std::size_t at; (at = bytes.find(before)) != std::string::npos;) bytes.replace(at, 4, after);
  const std::size_t weights = bytes.find("\x89HDF");
  REQUIRE(weights != std::string::npos);
  bytes[weights + 3000] = static_cast<char>(bytes[weights + 3000] ^ 1);
  const TemporaryFolder folder;
  std::ofstream(folder / "m.keras", std::ios::binary) << bytes;
  CHECK_THROWS_WITH(io::load_keras(folder / "m.keras"), Contains("(Cnov2D)") && Contains("is not known"));
}

TEST_CASE("what training would need and we have not is said in one line when a model is loaded", "[io][keras]") {
  std::vector<std::string> lines;
  const auto tell = [&](const std::string& line) { lines.push_back(line); };
  io::load_keras(model_files / "l2.keras", {.tell = tell});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == (model_files / "l2.keras").string() +
                        ": left out: kernel_constraint MaxNorm of layer \"conv2d_16\"; predictions are the same, "
                        "training on goes without them");
  CHECK_NOTHROW(io::load_keras(model_files / "l2.keras"));
  lines.clear();
  io::load_keras(model_files / "twins.keras", {.tell = tell});
  CHECK(lines.empty());
}

TEST_CASE("kernels that Theano computed are turned where the file says how they stand, else refused", "[io][keras]") {
  Tensor<float> ramp({1, 5, 6, 1});
  for (std::int64_t i = 0; i < 30; ++i) ramp[i] = static_cast<float>(i);
  const std::vector<float> right{2, 3, 4, 5, 8, 9, 10, 11, 14, 15, 16, 17};
  const auto values = [](const Tensor<float>& y) { return std::vector<float>(y.data(), y.data() + y.size()); };
  CHECK(values(io::load_keras(model_files / "t6_whole_theano.h5").predict(ramp)) == right);
  Sequential<float> own{{5, 6, 1}, Conv2D{.filters = 1, .kernel = 3, .name = "conv"}};
  io::load_weights(own, model_files / "t6_whole_theano.h5");
  CHECK(values(own.predict(ramp)) == right);

  Sequential<float> keras1{
      {5, 5, 3}, Conv2D{.filters = 3, .kernel = 3, .name = "conv"}, Flatten{}, Dense{.units = 2, .name = "dense"}};
  CHECK_THROWS_WITH(io::load_weights(keras1, model_files / "th_k1.h5"),
                    StartsWith((model_files / "th_k1.h5").string() + ": ") && Contains("\"theano\"") &&
                        Contains("load it in Keras with the backend tensorflow and save it again"));

  // The same whole file with another backend's name in both places.
  std::string bytes = content(model_files / "t6_whole_theano.h5");
  for (std::size_t at; (at = bytes.find("theano")) != std::string::npos;) bytes.replace(at, 6, "myback");
  const TemporaryFolder folder;
  std::ofstream(folder / "m.h5", std::ios::binary) << bytes;
  CHECK_THROWS_WITH(io::load_weights(own, folder / "m.h5"), Contains("\"myback\""));
  CHECK_THROWS_WITH(io::load_keras(folder / "m.h5"), Contains("\"myback\""));
}

TEST_CASE("weights of a model that reads channels first are taken where the order is ours, else refused",
          "[io][keras]") {
  Sequential<float> model{
      {6, 6, 3}, Conv2D{.filters = 4, .kernel = 3, .name = "conv"}, Flatten{}, Dense{.units = 1, .name = "head"}};
  CHECK_THROWS_WITH(io::load_weights(model, model_files / "y_cf.h5"),
                    StartsWith((model_files / "y_cf.h5").string() + ": was saved channels first (layer \"conv\")") &&
                        Contains("\"flat\""));
  CHECK_THROWS_WITH(io::load_keras(model_files / "y_cf.h5"), Contains("layer 2 \"conv\"") && Contains("channels_last"));
  for (const char* file : {"channels_first.keras", "channels_first_base.keras"}) {
    INFO(file);
    for (const bool skip : {false, true})
      CHECK_THROWS_WITH(
          io::load_weights(model, model_files / file, {.skip_mismatch = skip}),
          StartsWith((model_files / file).string() + ": model.weights.h5: was saved channels first (layer \"conv\")") &&
              Contains("behind its layer \"flat\" weights stand in the order (channels, rows, columns)"));
    CHECK_THROWS_WITH(io::load_keras(model_files / file), Contains("\"conv\"") && Contains("channels_last"));
  }
  Sequential<float> convolution{{6, 6, 3}, Conv2D{.filters = 4, .kernel = 3, .name = "conv"}};
  io::load_weights(convolution, model_files / "channels_first_conv.h5");
  CHECK(same_bits(convolution.layers()[0]->parameters()[0].value, Golden(nested_goldens).get<float>("cf_kernel")));
}

TEST_CASE("tensors by PyTorch's names are refused, in safetensors and npz, even where they would fit",
          "[io][load_weights]") {
  Sequential<float> model{
      {5, 5, 3}, Conv2D{.filters = 3, .kernel = 3, .name = "conv"}, Flatten{}, Dense{.units = 2, .name = "dense"}};
  CHECK_THROWS_WITH(io::load_weights(model, model_files / "t6_torch.safetensors"),
                    StartsWith((model_files / "t6_torch.safetensors").string() + ": tensor \"conv.weight\"") &&
                        Contains("PyTorch") && Contains("permute(2, 3, 1, 0)") && Contains("\"conv/kernel\""));
  io::WeightFile weights{"x.npz", {}};
  for (const char* name : {"conv.weight", "conv/weight", "conv/weight:0"})
    CHECK_THROWS_WITH(io::detail::add_named_tensor(weights, name, {3, 3}, {}), StartsWith("x.npz: ") && Contains(name));

  // Other names, but PyTorch's order of axes: said beside the shapes.
  const TemporaryFolder folder;
  const Tensor<float> values({64});
  io::write_safetensors(folder / "w.safetensors",
                        std::vector{io::SafetensorsEntry{"d/kernel", "F32", {3, 2}, values.data(), 24},
                                    io::SafetensorsEntry{"d/bias", "F32", {3}, values.data(), 12}});
  Sequential<float> dense{{2}, Dense{.units = 3, .name = "d"}};
  CHECK_THROWS_WITH(io::load_weights(dense, folder / "w.safetensors"), Contains("its axes seem to be (out, in)"));
}

TEST_CASE("load_weights takes only what fits where it is asked to, and says what it left", "[io][load_weights]") {
  const std::filesystem::path file = std::filesystem::path(BRINDLE_GOLDENS) / "weights" / "tiny_seq.keras";
  Sequential<float> model{{12, 12, 3},
                          Conv2D{.filters = 4, .kernel = 3, .name = "conv2d_1"},
                          Flatten{},
                          Dense{.units = 5, .name = "dense_1"},
                          Dense{.units = 2, .name = "other"}};
  const auto conv = model.layers()[0]->parameters()[0].value.clone();
  const auto dense = model.layer("dense_1").parameters()[1].value.clone();
  CHECK_THROWS_WITH(io::load_weights(model, file), Contains("{.skip_mismatch = true}"));
  CHECK(same_bits(model.layers()[0]->parameters()[0].value, conv));
  const std::vector<std::string> left = io::load_weights(model, file, {.skip_mismatch = true});
  CHECK_FALSE(same_bits(model.layers()[0]->parameters()[0].value, conv));
  CHECK(same_bits(model.layer("dense_1").parameters()[1].value, dense));  // its kernel does not fit, so its bias stays
  REQUIRE(left.size() == 5);
  CHECK_THAT(left[0], StartsWith("shape: ") && Contains("\"dense_1\""));
  CHECK_THAT(left[1], StartsWith("shape: ") && Contains("(8), layer \"dense_1\" needs (5)"));
  CHECK(left[2] == "missing: layer \"other\"");
  CHECK(left[3] == "surplus: layer \"conv2d_2\"");
  CHECK(left[4] == "surplus: layer \"dense_2\"");
  Sequential<float> another{{2}, Dense{.units = 2, .name = "another"}};
  CHECK_THROWS_WITH(io::load_weights(another, file, {.skip_mismatch = true}), Contains("missing: layer \"another\""));
}

TEST_CASE("where a file has a top and the model has none, or the reverse, the error says what to ask for",
          "[io][load_weights]") {
  const TemporaryFolder folder;
  const auto path = folder / "w.safetensors";
  const Tensor<float> values({64});
  const auto write = [&](const std::string& top) {
    std::vector<io::SafetensorsEntry> entries{{"base/kernel", "F32", {2, 2}, values.data(), 16}};
    if (!top.empty()) entries.push_back({top + "/kernel", "F32", {2, 3}, values.data(), 24});
    io::write_safetensors(path, entries);
  };
  const Dense base{.units = 2, .use_bias = false, .name = "base"};
  for (const std::string top : {"predictions", "conv_preds", "fc", "classifier.1", "head.fc"}) {
    Sequential<float> without{{2}, base}, with{{2}, base, Dense{.units = 3, .use_bias = false, .name = top}};
    write(top);
    CHECK_THROWS_WITH(io::load_weights(without, path),
                      Contains("surplus: layer \"" + top + "\"") &&
                          Contains("the file has a top that the model lacks (\"" + top +
                                   "\"): make the model with .include_top = true and the file's .classes"));
    CHECK_NOTHROW(io::load_weights(with, path));
    CHECK(io::load_weights(without, path, {.skip_mismatch = true}) ==
          std::vector<std::string>{"surplus: layer \"" + top + "\""});
    write("");
    CHECK_THROWS_WITH(io::load_weights(with, path), Contains("the file has no top, and the model has (\"" + top +
                                                             "\"): make it with .include_top = false"));
    CHECK(io::load_weights(with, path, {.skip_mismatch = true}) ==
          std::vector<std::string>{"missing: layer \"" + top + "\""});
  }
  write("other");
  Sequential<float> model{{2}, base};
  CHECK_THROWS_WITH(io::load_weights(model, path), !Contains("include_top"));
}
