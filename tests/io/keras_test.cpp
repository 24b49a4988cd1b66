// SPDX-License-Identifier: MIT
#include <brindle/io/keras_weights.hpp>
#include <brindle/io/open_hdf5.hpp>
#include <brindle/io/safetensors.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "brindle/io/load_keras.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/double_models.hpp"
#include "support/file_error.hpp"
#include "support/golden.hpp"
#include "support/golden_folders.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

// goldens/README.md, rows weights/*.
constexpr Tolerance weights_golden{1e-5, 1e-12};

/// The thin VGG16 of the goldens.
template <class T>
Sequential<T> tiny_vgg() {
  Sequential<T> model{Shape{32, 32, 3}};
  constexpr std::int64_t filters[5] = {4, 4, 6, 8, 8};
  constexpr int convolutions[5] = {2, 2, 3, 3, 3};
  for (int b = 0; b < 5; ++b) {
    const std::string block = "block" + std::to_string(b + 1);
    for (int c = 1; c <= convolutions[b]; ++c)
      model.add(Conv2D{.filters = filters[b],
                       .kernel = 3,
                       .activation = relu,
                       .padding = Padding::same,
                       .name = block + "_conv" + std::to_string(c)});
    model.add(MaxPooling2D{.pool_size = 2, .name = block + "_pool"});
  }
  return model;
}

template <class T>
Sequential<T> tiny_seq() {
  return Sequential<T>{
      {12, 12, 3},
      Conv2D{.filters = 4, .kernel = 3, .activation = relu, .name = "conv2d_1"},
      MaxPooling2D{.pool_size = 2, .name = "max_pooling2d_1"},
      Conv2D{.filters = 6, .kernel = 3, .activation = relu, .stride = 2, .padding = Padding::same, .name = "conv2d_2"},
      Flatten{},
      Dense{.units = 8, .activation = relu, .name = "dense_1"},
      Dropout{0.3},
      Dense{.units = 1, .activation = sigmoid, .name = "dense_2"}};
}

template <class T>
void check_exact(const Model<T>& model, const Golden& golden) {
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) {
      INFO(layer->name << "/" << p.name);
      CHECK(same_bits(p.value, golden.get<T>("w." + layer->name + "." + p.name)));
    }
}

template <class T>
void check_predictions(const Model<T>& model, const Golden& golden) {
  Tensor<T> x = golden.get<T>("x_uint8");
  for (T& v : x.span()) v = std::is_same_v<T, float> ? v * static_cast<T>(1.0f / 255.0f) : v / T(255);
  const Tensor<T> y = model.predict(x, 4);
  golden.check("y", y, weights_golden);
}

}  // namespace

TEMPLATE_TEST_CASE("weight files of Keras 1, 2 and 3 give VGG16 the weights and predictions of the goldens",
                   "[io][keras]", float, double) {
  const Golden golden("weights/tiny_vgg.npz");
  for (const char* file : {"tiny_vgg_keras1_notop.h5", "tiny_vgg_keras2_notop.h5", "tiny_vgg_notop.weights.h5"}) {
    INFO(file);
    auto model = tiny_vgg<TestType>();
    io::load_weights(model, weight_goldens + file);
    check_exact(model, golden);
    check_predictions(model, golden);
  }
}

TEMPLATE_TEST_CASE("weights of whole models load into a model of the user's own", "[io][keras]", float, double) {
  const Golden golden("weights/tiny_seq.npz");
  for (const char* file :
       {"tiny_seq.keras", "tiny_seq.weights.h5", "tiny_seq_legacy_keras3.h5", "tiny_seq_keras2.h5"}) {
    INFO(file);
    auto model = tiny_seq<TestType>();
    io::load_weights(model, weight_goldens + file);
    check_exact(model, golden);
  }
}

