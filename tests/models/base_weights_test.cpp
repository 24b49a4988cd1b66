// SPDX-License-Identifier: MIT
#include "brindle/models/base_weights.hpp"

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
using Catch::StartsWith;
using models::ResNetVariant;

TEST_CASE("a base's file for other channels, widths or classes is refused with what to do", "[models]") {
  const TemporaryFolder folder;
  const std::string path = (folder / "made.safetensors").string();
  BaseTable("mobilenet_v1").write(path, 1);
  const models::MobileNetV1Options options{.alpha = 0.3, .include_top = true, .classes = 7};
  CHECK_THROWS_WITH(models::mobilenet_v1<float>(path, {32, 32, 1}, options),
                    StartsWith(path + ": mobilenet_v1: its weights want pictures of 3 channels (RGB), got input "
                                      "(32, 32, 1)") &&
                        Contains("read grey pictures as RGB") && Contains("make the input (32, 32, 3)"));
  models::MobileNetV1Options other = options;
  other.alpha = 0.5;
  CHECK_THROWS_WITH(models::mobilenet_v1<float>(path, {32, 32, 3}, other),
                    StartsWith(path + ": mobilenet_v1: its first layer has 9 filters, the one asked for 16; make "
                                      ".alpha that of the file"));
  other = options;
  other.classes = 8;
  CHECK_THROWS_WITH(models::mobilenet_v1<float>(path, {32, 32, 3}, other),
                    Contains("its top has 7 classes, got .classes = 8; ask for those, or for .include_top = false"));
  CHECK_THROWS_WITH(models::mobilenet_v1<float>("absent.h5", {32, 32, 3}), StartsWith("absent.h5: no such file"));
}

TEST_CASE("a base's file without a top, with gaps or of another base is refused by the tensors' names", "[models]") {
  const TemporaryFolder folder;
  const std::string path = (folder / "made.safetensors").string();
  const BaseTable table("mobilenet_v1");
  table.write(path, 1, "conv_preds");
  models::MobileNetV1Options options{.alpha = 0.3, .include_top = true, .classes = 7};
  CHECK_THROWS_WITH(models::mobilenet_v1<float>(path, {32, 32, 3}, options),
                    StartsWith(path + ": mobilenet_v1: the file has no top (\"conv_preds\"); ask for .include_top = "
                                      "false"));
  options.include_top = false;
  CHECK(models::mobilenet_v1<float>(path, {32, 32, 3}, options).output_shape() == Shape{1, 1, 307});

  table.write(path, 1, "conv_dw_7_bn/");
  CHECK_THROWS_WITH(models::mobilenet_v1<float>(path, {32, 32, 3}, options),
                    StartsWith(path + ":") && Contains("missing: layer \"conv_dw_7_bn\""));
  CHECK_THROWS_WITH(models::mobilenet_v2<float>(path, {32, 32, 3}, {.include_top = true}),
                    Contains("missing: layer \"Conv1\""));
  // A top is left where there is none, and nothing else is.
  io::save_model(Sequential<float>{models::mobilenet_v1<float>(Shape{32, 32, 3}, options), Flatten{},
                                   Dense{.units = 2, .name = "head"}},
                 path);
  CHECK_THROWS_WITH(models::mobilenet_v1<float>(path, {32, 32, 3}, options), Contains("surplus: layer \"head\""));
}

TEST_CASE("torchvision's files are read by torchvision's bases alone, and Keras's by Keras's", "[models]") {
  const TemporaryFolder folder;
  const std::string path = (folder / "made.safetensors").string();
  BaseTable("torchvision_resnet50").write(path, 1);
  const models::ResNet50Options torch{.variant = ResNetVariant::torchvision, .include_top = true, .classes = 7};
  CHECK_THROWS_WITH(models::resnet50<float>(path, {32, 32, 3}, {}),
                    StartsWith(path + ": resnet50: its tensors are named as in PyTorch; ask for .variant = "
                                      "ResNetVariant::torchvision"));
  models::ResNet50Options other = torch;
  other.classes = 1000;
  CHECK_THROWS_WITH(models::resnet50<float>(path, {32, 32, 3}, other), Contains("its top has 7 classes"));
  other = torch;
  other.width = 32;
  CHECK_THROWS_WITH(models::resnet50<float>(path, {32, 32, 3}, other),
                    Contains("its first layer has 64 filters, the one asked for 32; make .width"));
  CHECK_THROWS_WITH(models::resnet50<float>(path, {32, 32, 4}, torch), Contains("make the input (32, 32, 3)"));
  CHECK_THROWS_WITH(models::resnet18<float>(path, {32, 32, 3}),
                    Contains("its weights do not fit the model") && Contains("layer1.0.conv1.weight"));
  CHECK_THROWS_WITH(models::mobilenet_v1<float>(path, {32, 32, 3}),
                    Contains("mobilenet_v1: its tensors are named as in PyTorch; this base reads files of Keras"));
  BaseTable("torchvision_resnet50").write(path, 1, "fc.");
  CHECK_THROWS_WITH(models::resnet50<float>(path, {32, 32, 3}, torch), Contains("the file has no top (\"fc\")"));
  BaseTable("resnet50").write(path, 1);
  CHECK_THROWS_WITH(models::resnet50<float>(path, {32, 32, 3}, torch),
                    StartsWith(path + ": resnet50: its layers are named as in Keras; ask for .variant = "
                                      "ResNetVariant::keras"));
}
