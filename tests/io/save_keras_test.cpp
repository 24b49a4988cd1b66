// SPDX-License-Identifier: MIT
// Models written for Keras: what Keras computed with these files (goldens/make_saved_keras.py), and what is read again.
#include "brindle/io/save_keras.hpp"

#include <algorithm>
#include <brindle/definitions.hpp>
#include <brindle/io/definitions.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "brindle/core/file.hpp"
#include "brindle/io/load_keras.hpp"
#include "brindle/io/load_weights.hpp"
#include "brindle/io/open_hdf5.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/golden.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

const std::filesystem::path goldens = BRINDLE_GOLDENS;

// Weights that any compiler gives the same bits: sums of few powers of two. Averages are no zeros and ones.
template <class T>
Model<T> with_weights(Model<T> model) {
  for (const auto& layer : model.layers())
    for (auto& p : layer->parameters())
      for (std::int64_t i = 0; i < p.value.size(); ++i) {
        const bool positive = p.name == "moving_variance" || p.name == "gamma";
        p.value[i] = static_cast<T>((i * 37 + 11) % 101 - (positive ? -80 : 50)) / static_cast<T>(positive ? 128 : 256);
      }
  return model;
}

// Layers in a row, with settings that are no defaults.
template <class T>
Model<T> row() {
  return with_weights<T>(Sequential<T>{
      {14, 13, 3},
      Rescaling{.scale = {0.5}, .offset = {-0.25}},
      Normalization{.mean = {0.1, 0.2, 0.3}, .variance = {1.1, 1.2, 0.9}},
      Conv2D{.filters = 8, .kernel = {3, 5}, .activation = relu, .padding = {1, 0, 2, 1}, .use_bias = false},
      BatchNormalization{.momentum = 0.9, .epsilon = 1e-4, .name = "bn"},
      ReLU{.max_value = 6, .negative_slope = 0.1},
      MaxPooling2D{.pool_size = {3, 2}, .stride = {2, 1}, .padding = Padding::same},
      DepthwiseConv2D{.kernel = 3, .padding = Padding::same, .depth_multiplier = 2},
      LeakyReLU{.negative_slope = 0.2},
      SeparableConv2D{.filters = 6, .kernel = 3, .activation = silu, .padding = Padding::same},
      ELU{.alpha = 0.7},
      LayerNormalization{.epsilon = 1e-4},
      Dropout{.rate = 0.3, .noise_shape = {1, 1, -1}},
      ZeroPadding2D{.padding = {1, 0, 2, 0}},
      AveragePooling2D{.pool_size = 2},
      Conv2D{.filters = 8, .kernel = 2, .activation = hard_silu, .dilation = {2, 1}, .groups = 2},
      BatchNormalization{.center = false, .scale = false},
      Activation{softplus},
      Flatten{},
      Dense{12, gelu},
      Reshape{.target_shape = {3, -1}},
      Flatten{},
      Dense{5},
      Softmax{}});
}

// Branches of different lengths, whose layers Keras puts into another order; two inputs that are one value.
template <class T>
Model<T> graph() {
  Model<T> model{{8, 8, 4}, [](auto x) {
                   auto a = x.then(Conv2D{.filters = 6, .kernel = 1, .name = "a"});
                   auto b = x.then(Conv2D{.filters = 6, .kernel = 3, .padding = Padding::same, .name = "b1"},
                                   BatchNormalization{.name = "b2"}, Activation{relu6, "b3"},
                                   Conv2D{.filters = 6, .kernel = 3, .padding = Padding::same, .name = "b4"});
                   auto s = (a + b).then(GlobalAveragePooling2D{.keepdims = true},
                                         Conv2D{.filters = 6, .kernel = 1, .activation = sigmoid});
                   auto y = concatenate(b, (a + b) * s, a);
                   auto top = y.then(GlobalMaxPooling2D{}), mean = y.then(GlobalAveragePooling2D{});
                   return concatenate(top, mean + mean).then(Dense{3, ActivationFunction::tanh});
                 }};
  model.set_name("two_ways");
  return with_weights<T>(std::move(model));
}