TEST_CASE("models that Keras saved load with their layers, names, weights and predictions", "[io][keras]") {
  const Golden golden("weights/tiny_seq.npz");
  for (const char* file : {"tiny_seq.keras", "tiny_seq_legacy_keras3.h5", "tiny_seq_keras2.h5"}) {
    INFO(file);
    const auto model = io::load_keras(weight_goldens + file);
    CHECK(model.name() == "sequential_1");
    CHECK(model.input_shape() == Shape{12, 12, 3});
    REQUIRE(model.layers().size() == 7);
    CHECK(model.layers()[1]->name == "max_pooling2d_1");
    CHECK(model.layers()[5]->name == "dropout_1");
    CHECK(model.layers()[5]->config().get("rate", 0.0) == 0.3);
    CHECK(model.trainable_parameter_count() == model.parameter_count());
    check_exact(model, golden);
    check_predictions(model, golden);
  }
}

TEST_CASE("a partly frozen nested model loads by name, as a group, with what is frozen", "[io][keras]") {
  const Golden golden("weights/tiny_transfer.npz");
  for (const char* file : {"tiny_transfer.keras", "tiny_transfer_legacy_keras3.h5"}) {
    INFO(file);
    const auto model = io::load_keras(weight_goldens + file);
    REQUIRE(model.groups().size() == 1);
    CHECK(model.groups()[0].name == "model_1");
    CHECK(model.groups()[0].end == 19);
    REQUIRE(model.layers().size() == 22);
    check_exact(model, golden);
    check_predictions(model, golden);
    std::int64_t free = 0;
    for (const auto& layer : model.layers())
      for (std::size_t p = 0; p < layer->parameters().size(); ++p) {
        const bool expected = layer->name.rfind("block4", 0) == 0 || layer->name.rfind("block5", 0) == 0 ||
                              layer->name.rfind("dense", 0) == 0;
        INFO(layer->name);
        CHECK(layer->trainable == expected);
        free += layer->trainable;
      }
    const Tensor<float> trainable = golden.get<float>("trainable");
    std::int64_t golden_free = 0;
    for (const float t : trainable.span()) golden_free += t != 0;
    CHECK(free == golden_free);
    const TemporaryFolder out;
    io::save_model(model, out / "m.safetensors");
    check_predictions(io::load_model(out / "m.safetensors").model, golden);
  }
}

TEST_CASE("weights of Keras that do not fit give one error that lists all of them", "[io][keras]") {
  Sequential<float> model{{12, 12, 3},
                          Conv2D{.filters = 5, .kernel = 3, .name = "conv2d_1"},
                          Conv2D{.filters = 2, .kernel = 3, .name = "conv2d_9"}};
  const auto before = model.layers()[0]->parameters()[0].value.clone();
  for (const char* file :
       {"tiny_seq.keras", "tiny_seq.weights.h5", "tiny_seq_legacy_keras3.h5", "tiny_seq_keras2.h5"}) {
    INFO(file);
    CHECK_THROWS_WITH(io::load_weights(model, weight_goldens + file),
                      Contains(weight_goldens + file) &&
                          Contains("is (3, 3, 3, 4), layer \"conv2d_1\" needs (3, 3, 3, 5)") &&
                          Contains("missing: layer \"conv2d_9\"") && Contains("surplus: layer \"dense_2\"") &&
                          Contains("surplus: layer \"conv2d_2\""));
  }
  CHECK(same_bits(before, model.layers()[0]->parameters()[0].value));
}

TEST_CASE("a file of weights alone is no model, and says what to call", "[io][keras]") {
  for (const char* file : {"tiny_vgg_keras1_notop.h5", "tiny_seq.weights.h5"})
    CHECK_THROWS_WITH(io::load_keras(weight_goldens + file), Contains(file) && Contains("load_weights"));
  CHECK_THROWS_WITH(io::load_keras(weight_goldens + "tiny_seq.npz"), Contains("tiny_seq.npz") && Contains(".keras"));
  CHECK_THROWS_WITH(io::load_keras(weight_goldens + "nothing.keras"), Contains("no such file"));
}

