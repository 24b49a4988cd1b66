// SPDX-License-Identifier: MIT
// Models written for Keras: what Keras computed with these files (goldens/make_saved_keras.py), and what is read again.
#include "brindle/io/save_keras.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/io/load_keras.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/open_hdf5.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"
#include "support/models_for_keras.hpp"
#include "support/own_layer.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

const std::vector<std::string> endings{".keras", ".h5", ".weights.h5"};

// Not run by itself: writes the files that make_saved_keras.py has Keras open.
template <class T>
void write_keras(const std::string& name, const Model<T>& model) {
  for (const std::string& ending : endings) io::save_keras(model, files_for_keras / (name + ending));
}

template <class T>
void check_opened(const std::string& name, const Model<T>& model, double tolerance) {
  INFO(name);
  const Golden golden("saved_keras.npz");
  const TemporaryFolder folder;
  const Tensor<T> x = golden.get<T>(name + ".x");
  for (const std::string& ending : endings) {
    INFO(ending);
    io::save_keras(model, folder / (name + ending));
    CHECK((read_file(folder / (name + ending)) == read_file(files_for_keras / (name + ending))));
    check_close(name + ending, model.predict(x), golden.get<double>(name + ending), tolerance, 0);
  }
}

template <class T>
void check_read_again(const Model<T>& model) {
  const TemporaryFolder folder;
  for (const std::string& ending : endings) {
    INFO(ending);
    const auto path = folder / ("model" + ending);
    io::save_keras(model, path);
    const Tensor<T> x = random_tensor<T>(model.input_shape().batch(3), 5);
    if (ending == ".weights.h5") {
      io::save_keras(model, folder / "m.keras");
      Model<T> again = io::load_keras<T>(folder / "m.keras");
      for (const auto& layer : again.layers())
        for (auto& p : layer->parameters()) std::fill(p.value.data(), p.value.data() + p.value.size(), T(0));
      CHECK(io::load_weights(again, path).empty());
      CHECK(same_bits(again.predict(x), model.predict(x)));
      continue;
    }
    const Model<T> again = io::load_keras<T>(path);
    CHECK(same_bits(again.predict(x), model.predict(x)));
    CHECK(again.parameter_count() == model.parameter_count());
    CHECK(again.trainable_parameter_count() == model.trainable_parameter_count());
    io::save_keras(again, folder / ("again" + ending));
    CHECK((read_file(folder / ("again" + ending)) == read_file(path)));
  }
}

}  // namespace

TEST_CASE("files for Keras are written", "[.write_keras]") {
  write_keras("row", row<float>());
  write_keras("graph", graph<float>());
  write_keras("nested", nested<float>());
  write_keras("graph64", graph<double>());
  write_keras("row64", row<double>());
  write_keras("nested64", nested<double>());
  each_trained([](const std::string& name, Trainer<float, Cpu>&& trainer) {
    for (const char* ending : {".keras", ".weights.h5"}) io::save_keras(trainer, files_for_keras / (name + ending));
  });
}

TEST_CASE("Keras computes with a saved model what brindle does", "[io][keras][save_keras]") {
  constexpr double single = 1e-6, twice = 1e-12;  // of the largest; Keras computes in the model's own type
  check_opened("row", row<float>(), single);
  check_opened("graph", graph<float>(), single);
  check_opened("nested", nested<float>(), single);
  check_opened("graph64", graph<double>(), twice);
  check_opened("row64", row<double>(), 1e-8);  // Keras keeps the mean of a Normalization in float32
  check_opened("nested64", nested<double>(), twice);
}

TEST_CASE("a model saved for Keras is read again as it was", "[io][keras][save_keras]") {
  check_read_again(graph<float>());
  check_read_again(nested<float>());
  check_read_again(wide());
}

TEST_CASE("a convolution with zeros of its own is saved as zeros and a convolution", "[io][keras][save_keras]") {
  const TemporaryFolder folder;
  const Model<float> model = row<float>();
  io::save_keras(model, folder / "row.keras");
  const Model<float> again = io::load_keras(folder / "row.keras");
  CHECK(again.layers().size() == model.layers().size() + 1);
  CHECK(again.layers()[2]->type() == "ZeroPadding2D");
  CHECK(again.layers()[2]->name == "conv2d_pad");
  const Tensor<float> x = random_tensor<float>({2, 14, 13, 3}, 3);
  check_close("outputs", again.predict(x), model.predict(x), 1e-6, 0);
}

