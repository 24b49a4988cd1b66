// SPDX-License-Identifier: MIT
#include "brindle/models/mobilenet_v2.hpp"

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

TEST_CASE("MobileNetV2 has the published sizes", "[models][mobilenet]") {
  const auto base = models::mobilenet_v2<float>(Shape{224, 224, 3});
  CHECK(base.parameter_count() == 2'257'984);
  CHECK(base.trainable_parameter_count() == 2'223'872);
  CHECK(base.output_shape() == Shape{7, 7, 1280});
  CHECK(base.name() == "mobilenet_v2");
  CHECK(models::mobilenet_v2<float>(Shape{224, 224, 3}, {.include_top = true}).parameter_count() == 3'538'984);
  // 24 alpha is 17.9, which Keras cuts to 17 before it rounds to a multiple of 8.
  const auto cut = models::mobilenet_v2<float>(Shape{32, 32, 3}, {.alpha = 0.746});
  CHECK(cut.layer("block_1_project").parameters()[0].value.shape().back() == 16);
  CHECK(models::mobilenet_v2<float>(Shape{97, 33, 3}, {.alpha = 0.35}).output_shape() == Shape{4, 2, 1280});
  CHECK(models::mobilenet_v2<float>(Shape{32, 32, 3}, {.alpha = 1.4}).output_shape() == Shape{1, 1, 1792});
}

TEST_CASE("MobileNetV2 with Keras's names gives what Keras gives", "[models][mobilenet][golden]") {
  check_base_golden("keras_bases.npz", "mobilenet_v2", {50, 71, 3}, 0.9,
                    [](const std::filesystem::path& path, const Shape& input, bool top) {
                      return models::mobilenet_v2<float>(path, input,
                                                         {.alpha = 0.35, .include_top = top, .classes = 7});
                    });
  check_base_golden("keras_bases.npz", "mobilenet_v2_wide", {32, 32, 3}, 0.9,
                    [](const std::filesystem::path& path, const Shape& input, bool top) {
                      return models::mobilenet_v2<float>(path, input, {.alpha = 1.3, .include_top = top, .classes = 7});
                    });
}

TEST_CASE("MobileNetV2 reads the weights of Keras's files", "[models][mobilenet][golden]") {
  for (const bool top : {false, true})
    for (const std::string file : {"small_mobilenet_v2.h5", "small_mobilenet_v2.keras"}) {
      INFO(file << (top ? " with its top" : ""));
      const auto model = models::mobilenet_v2<float>(std::filesystem::path(BRINDLE_GOLDENS) / "weights" / file,
                                                     {48, 32, 3}, {.alpha = 0.01, .include_top = top, .classes = 3});
      std::int64_t tensors = 0;
      for (const auto& layer : model.layers())
        for (const auto& p : layer->parameters()) {
          INFO(layer->name << "/" << p.name);
          CHECK(same_bits(p.value, made_weights(layer->name + "/" + p.name, p.value.shape(), 1)));
          ++tensors;
        }
      CHECK(tensors == (top ? 262 : 260));
    }
}

TEST_CASE("MobileNetV2 trains behind a head, frozen and free", "[models][mobilenet]") {
  check_base_trains(
      [](const Cpu& on) {
        return models::mobilenet_v2<float>(on, {32, 32, 3}, {.alpha = 0.1});
      },
      "block_5_expand", "block_2_depthwise_BN");
}

TEST_CASE("a MobileNetV2 that cannot be is refused", "[models][mobilenet]") {
  CHECK_THROWS_WITH(models::mobilenet_v2<float>(Shape{64, 16, 3}),
                    Contains("mobilenet_v2: expected pictures (H, W, C) of at least 32x32, got (64, 16, 3)"));
  CHECK_THROWS_WITH(models::mobilenet_v2<float>(Shape{64, 64, 3}, {.alpha = -1}),
                    Contains("alpha must be above 0 and at most 100, got -1"));
}
