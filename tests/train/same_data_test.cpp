// SPDX-License-Identifier: MIT
#include "brindle/train/same_data.hpp"

#include <brindle/train/run_identity.hpp>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/augmented.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/io/features.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/checkpoint.hpp"
#include "brindle/train/trainer.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

data::Pictures class_pictures(const std::vector<std::string>& names, PictureInput input = {}) {
  input.size = {4, 4};
  data::Pictures::Parts parts;
  parts.pixels = Tensor<std::uint8_t>({6, 4, 4, 3});
  for (std::int64_t i = 0; i < parts.pixels.size(); ++i) parts.pixels[i] = static_cast<std::uint8_t>(i * 31 % 256);
  for (std::int64_t i = 0; i < 6; ++i) parts.classes.push_back(i % static_cast<std::int64_t>(names.size()));
  parts.class_names = names;
  parts.preprocessing = input.preprocessing;
  parts.input = input;
  return data::Pictures(std::move(parts));
}

Sequential<float> class_network(std::int64_t classes) {
  return Sequential<float>{{4, 4, 3}, Flatten{}, Dense{classes, softmax}};
}

}  // namespace

TEST_CASE("pictures of other channels than the model's are refused with the colour mode that it takes",
          "[train][same_data]") {
  const auto photos = class_pictures({"c0", "c1"});
  Sequential<float> grey{{4, 4, 1}, Flatten{}, Dense{2, softmax}};
  Trainer trainer{grey, SGD{}, SparseCategoricalCrossentropy{}};
  CHECK_THROWS_WITH(trainer.fit(photos, {}), Contains("(None, 4, 4, 1)") &&
                                                 Contains("load the pictures with .color_mode = ColorMode::grayscale"));
  Sequential<float> larger{{8, 8, 1}, Flatten{}, Dense{2, softmax}};
  Trainer other{larger, SGD{}, SparseCategoricalCrossentropy{}};
  CHECK_THROWS_WITH(other.fit(photos, {}), Contains("that .size and .color_mode = ColorMode::grayscale"));
  Sequential<float> rgb{{8, 8, 3}, Flatten{}, Dense{2, softmax}};
  Trainer third{rgb, SGD{}, SparseCategoricalCrossentropy{}};
  CHECK_THROWS_WITH(third.fit(photos, {}), Contains("load the pictures with that .size") && !Contains("color_mode"));
}

TEST_CASE("a checkpoint says none where one run has class weights and the other has not", "[train][same_data]") {
  const TemporaryFolder folder;
  const auto photos = class_pictures({"c0", "c1"});
  const auto run = [&](const std::map<std::int64_t, double>& weights, bool resume) {
    Sequential<float> model = class_network(2);
    Trainer trainer{model, SGD{}, SparseCategoricalCrossentropy{}};
    trainer.fit(photos,
                {.batch = 3, .class_weight = weights, .checkpoint = checkpoint(folder / "run", {.resume = resume})});
  };
  run({}, false);
  CHECK_THROWS_WITH(run({{0, 3.0}}, true), Contains("its class weights is none, here it is 0 (weight 3);"));
}

TEST_CASE("validation, evaluation and prediction on classes of other numbers are refused", "[train][same_data]") {
  const auto training = class_pictures({"c0", "c1", "c2"}), same = class_pictures({"c0", "c1", "c2"});
  Sequential<float> model = class_network(3);
  Trainer trainer{model, SGD{}, SparseCategoricalCrossentropy{}};
  for (const auto& names : {std::vector<std::string>{"c1", "c2"}, {"c0", "c2", "c1"}, {"x", "y", "z"}, {"a", "b"}}) {
    const auto other = class_pictures(names);
    CHECK_THROWS_AS(trainer.fit(training, {.batch = 3, .validation = other}), DataError);
    CHECK(trainer.steps() == 0);
  }
  const auto swapped = class_pictures({"c0", "c2", "c1"});
  CHECK_THROWS_WITH(trainer.fit(training, {.batch = 3, .validation = swapped}),
                    Contains("fit, validation: the classes are \"c0\", \"c2\", \"c1\", those of the training data "
                             "\"c0\", \"c1\", \"c2\"; load the data with .classes = training.class_names()"));
  trainer.fit(training, {.batch = 3, .validation = same});
  CHECK_NOTHROW(trainer.evaluate(same));
  CHECK_THROWS_WITH(trainer.evaluate(swapped), Contains("evaluate: the classes are"));
  CHECK_THROWS_WITH(trainer.predict(swapped), Contains("predict: the classes are"));
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(io::save_model(trainer, folder / "m", swapped), Contains("save_model: the classes are"));
  io::save_model(trainer, folder / "m", training);
  CHECK(io::load_model(folder / "m").info.class_names == training.class_names());
  // Data without names are not compared.
  CHECK_NOTHROW(trainer.evaluate(data::InMemory(Tensor<float>({2, 4, 4, 3}), Tensor<float>({2, 1}))));
}

