// Files that have to stay readable: layouts that Keras's and NumPy's users have, and saved models of every version.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "brindle/io/load_keras.hpp"
#include "brindle/io/npz.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

const std::string weights = std::string(BRINDLE_GOLDENS) + "/weights/";
const std::string corpus = std::string(BRINDLE_GOLDENS) + "/../fuzz/corpus/";

void check_same(const Sequential<float>& a, const Sequential<float>& b) {
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
                         MaxPool2D{.window = 2}};
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
  // Once, by version 1. A later version gets a file of its own beside it.
  if (std::getenv("BRINDLE_WRITE_SAVED_MODEL"))
    io::save_model(first_version(), file, {.class_names = {"cat", "dog", "owl"}, .preprocessing = "caffe"});
  const auto saved = io::load_model(file);
  CHECK(saved.info.class_names == std::vector<std::string>{"cat", "dog", "owl"});
  CHECK(saved.info.preprocessing == "caffe");
  CHECK(saved.model.name() == "first");
  const auto expected = first_version();
  check_same(saved.model, expected);
  for (std::size_t i = 0; i < expected.layers().size(); ++i) {
    CHECK(saved.model.layers()[i]->type() == expected.layers()[i]->type());
    CHECK(saved.model.layers()[i]->trainable == expected.layers()[i]->trainable);
    CHECK(io::to_json(saved.model.layers()[i]->config()) == io::to_json(expected.layers()[i]->config()));
  }
  REQUIRE(saved.model.groups().size() == 1);
  CHECK(saved.model.groups()[0].name == "base");
  CHECK(saved.model.groups()[0].end == 2);
  const Tensor<float> x = random_tensor<float>({2, 6, 5, 2}, 3);
  CHECK(same_bits(saved.model.predict(x, 2), expected.predict(x, 2)));
}

TEST_CASE("HDF5 in its later layout gives the model that the classic layout gives, or names the library",
          "[io][keras]") {
#ifdef BRINDLE_HDF5
  check_same(io::load_keras(weights + "tiny_seq_latest.h5"), io::load_keras(weights + "tiny_seq_keras2.h5"));
#else
  CHECK_THROWS_WITH(io::load_keras(weights + "tiny_seq_latest.h5"), Contains("libhdf5-dev"));
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