// Models in models, of which one is frozen and, if inference, called with training=False; names that are repeated.
template <class T>
Model<T> nested(double rate = 0.4, bool inference = true) {
  Model<T> inner{{6, 6, 4}, [](auto x) {
                   auto y = x.then(Conv2D{.filters = 4, .kernel = 3, .padding = Padding::same, .name = "conv"},
                                   BatchNormalization{.name = "bn"});
                   return (x + y).then(Activation{relu, "out"});
                 }};
  inner.set_name("inner");
  Model<T> base{{8, 8, 3}, [&](auto x) {
                  return x.then(Conv2D{.filters = 4, .kernel = 3, .name = "first"}, std::move(inner),
                                Dropout{.rate = rate}, BatchNormalization{.name = "last"});
                }};
  base.set_name("base");
  Model<T> model{{8, 8, 3}, [&](auto x) {
                   return x.then(Rescaling{.scale = {2}}, std::move(base), Flatten{},
                                 Dense{.units = 2, .activation = sigmoid, .name = "head"});
                 }};
  model.set_trainable("base", false);
  model.layer("last").trainable = true;
  model.set_inference("base", inference);
  // As load_keras names layers whose names several have.
  model.layer("conv").name = "base/inner/conv";
  return with_weights<T>(std::move(model));
}

// More names than one node of a group's tree has room for, and than one attribute.
Model<float> wide() {
  Sequential<float> inner{{3}, Dense{3}};
  inner.set_name("inner");
  for (int i = 0; i < 300; ++i)
    inner.add(Dense{
        .units = 3,
        .name = "dense_with_a_name_that_is_rather_long_for_what_it_does_" + std::string(60, 'x') + std::to_string(i)});
  return with_weights<float>(Sequential<float>{std::move(inner), Dense{2}});
}

// Two classes of each of three pictures, and pictures that any compiler gives the same bits.
Tensor<float> labels_of_two() {
  Tensor<float> labels({3, 2});
  for (std::int64_t i = 0; i < 6; ++i) labels[i] = static_cast<float>(i * i % 3 % 2);
  return labels;
}
Tensor<float> made_pictures(const Shape& shape) {
  Tensor<float> x(shape.batch(3));
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>((i * 29 + 7) % 61 - 30) / 32;
  return x;
}

// A trainer that remembers three steps whose averages any compiler gives the same bits.
template <class OptimizerValue>
Trainer<float, Cpu> trained(Model<float>& model, const OptimizerValue& optimizer, const TrainerOptions& options = {}) {
  Trainer trainer{model, optimizer, BinaryCrossentropy{}, options};
  OptimizerState<float> state = trainer.optimizer_state();
  state.steps = 3;
  for (auto& slot : state.slots)
    for (std::int64_t i = 0; i < slot.value.size(); ++i)
      slot.value[i] = static_cast<float>((i * 13 + 5 * slot.number + 3) % 47 + 1) / 4096;
  trainer.set_optimizer_state(state);
  return trainer;
}

// What each of four optimizers is saved with: a use of the trainer for each.
template <class Use>
void each_trained(Use&& use) {
  Model<float> in_models = nested<float>(0, false);
  const auto small = [] {
    return with_weights<float>(
        Sequential<float>{{5, 5, 3}, Conv2D{4, 3, relu}, BatchNormalization{}, Flatten{}, Dense{2, sigmoid}});
  };
  Model<float> a = small(), b = small(), c = small();
  a.layers()[0]->trainable = false;
  use("trained_adam", trained(in_models, Adam{.learning_rate = 1.0 / 64, .amsgrad = true}));
  use("trained_adamw", trained(a, AdamW{.learning_rate = 1.0 / 64, .weight_decay = 0.125}));
  use("trained_rmsprop", trained(b, RMSprop{.learning_rate = 1.0 / 512, .momentum = 0.875, .centered = true}));
  use("trained_sgd",
      trained(c, SGD{.learning_rate = 1.0 / 64, .momentum = 0.875, .nesterov = true}, {.clipnorm = 0.125}));
}

const std::vector<std::string> endings{".keras", ".h5", ".weights.h5"};

std::vector<std::uint8_t> bytes_of(const std::filesystem::path& path) { return read_file(path); }

// Not run by itself: writes the files that make_saved_keras.py has Keras open.
template <class T>
void write(const std::string& name, const Model<T>& model) {
  for (const std::string& ending : endings) io::save_keras(model, goldens / "keras" / (name + ending));
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
    CHECK((bytes_of(folder / (name + ending)) == bytes_of(goldens / "keras" / (name + ending))));
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
    CHECK((bytes_of(folder / ("again" + ending)) == bytes_of(path)));
  }
}

