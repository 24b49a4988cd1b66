// SPDX-License-Identifier: MIT
#include "brindle/models/vgg16.hpp"

#include <catch2/catch.hpp>

#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

TEST_CASE("VGG16 has Keras's names, shapes and parameters", "[models][vgg16]") {
  const auto model = models::vgg16<float>({150, 150, 3});
  CHECK(model.parameter_count() == 14'714'688);
  CHECK(model.layers().size() == 18);
  CHECK(model.output_shape() == Shape{4, 4, 512});
  CHECK(model.layer("block3_conv3").parameter_count() == 590'080);
  CHECK(model.layers()[17]->name == "block5_pool");
  CHECK(models::vgg16<float>({32, 50, 3}).output_shape() == Shape{1, 1, 512});
  CHECK_THROWS_WITH(models::vgg16<float>({31, 150, 3}), Contains("32x32") && Contains("(31, 150, 3)"));
}

TEST_CASE("a model is cut behind a layer and gets layers of the user's own", "[models][vgg16]") {
  auto base = models::vgg16<float>({32, 32, 3}).cut_after("block2_pool");
  CHECK(base.output_shape() == Shape{8, 8, 128});
  CHECK_THROWS_WITH(models::vgg16<float>({32, 32, 3}).cut_after("block9_pool"), Contains("block9_pool"));
  Sequential<float> model{std::move(base), Flatten{}, Dense{3, softmax}};
  CHECK(model.output_shape() == Shape{3});
  CHECK(model.groups().size() == 1);
  CHECK(model.groups()[0].name == "vgg16");
  model.set_trainable("vgg16", false);
  CHECK(model.trainable_parameter_count() == 8 * 8 * 128 * 3 + 3);
  CHECK_THROWS_WITH(model.set_trainable("vgg19", false), Contains("vgg19"));
  CHECK(model.predict(Tensor<float>({2, 32, 32, 3})).shape() == Shape{2, 3});
}