TEST_CASE("what is frozen and what runs as in prediction is kept in files for Keras", "[io][keras][save_keras]") {
  const TemporaryFolder folder;
  const Model<float> model = nested<float>();
  io::save_keras(model, folder / "m.keras");
  const Model<float> again = io::load_keras(folder / "m.keras");
  REQUIRE(again.groups().size() == 1);
  CHECK(again.groups()[0].name == "base");
  CHECK(again.groups()[0].inference);
  REQUIRE(again.groups()[0].groups.size() == 1);
  CHECK(again.groups()[0].groups[0].name == "inner");
  CHECK_FALSE(again.layer("first").trainable);
  CHECK(again.layer("last").trainable);
  CHECK(again.layer("bn").inference);
  CHECK_FALSE(again.layer("head").inference);
}

TEST_CASE("what Keras has not is refused by name before a file is written", "[io][keras][save_keras]") {
  const TemporaryFolder folder;
  const auto refused = [&](const Model<float>& model, const std::string& file, const std::string& a,
                           const std::string& b) {
    INFO(file);
    std::ofstream(folder / file) << "as it was";
    CHECK_THROWS_WITH(io::save_keras(model, folder / file), Contains(a) && Contains(b));
    std::string text;
    std::ifstream(folder / file) >> text;
    CHECK(text == "as");
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
    std::filesystem::remove(folder / file);
  };
  Sequential<float> own{{4}, Dense{3}, Twice{"mine"}};
  refused(own, "own.keras", "Twice \"mine\"", "Keras has no layer Twice");
  Sequential<float> slash{{4}, Dense{.units = 3, .name = "a/b"}};
  refused(slash, "slash.h5", "Dense \"a/b\"", "letters, digits");
  for (const std::string& name :
       {std::string("my layer"), std::string("_a"), std::string("\xC3\xBC"), std::string(256, 'a')}) {
    Sequential<float> named{{4}, Dense{.units = 3, .name = name}};
    refused(named, "name.keras", "Dense \"" + name + "\"", "rename it");
  }
  Sequential<float> infinite{{4}, Rescaling{.scale = {1e308 * 10}}};
  refused(infinite, "infinite.keras", "Rescaling \"rescaling\"", "scale is not finite");
  Sequential<float> called{{4}, Dense{3}};
  called.set_name("mine!");
  refused(called, "called.keras", "model \"mine!\"", "rename it");
  Sequential<float> plain{{4}, Dense{3}};
  refused(plain, "plain.onnx", "plain.onnx: Keras has no such kind of file", ".weights.h5");
  Model<float> crossed{{4}, [](auto x) {
                         auto a = x.then(Dense{.units = 4, .name = "a"});
                         auto b = a.then(Dense{.units = 4, .name = "b"});
                         return (a + b).then(Dense{2});
                       }};
  crossed.add_group("part", 0, 2);
  refused(crossed, "crossed.keras", "reads Dense \"a\" across the border of a group", "take the layers out");
  Model<float> two{{4}, [](auto x) {
                     auto a = x.then(Dense{.units = 4, .name = "a"});
                     return (a + x).then(Dense{2});
                   }};
  two.add_group("part", 1, 3);
  refused(two, "two.keras", "group \"part\"", "2 values from outside");
  Sequential<float> inner{{4}, Dense{.units = 3, .name = "d"}};
  inner.set_name("same");
  Sequential<float> same{std::move(inner), Dense{.units = 3, .name = "same"}};
  refused(same, "same.keras", "Dense \"same\"", "rename one of them");
  refused(Sequential<float>{{4}}, "none.keras", "the model has no layers", "add one");
}

TEST_CASE("a file for Keras is laid out as h5py lays it out", "[io][keras][save_keras][hdf5]") {
  const TemporaryFolder folder;
  io::save_keras(wide(), folder / "wide.h5");
  const auto file = io::open_hdf5(folder / "wide.h5");
  CHECK(file->text("/", "backend") == "tensorflow");
  CHECK(file->text("/", "model_config").size() > 65536);
  CHECK(file->texts("model_weights", "layer_names") == std::vector<std::string>{"inner", "dense_1"});
  CHECK(file->texts("model_weights/inner", "weight_names0").size() > 300);
  CHECK(file->has_attribute("model_weights/inner", "weight_names1"));
  CHECK(file->children("model_weights/inner/inner").size() == 301);
  CHECK(file->shape("model_weights/dense_1/dense_1/kernel") == Shape{3, 2});
}
