// SPDX-License-Identifier: MIT
// Bases with weights in the names of torchvision and timm.
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

#include "brindle/io/safetensors.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/models/pretrained.hpp"
#include "support/base.hpp"
#include "support/real_weights.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;
using Catch::StartsWith;
using models::MobileNetV2Variant;
using models::ResNetVariant;
using models::VGG16Variant;

TEST_CASE("EfficientNet-Lite0 with timm's names gives what timm's tf_efficientnet_lite0 gives", "[models][torch]") {
  check_base_golden("timm_bases.npz", "timm_efficientnet_lite0", {50, 71, 3}, 0.9,
                    [](const std::filesystem::path& path, const Shape& input, bool top) {
                      return models::efficientnet_lite0<float>(path, input, {.include_top = top, .classes = 7});
                    });
}

TEST_CASE("MobileNetV2 with torchvision's names, or timm's, gives what they give", "[models][torch]") {
  check_base_golden(
      "timm_bases.npz", "torchvision_mobilenet_v2", {50, 71, 3}, 0.9,
      [](const std::filesystem::path& path, const Shape& input, bool top) {
        return models::mobilenet_v2<float>(
            path, input, {.variant = MobileNetV2Variant::torchvision, .alpha = 0.75, .include_top = top, .classes = 7});
      });
  check_base_golden("timm_bases.npz", "timm_mobilenet_v2", {50, 71, 3}, 0.9,
                    [](const std::filesystem::path& path, const Shape& input, bool top) {
                      return models::mobilenet_v2<float>(
                          path, input,
                          {.variant = MobileNetV2Variant::torchvision, .alpha = 0.5, .include_top = top, .classes = 7});
                    });
}

TEST_CASE("residual networks with timm's names give what timm gives", "[models][torch]") {
  check_base_golden("timm_bases.npz", "timm_resnet18", {45, 64, 3}, 0.9,
                    [](const std::filesystem::path& path, const Shape& input, bool top) {
                      return models::resnet18<float>(path, input, {.include_top = top, .classes = 7});
                    });
  check_base_golden("timm_bases.npz", "timm_resnet50", {45, 64, 3}, 0.9,
                    [](const std::filesystem::path& path, const Shape& input, bool top) {
                      return models::resnet50<float>(
                          path, input, {.variant = ResNetVariant::torchvision, .include_top = top, .classes = 7});
                    });
}

TEST_CASE("VGG16 with torchvision's names gives what torchvision gives, and its top behind a Flatten",
          "[models][torch]") {
  check_base_golden(
      "timm_bases.npz", "torchvision_vgg16", {64, 64, 3}, 0.9,
      [](const std::filesystem::path& path, const Shape& input, bool top) {
        // What brindle saved has a top or none.
        return models::vgg16<float>(
            path, input,
            {.filters = {4, 4, 6, 8, 8}, .include_top = top, .classes = 7, .variant = VGG16Variant::torchvision});
      });
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "made.safetensors";
  BaseTable("torchvision_vgg16").write(path, 1);
  models::VGG16Options options{.filters = {4, 4, 6, 8, 8}, .include_top = true, .classes = 7};
  CHECK_THROWS_WITH(models::vgg16<float>(path, {64, 64, 3}, options),
                    StartsWith(path.string() + ": vgg16: its tensors are named as in PyTorch") &&
                        Contains("ask for .variant = VGG16Variant::torchvision"));
  options.variant = VGG16Variant::torchvision;
  CHECK_THROWS_WITH(models::vgg16<float>(path, {96, 64, 3}, options),
                    Contains("its top (fc1) wants 32 features") && Contains("which gives 48"));
  const std::string keras = std::string(BRINDLE_GOLDENS) + "/weights/tiny_vgg_keras2_notop.h5";
  CHECK_THROWS_WITH(
      models::vgg16<float>(keras, {32, 32, 3}, options),
      StartsWith(keras + ": vgg16: is a file of Keras's") && Contains("ask for .variant = VGG16Variant::keras"));
}

TEST_CASE("MobileNetV2 has torchvision's sizes in torchvision's variant", "[models][torch]") {
  const models::MobileNetV2Options options{.variant = MobileNetV2Variant::torchvision, .include_top = true};
  const auto model = models::mobilenet_v2<float>(Shape{224, 224, 3}, options);
  CHECK(model.trainable_parameter_count() == 3'504'872);
  CHECK(model.layers()[0]->name == "features.0.0");
  CHECK(models::mobilenet_v2<float>(Shape{33, 65, 3}, {.variant = MobileNetV2Variant::torchvision}).output_shape() ==
        Shape{2, 3, 1280});
}

TEST_CASE("a file by the other house is refused, and says which variant to ask for", "[models][torch]") {
  const TemporaryFolder folder;
  const std::string path = (folder / "made.safetensors").string();
  BaseTable("torchvision_mobilenet_v2").write(path, 1);
  CHECK_THROWS_WITH(models::mobilenet_v2<float>(path, {32, 32, 3}, {}),
                    StartsWith(path + ": mobilenet_v2: its tensors are named as in PyTorch; ask for .variant = "
                                      "MobileNetV2Variant::torchvision"));
  CHECK_THROWS_WITH(models::mobilenet_v2<float>(path, {32, 32, 3}, {.variant = MobileNetV2Variant::torchvision}),
                    Contains("its first layer has 24 filters, the one asked for 32; make .alpha that of the file"));
  CHECK_THROWS_WITH(models::efficientnet_lite0<float>(path, {32, 32, 3}),
                    StartsWith(path + ": efficientnet_lite0: it has no tensor \"_conv_stem.weight\" or "
                                      "\"conv_stem.weight\", the first of this network by the names that are known") &&
                        Contains("\"classifier.1.bias\""));
  // The first module of another network has the name; the others tell.
  CHECK_THROWS_WITH(models::vgg16<float>(path, {32, 32, 3}, {.variant = VGG16Variant::torchvision}),
                    Contains("missing: layer \"block1_conv1\""));
  BaseTable("timm_mobilenet_v2").write(path, 1);
  CHECK_THROWS_WITH(models::efficientnet_lite0<float>(path, {32, 32, 3}), Contains("its weights do not fit the model"));
  BaseTable("mobilenet_v2").write(path, 1);
  CHECK_THROWS_WITH(models::mobilenet_v2<float>(path, {32, 32, 3}, {.variant = MobileNetV2Variant::torchvision}),
                    StartsWith(path + ": mobilenet_v2: its layers are named as in Keras; ask for .variant = "
                                      "MobileNetV2Variant::keras"));
}