TEST_CASE("weights in groups without names are matched by Keras 3's count of each kind", "[io][keras]") {
  // As Keras 3 wrote them before it wrote names: the name of every group is cut off.
  const auto file = io::open_hdf5(std::filesystem::path(weight_goldens + "tiny_seq.weights.h5"));
  io::WeightFile weights = io::keras_weights(file);
  REQUIRE(weights.layers.size() == 7);
  for (io::StoredLayer& layer : weights.layers) {
    CHECK_FALSE(layer.name.empty());
    layer.name.clear();
    layer.path.clear();
  }
  auto model = tiny_seq<float>();
  io::detail::name_counted_layers(model, weights);
  io::load_weights(model, weights);
  check_exact(model, Golden("weights/tiny_seq.npz"));
}

TEST_CASE("tensors of a safetensors file become weights by their names, or are listed where they do not fit",
          "[io][load_weights]") {
  const TemporaryFolder out;
  const Tensor<float> kernel = random_tensor<float>({2, 3}, 1), bias = random_tensor<float>({3}, 2);
  const auto load = [&](const Dense& dense, const std::vector<std::string>& names) {
    std::vector<io::SafetensorsEntry> entries{{names[0], "F32", {2, 3}, kernel.data(), 24}};
    for (std::size_t i = 1; i < names.size(); ++i) entries.push_back({names[i], "F32", {3}, bias.data(), 12});
    io::write_safetensors(out / "w.safetensors", entries);
    Sequential<float> model{{2}, dense};
    io::load_weights(model, out / "w.safetensors");
    return model;
  };
  for (const std::string ending : {"", ":0"}) {
    const auto model = load({.units = 3, .name = "d"}, {"d/kernel" + ending, "d/bias" + ending});
    CHECK(same_bits(model.layers()[0]->parameters()[0].value, kernel));
    CHECK(same_bits(model.layers()[0]->parameters()[1].value, bias));
  }
  CHECK_THROWS_WITH(load({.units = 3, .name = "d"}, {"d/kernel"}), Contains("missing: \"bias\" of layer \"d\""));
  CHECK_THROWS_WITH(load({.units = 3, .use_bias = false, .name = "d"}, {"d/kernel", "d/bias"}),
                    Contains("surplus: layer \"d\" has 2 tensors in the file, 1 in the model"));
}

TEST_CASE("an archive without weights is no .keras file", "[io][keras][errors]") {
  const std::string npz = std::string(BRINDLE_GOLDENS) + "/../fuzz/corpus/npz/stored.npz";
  CHECK_THROWS_WITH(io::detail::keras_archive_weights(io::detail::ZipFile(npz)),
                    Contains(npz) && Contains("holds no model.weights.h5"));
  CHECK_THROWS_WITH(io::load_keras(npz), Contains("is no model of Keras"));
}

TEST_CASE("arrays of a npz file become weights by their names", "[io][load_weights]") {
  // The golden's names begin with "w.", so the layers' do here.
  const Golden golden("weights/tiny_seq.npz");
  io::WeightFile weights = io::npz_weights(weight_goldens + "tiny_seq.npz");
  std::erase_if(weights.layers, [](const io::StoredLayer& l) { return l.name.rfind("w.", 0) != 0; });
  for (io::StoredLayer& l : weights.layers) l.name = l.name.substr(2);
  auto model = tiny_seq<double>();
  io::load_weights(model, weights);
  check_exact(model, golden);
}

TEST_CASE("arrays of doubles in a npz file become weights, too", "[io][load_weights]") {
  const std::string path = std::string(BRINDLE_GOLDENS) + "/../fuzz/corpus/npz/stored.npz";
  const io::WeightFile weights = io::npz_weights(path);
  const Tensor<double> expected = io::NpzFile(path).read<double>("d");
  for (const io::StoredLayer& layer : weights.layers) {
    if (layer.name != "d") continue;
    Tensor<float> to(layer.tensors.at(0).shape);
    layer.tensors[0].read(to.view());
    REQUIRE(to.size() == expected.size());
    for (std::int64_t i = 0; i < to.size(); ++i) CHECK(to[i] == static_cast<float>(expected[i]));
  }
}
