// SPDX-License-Identifier: MIT
#include "brindle/nn/resized.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "brindle/models/mobilenet_v2.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/testing.hpp"
#include "support/double_models.hpp"

using namespace brindle;

namespace {

Model<double> small_network(std::int64_t side) {
  Model<double> model{{side, side, 3}, [](auto x) {
                        auto y = x.then(Conv2D{4, 3, relu}.named("first"));
                        auto z = y.then(Conv2D{4, 3, relu, 1, Padding::same}, BatchNormalization{});
                        return (y + z).then(GlobalAveragePooling2D{}, Dense{2, softmax});
                      }};
  model.set_name("net");
  model.initialize(7);
  return model;
}

bool same_bits(const Tensor<double>& a, const Tensor<double>& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * 8) == 0;
}

}  // namespace

TEST_CASE("a resized model is the model of that size with the same weights", "[nn][resized]") {
  const Model<double> small = small_network(9);
  const Model<double> large = resized(small, {17, 13, 3});
  CHECK(large.input_shape() == Shape{17, 13, 3});
  CHECK(large.name() == "net");

  Model<double> expected{{17, 13, 3}, [](auto x) {
                           auto y = x.then(Conv2D{4, 3, relu}.named("first"));
                           auto z = y.then(Conv2D{4, 3, relu, 1, Padding::same}, BatchNormalization{});
                           return (y + z).then(GlobalAveragePooling2D{}, Dense{2, softmax});
                         }};
  expected.initialize(7);
  const Tensor<double> x = testing::random_tensor<double>({3, 17, 13, 3}, 1);
  CHECK(same_bits(large.predict(x), expected.predict(x)));
}

TEST_CASE("a resized model has weights of its own, and the model's names, groups and frozen layers", "[nn][resized]") {
  Model<float> model{{64, 64, 3}, [](auto x) {
                       return x.then(models::mobilenet_v2<float>(Cpu(), Shape{64, 64, 3}, {.alpha = 0.35}),
                                     GlobalAveragePooling2D{}, Dense{3, softmax});
                     }};
  const std::string base = model.groups().front().name;
  model.set_trainable(base, false);
  model.set_inference(base, true);
  Model<float> other = resized(model, {96, 96, 3});
  REQUIRE(other.layers().size() == model.layers().size());
  REQUIRE(other.groups().size() == model.groups().size());
  CHECK(other.groups().front().name == base);
  CHECK(other.groups().front().end == model.groups().front().end);
  CHECK(other.groups().front().inference);
  CHECK(other.trainable_parameter_count() == model.trainable_parameter_count());
  CHECK(other.parameter_count() == model.parameter_count());
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    CHECK(other.layers()[i]->name == model.layers()[i]->name);
    CHECK(other.layers()[i]->inference == model.layers()[i]->inference);
    CHECK(other.inputs(i) == model.inputs(i));
  }
  const float before = model.layers().back()->parameters()[0].value[0];
  other.layers().back()->parameters()[0].value[0] = before + 1;
  CHECK(model.layers().back()->parameters()[0].value[0] == before);
}

TEST_CASE("weights that depend on the size of a picture are refused, with what to write instead", "[nn][resized]") {
  const Sequential<float> model{{8, 8, 3}, Conv2D{4, 3, relu}, Flatten{}, Dense{2, softmax}};
  CHECK_THROWS_WITH(
      resized(model, Shape{12, 12, 3}),
      "resized: Dense \"dense\" has a kernel of (144, 2), for samples of (12, 12, 3) it needs (400, 2): put "
      "GlobalAveragePooling2D in the place of Flatten in front of it");
  CHECK_THROWS_AS(resized(model, Shape{2, 2, 3}), ShapeError);
  CHECK_THROWS_AS(resized(model, Shape{8, 8, 1}), ShapeError);
}
