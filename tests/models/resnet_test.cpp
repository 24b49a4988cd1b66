// SPDX-License-Identifier: MIT
#include "brindle/models/resnet.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

#include "brindle/io/npz.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/models/pretrained.hpp"
#include "support/base.hpp"
#include "support/real_weights.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;
using models::ResNetVariant;

TEST_CASE("residual networks have the published sizes", "[models][resnet]") {
  const auto keras = models::resnet50<float>(Shape{64, 64, 3}, {.include_top = true});
  CHECK(keras.parameter_count() == 25'636'712);
  CHECK(keras.trainable_parameter_count() == 25'583'592);
  CHECK(keras.name() == "resnet50");
  const auto torch =
      models::resnet50<float>(Shape{64, 64, 3}, {.variant = ResNetVariant::torchvision, .include_top = true});
  CHECK(torch.trainable_parameter_count() == 25'557'032);
  CHECK(torch.parameter_count() == 25'557'032 + 53'120);
  const auto small = models::resnet18<float>(Shape{224, 224, 3}, {.include_top = true});
  CHECK(small.trainable_parameter_count() == 11'689'512);
  CHECK(small.parameter_count() == 11'689'512 + 9'600);
  CHECK(small.name() == "resnet18");
}

TEST_CASE("residual networks are as wide as asked for", "[models][resnet]") {
  const auto base = models::resnet50<float>(Shape{224, 97, 3}, {.width = 4});
  CHECK(base.output_shape() == Shape{7, 4, 128});
  CHECK(base.layer("conv1_conv").parameters()[0].value.shape() == Shape{7, 7, 3, 4});
  CHECK(models::resnet18<float>(Shape{224, 97, 1}, {.width = 4}).output_shape() == Shape{7, 4, 32});
}

TEST_CASE("ResNet50 with Keras's names gives what Keras gives", "[models][resnet][golden]") {
  check_base_golden("keras_bases.npz", "resnet50", {45, 64, 3}, 0.7,
                    [](const std::filesystem::path& path, const Shape& input, bool top) {
                      return models::resnet50<float>(path, input, {.include_top = top, .classes = 7});
                    });
}

TEST_CASE("residual networks with torchvision's names give what torchvision gives", "[models][resnet][golden]") {
  check_base_golden("torchvision_bases.npz", "torchvision_resnet50", {45, 64, 3}, 0.7,
                    [](const std::filesystem::path& path, const Shape& input, bool top) {
                      return models::resnet50<float>(
                          path, input, {.variant = ResNetVariant::torchvision, .include_top = top, .classes = 7});
                    });
  check_base_golden("torchvision_bases.npz", "resnet18", {45, 64, 3}, 0.7,
                    [](const std::filesystem::path& path, const Shape& input, bool top) {
                      return models::resnet18<float>(path, input, {.include_top = top, .classes = 7});
                    });
}

TEST_CASE("residual networks train behind a head, frozen and free", "[models][resnet]") {
  check_base_trains(
      [](const Cpu& on) {
        return models::resnet50<float>(on, {32, 33, 3}, {.width = 4});
      },
      "conv4_block1_0_conv", "conv1_bn");
  check_base_trains(
      [](const Cpu& on) {
        return models::resnet18<float>(on, {32, 33, 3}, {.width = 4});
      },
      "layer1.0.conv2", "layer2.0.downsample.1");
}

TEST_CASE("a residual network that cannot be is refused", "[models][resnet]") {
  CHECK_THROWS_WITH(models::resnet50<float>(Shape{64, 31, 3}),
                    Contains("resnet50: expected pictures (H, W, C) of at least 32x32, got (64, 31, 3)"));
  CHECK_THROWS_WITH(models::resnet18<float>(Shape{64, 64, 3}, {.width = 0}),
                    Contains("resnet18: width must be at least 1, got 0"));
}