// A layer of a user's own.
struct Twice {
  std::string name = {};
  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;
};
template <class T, class Device>
class TwiceLayer : public Layer<T, Device> {
 public:
  std::string type() const override { return "Twice"; }
  std::string default_name() const override { return "twice"; }
  Config config() const override { return {}; }
  Shape output_shape(const Shape& x) const override { return x; }
  LayerNeeds needs(const Pass<T, Device>&, const Shape&) const override { return {}; }
  void forward(const Pass<T, Device>&, In<T, Device>, Out<T, Device>) const override {}
  void backward(const Pass<T, Device>&, In<T, Device>, In<T, Device>, Out<T, Device>, Out<T, Device>,
                const Gradients<T, Device>&) const override {}
};
template <class T, class Device>
std::unique_ptr<Layer<T, Device>> Twice::make() const {
  return std::make_unique<TwiceLayer<T, Device>>();
}

}  // namespace

TEST_CASE("files for Keras are written", "[.write_keras]") {
  write("row", row<float>());
  write("graph", graph<float>());
  write("nested", nested<float>());
  write("graph64", graph<double>());
  write("row64", row<double>());
  write("nested64", nested<double>());
  each_trained([](const std::string& name, Trainer<float, Cpu>&& trainer) {
    for (const char* ending : {".keras", ".weights.h5"}) io::save_keras(trainer, goldens / "keras" / (name + ending));
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

TEST_CASE("Keras trains on where a trainer's files stop", "[io][keras][save_keras]") {
  const Golden golden("saved_keras.npz");
  const TemporaryFolder folder;
  each_trained([&](const std::string& name, Trainer<float, Cpu>&& trainer) {
    INFO(name);
    for (const char* ending : {".keras", ".weights.h5"}) {
      INFO(ending);
      io::save_keras(trainer, folder / (name + ending));
      CHECK((bytes_of(folder / (name + ending)) == bytes_of(goldens / "keras" / (name + ending))));
    }
    const Tensor<float> x = made_pictures(trainer.model().input_shape()), labels = labels_of_two();
    const Tensor<double> losses = golden.get<double>(name + ".losses");
    for (std::int64_t step = 0; step < losses.size(); ++step) {
      INFO(step);
      CHECK(static_cast<double>(trainer.train_on_batch(x, labels).loss) == Approx(losses[step]).epsilon(2e-5));
    }
  });
}

TEST_CASE("what Keras cannot train on with is refused by name before a file is written", "[io][keras][save_keras]") {
  const TemporaryFolder folder;
  Sequential<float> model{{4}, Dense{1, sigmoid}};
  const auto refused = [&](const auto& optimizer, const auto& loss, const std::string& file, const std::string& why) {
    const Trainer trainer{model, optimizer, loss};
    CHECK_THROWS_WITH(io::save_keras(trainer, folder / file), Contains(why) && Contains("instead of the trainer"));
    CHECK(std::filesystem::is_empty(folder.path()));
  };
  refused(Adam{}, BinaryCrossentropy{}, "m.h5", "m.h5: Keras 3 does not read an optimizer's state");
  refused(Adam{.weight_decay = 0.1, .exclude_from_weight_decay = {"bias"}}, BinaryCrossentropy{}, "m.keras",
          "no place for the names that Adam excludes");
  refused(RMSprop{.keras2 = true}, BinaryCrossentropy{}, "m.keras", "RMSprop{.keras2 = true}");
  refused(Adam{}, BinaryCrossentropy{.keras2 = true}, "m.keras", "BinaryCrossentropy{.keras2 = true}");
  const Trainer averaging{model, Adam{}, BinaryCrossentropy{}, {.use_ema = true}};
  CHECK_THROWS_WITH(io::save_keras(averaging, folder / "m.keras"), Contains("what use_ema keeps between two steps"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a model that a trainer saved for Keras is read again", "[io][keras][save_keras]") {
  const TemporaryFolder folder;
  each_trained([&](const std::string& name, Trainer<float, Cpu>&& trainer) {
    io::save_keras(trainer, folder / (name + ".keras"));
    const Model<float> again = io::load_keras<float>(folder / (name + ".keras"));
    const Tensor<float> x = made_pictures(trainer.model().input_shape());
    CHECK(same_bits(again.predict(x), trainer.model().predict(x)));
  });
}
