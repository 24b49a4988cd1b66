// SPDX-License-Identifier: MIT
// L2 penalties: trained as Keras trains them, and kept by every file that can say them.
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/brindle.hpp"
#include "brindle/io/load_keras.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/io/save_keras.hpp"
#include "brindle/nn/resized.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"
#include "support/temporary_folder.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

std::string golden_path(const char* name) { return std::string(BRINDLE_GOLDENS) + "/" + name; }

data::InMemory samples(const Golden& golden) {
  const Tensor<double> x = golden.get<double>("x"), t = golden.get<double>("t");
  Tensor<float> pictures(x.shape()), labels(t.shape());
  for (std::int64_t i = 0; i < x.size(); ++i) pictures[i] = static_cast<float>(x[i]);
  for (std::int64_t i = 0; i < t.size(); ++i) labels[i] = static_cast<float>(t[i]);
  return data::InMemory(std::move(pictures), std::move(labels));
}

History train(Model<double>& model, const data::Source& data, const TrainerOptions& options = {}) {
  Trainer trainer{model, SGD{.learning_rate = 0.05, .momentum = 0.5}, BinaryCrossentropy{}, options};
  return trainer.fit(data, {.batch = 4, .epochs = 3, .shuffle = false, .validation = data});
}

std::vector<double> penalties(const Model<double>& model) {
  std::vector<double> all;
  for (const auto& layer : model.layers())
    for (const auto& p : layer->parameters()) all.push_back(p.l2);
  return all;
}

}  // namespace

TEST_CASE("a model of Keras trains on with its L2 penalties, as Keras does", "[io][keras][l2]") {
  std::string told;
  Model<double> model =
      io::load_keras<double>(golden_path("l2.keras"), {.tell = [&](const std::string& line) { told += line; }});
  CHECK(told.empty());
  CHECK(model.layer("conv2d").parameters()[0].l2 == 0.02);
  CHECK(model.layer("dense").parameters()[0].l2 == 0.01);
  const Golden golden("l2.npz");
  const data::InMemory data = samples(golden);
  const History history = train(model, data);
  // The samples are rounded to float on their way.
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    CHECK(history.loss[epoch] == Approx(golden.get<double>("loss")[static_cast<std::int64_t>(epoch)]).epsilon(1e-7));
    CHECK(history.val_loss[epoch] ==
          Approx(golden.get<double>("val_loss")[static_cast<std::int64_t>(epoch)]).epsilon(1e-7));
  }
  check_close("predictions", model.predict(golden.get<double>("x")), golden.get<double>("y"), 1e-6);
}

TEST_CASE("penalties go with saved models, Keras's files and resized copies", "[io][keras][l2]") {
  const TemporaryFolder folder;
  const Model<double> model = io::load_keras<double>(golden_path("l2.keras"));
  const std::vector<double> expected = penalties(model);
  CHECK(penalties(resized(model, Shape{8, 8, 2})) == expected);

  io::save_model(model, folder / "l2.safetensors", io::ModelInfo{});
  CHECK(penalties(io::load_model<double>(folder / "l2.safetensors").model) == expected);
  CHECK(io::SafetensorsFile(folder / "l2.safetensors").metadata().at("brindle").find("\"version\":5") !=
        std::string::npos);
  for (const char* name : {"l2.keras", "l2.h5"}) {
    io::save_keras(model, folder / name);
    CHECK(penalties(io::load_keras<double>(folder / name)) == expected);
  }
  const data::InMemory data = samples(Golden("l2.npz"));
  Model<double> first = io::load_keras<double>(golden_path("l2.keras")),
                second = io::load_keras<double>(folder / "l2.keras");
  CHECK(train(first, data).val_loss == train(second, data).val_loss);
}

TEST_CASE("penalties are added where gradients are collected, clipped or averaged, too", "[train][l2]") {
  const data::InMemory data = samples(Golden("l2.npz"));
  Model<double> plain = io::load_keras<double>(golden_path("l2.keras")),
                whole = io::load_keras<double>(golden_path("l2.keras"));
  // A limit that nothing reaches: gradients are collected first, and the numbers are the same.
  const History expected = train(plain, data), collected = train(whole, data, {.global_clipnorm = 1e20});
  for (std::size_t epoch = 0; epoch < 3; ++epoch)
    CHECK(collected.val_loss[epoch] == Approx(expected.val_loss[epoch]).epsilon(1e-12));
}

TEST_CASE("a penalty of large dense weights, which are streamed without one, is the formula", "[train][l2]") {
  Tensor<float> x = testing::random_tensor<float>({8, 40}, 3), labels({8, 1});
  for (std::int64_t i = 0; i < 8; ++i) labels[i] = static_cast<float>(i % 2);
  const data::InMemory data(std::move(x), std::move(labels));
  const auto network = [] {
    Sequential<double> model{{40}, Dense{1, sigmoid}};
    model.initialize(3);
    return model;
  };
  Sequential<double> plain = network(), penalized = network();
  penalized.set_l2("dense", "kernel", 0.1);
  const auto step = [&](Sequential<double>& model) {
    Trainer trainer{model, SGD{.learning_rate = 0.5}, BinaryCrossentropy{}};
    return trainer.fit(data, {.batch = 8, .shuffle = false}).loss[0];
  };
  double squares = 0;
  const Sequential<double> before = network();
  for (const double w : before.layers()[0]->parameters()[0].value.span()) squares += w * w;
  const double loss = step(plain);
  CHECK(step(penalized) == Approx(loss + 0.1 * squares).epsilon(1e-12));
  for (std::int64_t i = 0; i < 40; ++i) {
    const double w = before.layers()[0]->parameters()[0].value[i];
    CHECK(penalized.layers()[0]->parameters()[0].value[i] ==
          Approx(plain.layers()[0]->parameters()[0].value[i] - 0.5 * 2 * 0.1 * w).margin(1e-14));
  }
  // Without it again, and frozen: as if there were none.
  Sequential<double> none = network();
  none.set_l2(0.1);
  none.set_l2("dense", "kernel", 0);
  CHECK(step(none) == loss);
}

TEST_CASE("set_l2 names what it cannot mean", "[nn][l2]") {
  Sequential<float> model{{8, 8, 3}, Conv2D{4, 3},     BatchNormalization{}, SeparableConv2D{2, 3},
                          Flatten{}, Dense{2, softmax}};
  model.set_l2(1e-3);
  CHECK(model.layer("conv2d").parameters()[0].l2 == 1e-3);
  CHECK(model.layer("conv2d").parameters()[1].l2 == 0);
  CHECK(model.layer("separable_conv2d").parameters()[1].l2 == 1e-3);
  CHECK_THROWS_WITH(model.set_l2("dense", "weights", 1),
                    "Dense \"dense\" learns no \"weights\"; it learns kernel, bias");
  CHECK_THROWS_WITH(model.set_l2("batch_normalization", "moving_mean", 1), Contains("it learns gamma, beta"));
  CHECK_THROWS_WITH(model.set_l2("flatten", "kernel", 1), Contains("it learns nothing"));
  CHECK_THROWS_WITH(model.set_l2("dense", "kernel", -1),
                    "Dense \"dense\": expected an L2 penalty of 0 to 1e30, got -1");
  CHECK_THROWS_WITH(model.set_l2("head", "kernel", 1), Contains("no layer is named \"head\""));
}