TEST_CASE("pictures that become input in another way than the training data are refused", "[train][same_data]") {
  const auto training = class_pictures({"a", "b"});
  const auto bilinear = class_pictures({"a", "b"}, {.interpolation = image::Interpolation::bilinear});
  const auto caffe = class_pictures({"a", "b"}, {.preprocessing = Preprocessing::caffe});
  Sequential<float> model = class_network(2);
  Trainer trainer{model, SGD{}, SparseCategoricalCrossentropy{}};
  CHECK_THROWS_WITH(trainer.fit(training, {.batch = 3, .validation = bilinear}),
                    Contains("fit, validation: pictures become input in another way than those of the training data: "
                             "interpolation bilinear instead of nearest; load both with the same options"));
  // Mean and deviation of the augmentation belong to it.
  const data::Augmented standardized(training, {}, {.mean = {0.5, 0.5, 0.5}});
  CHECK_THROWS_WITH(trainer.fit(standardized, {.batch = 3, .validation = training}),
                    Contains("preprocessing unit_rgb instead of"));
  const data::Augmented both(training, {}, {.mean = {0.5, 0.5, 0.5}});
  CHECK_NOTHROW(trainer.fit(standardized, {.batch = 3, .validation = both}));
  trainer.fit(training, {.batch = 3});
  CHECK_THROWS_WITH(trainer.predict(caffe), Contains("preprocessing caffe instead of unit_rgb"));
  CHECK_THROWS_WITH(trainer.evaluate(caffe), Contains("preprocessing caffe instead of unit_rgb"));
}

TEST_CASE("features of pictures that were made in two ways are told apart", "[train][same_data]") {
  const Sequential<float> base{{4, 4, 3}, Conv2D{2, 3, relu}, Flatten{}};
  const auto seen = io::extract(base, class_pictures({"a", "b"})).in_memory();
  const auto unseen =
      io::extract(base, class_pictures({"a", "b"}, {.preprocessing = Preprocessing::caffe})).in_memory();
  Sequential<float> head{base.output_shape(), Dense{2, softmax}};
  Trainer trainer{head, SGD{}, SparseCategoricalCrossentropy{}};
  CHECK_THROWS_WITH(trainer.fit(seen, {.batch = 3, .validation = unseen}),
                    Contains("preprocessing caffe instead of unit_rgb"));
  // The model that gets both is saved with the way of its pictures; the head alone takes none.
  trainer.fit(seen, {.batch = 3});
  const TemporaryFolder folder;
  io::save_model(trainer, folder / "head", seen);
  CHECK_FALSE(io::load_model(folder / "head").info.input);
}

TEST_CASE("another number of classes than the model tells apart is refused before the first step",
          "[train][same_data]") {
  const auto three = class_pictures({"a", "b", "c"});
  Sequential<float> five = class_network(5);
  Trainer trainer{five, SGD{}, SparseCategoricalCrossentropy{}};
  CHECK_THROWS_WITH(trainer.fit(three, {.batch = 3}),
                    Contains("fit: the data have 3 classes, \"a\", \"b\", \"c\", the model tells 5 apart"));
  CHECK(trainer.steps() == 0);
}

TEST_CASE("a run that goes on compares all its classes, however many there are", "[train][same_data]") {
  std::vector<std::string> names;
  for (char c = 'a'; c <= 'l'; ++c) names.push_back(std::string(1, c));
  Sequential<float> model = class_network(12);
  const auto optimizer = detail::make_optimizer<float, Cpu>(SGD{});
  const auto loss = detail::make_loss<float, Cpu>(SparseCategoricalCrossentropy{});
  const auto identity = [&] {
    return detail::run_identity(Cpu(1), model, *optimizer, *loss, class_pictures(names), FitOptions{}, 3, 2,
                                detail::UpdateRules({}));
  };
  const auto before = identity();
  std::swap(names[10], names[11]);
  CHECK(identity() != before);
}
