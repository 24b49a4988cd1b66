// SPDX-License-Identifier: MIT
#include <brindle/io/safetensors.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "brindle/io/load_weights.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/models/pretrained_vgg16.hpp"
#include "brindle/models/vgg16.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/real_weights.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("the real VGG16 weights load by name", "[models][vgg16][real]") {
  const auto path = real_weights("vgg16_notop.safetensors");
  if (path.empty()) return;
  const auto model = models::vgg16<float>(path, {32, 32, 3});
  const auto& conv = model.layer("block1_conv1").parameters();
  CHECK(conv[0].value[0] == 0.42947057f);
  CHECK(conv[0].value[1] == 0.11727387f);
  CHECK(conv[0].value[64] == 0.55037946f);
  CHECK(conv[1].value[0] == 0.73429835f);
}

TEST_CASE("VGG16 with weights of a file has those of the file, its top included", "[models][vgg16]") {
  const TemporaryFolder folder;
  const models::VGG16Options thin{.filters = {2, 2, 2, 2, 2}, .classes = 3};
  const auto random = models::vgg16<float>({32, 32, 3}, thin);
  io::save_model(random, folder / "thin.safetensors");
  const auto model = models::vgg16<float>(folder / "thin.safetensors", {64, 32, 3}, thin);
  CHECK(model.input_shape() == Shape{64, 32, 3});
  for (std::size_t i = 0; i < model.layers().size(); ++i)
    for (std::size_t p = 0; p < model.layers()[i]->parameters().size(); ++p)
      CHECK(same_bits(model.layers()[i]->parameters()[p].value, random.layers()[i]->parameters()[p].value));
  models::VGG16Options with_top = thin;
  with_top.include_top = true;
  CHECK_THROWS_WITH(models::vgg16<float>((folder / "thin.safetensors").string(), {64, 32, 3}, with_top),
                    Contains("missing: layer \"fc1\""));
}

TEST_CASE("VGG16's weights for other channels, sizes or classes are refused with what to do", "[models][vgg16]") {
  const TemporaryFolder folder;
  const models::VGG16Options thin{.filters = {2, 2, 2, 2, 2}, .include_top = true, .classes = 3};
  const std::string path = (folder / "thin.safetensors").string();
  io::save_model(models::vgg16<float>({32, 32, 3}, thin), path);
  models::VGG16Options without = thin;
  without.include_top = false;
  CHECK_THROWS_WITH(
      models::vgg16<float>(path, {64, 64, 1}, without),
      StartsWith(path + ": vgg16: its weights want pictures of 3 channels (RGB), got input (64, 64, 1)") &&
          Contains("read grey pictures as RGB") && Contains("make the input (64, 64, 3)"));
  CHECK_THROWS_WITH(models::vgg16<float>(path, {64, 64, 4}, without),
                    Contains("want pictures of 3 channels") && Contains("make the input (64, 64, 3)"));
  CHECK_THROWS_WITH(models::vgg16<float>(path, {64, 64, 3}, thin),
                    Contains("its top (fc1) wants 2 features") && Contains(".include_top = false"));
  models::VGG16Options classes = thin;
  classes.classes = 5;
  CHECK_THROWS_WITH(models::vgg16<float>(path, {32, 32, 3}, classes),
                    Contains("its top has 3 classes, got .classes = 5"));
  CHECK_THROWS_WITH(models::vgg16<float>(path, {32, 32, 3}, without),
                    Contains("surplus: layer \"fc1\"") && Contains("make the model with .include_top = true") &&
                        Contains("{.skip_mismatch = true}"));
  auto base = models::vgg16<float>({64, 64, 3}, without);
  CHECK(io::load_weights(base, path, {.skip_mismatch = true}) ==
        std::vector<std::string>{"surplus: layer \"fc1\"", "surplus: layer \"fc2\"", "surplus: layer \"predictions\""});

  // Weights for one channel are those of a file, too.
  io::save_model(models::vgg16<float>({32, 32, 1}, without), path);
  CHECK(models::vgg16<float>(path, {32, 32, 1}, without).input_shape() == Shape{32, 32, 1});
  CHECK_THROWS_WITH(models::vgg16<float>(path, {32, 32, 3}, without), Contains("want pictures of 1 channels"));
  CHECK_THROWS_WITH(models::vgg16<float>(path, {32, 32, 1}, thin),
                    Contains("the file has no top") && Contains(".include_top = false"));
}

TEST_CASE("weights that do not fit a model give one error that lists all, and change nothing", "[io][load_weights]") {
  const TemporaryFolder folder;
  const auto path = folder / "w.safetensors";
  Sequential<float> model{{4}, Dense{.units = 3, .name = "a"}, Dense{.units = 2, .name = "b"}};
  const Tensor<float> before = model.layer("a").parameters()[0].value.clone();
  const Tensor<float> values({64});
  const auto entry = [&](const std::string& name, const Shape& shape) {
    return io::SafetensorsEntry{name, "F32", shape, values.data(), shape.size() * 4};
  };
  io::write_safetensors(path, std::vector{entry("a/kernel", {4, 3}), entry("a/bias", {4}), entry("c/kernel", {2, 2})});
  CHECK_THROWS_WITH(io::load_weights(model, path),
                    Contains(path.string()) && Contains("shape: \"a/bias\" is (4), layer \"a\" needs (3)") &&
                        Contains("missing: layer \"b\"") && Contains("surplus: layer \"c\""));
  CHECK(same_bits(before, model.layer("a").parameters()[0].value));
  io::write_safetensors(path, std::vector{entry("a/kernel:0", {4, 3}), entry("a/bias:0", {3}),
                                          entry("b/kernel:0", {3, 2}), entry("b/bias:0", {2})});
  io::load_weights(model, path);
  for (const float v : model.layer("a").parameters()[0].value.span()) CHECK(v == 0);
  CHECK_THROWS_WITH(io::load_weights(model, folder / "w.bin"), Contains(".safetensors"));
}
