// SPDX-License-Identifier: MIT
#include "brindle/models/mobilenet_v1.hpp"

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

TEST_CASE("MobileNetV1 has the published sizes", "[models][mobilenet]") {
  const auto base = models::mobilenet_v1<float>(Shape{224, 224, 3});
  CHECK(base.parameter_count() == 3'228'864);
  CHECK(base.trainable_parameter_count() == 3'206'976);
  CHECK(base.output_shape() == Shape{7, 7, 1024});
  CHECK(base.name() == "mobilenet_v1");
  CHECK(models::mobilenet_v1<float>(Shape{224, 224, 3}, {.include_top = true}).parameter_count() == 4'253'864);
  CHECK(models::mobilenet_v1<float>(Shape{160, 96, 1}, {.alpha = 0.25}).output_shape() == Shape{5, 3, 256});
}

TEST_CASE("MobileNetV1 with Keras's names gives what Keras gives", "[models][mobilenet][golden]") {
  check_base_golden("keras_bases.npz", "mobilenet_v1", {65, 46, 3}, 1.1,
                    [](const std::filesystem::path& path, const Shape& input, bool top) {
                      return models::mobilenet_v1<float>(path, input, {.alpha = 0.3, .include_top = top, .classes = 7});
                    });
}

TEST_CASE("MobileNetV1 with its real weights gives what PyTorch gives", "[models][mobilenet][real]") {
  for (const double alpha : {0.25, 0.75}) {
    const std::string name = alpha < 0.5 ? "mobilenet_v1_0.25" : "mobilenet_v1_0.75";
    INFO(name);
    const auto weights = real_weights(name + "_224.safetensors"), golden = real_weights("small_nets_golden.npz");
    if (weights.empty() || golden.empty()) return;
    const io::NpzFile npz(golden.string());
    const Tensor<float> x = real_photos(golden, Preprocessing::minus_one_to_one);
    const auto whole = models::mobilenet_v1<float>(weights, {224, 224, 3}, {.alpha = alpha, .include_top = true});
    check_close("probabilities", whole.predict(x), npz.read<float>(name + ".probabilities"), 1e-5, 0);
    auto base = models::mobilenet_v1<float>(weights, {224, 224, 3}, {.alpha = alpha});
    base.add(GlobalAveragePooling2D{});
    check_close("features", base.predict(x), npz.read<float>(name + ".features"), 1e-5, 0);
  }
}

TEST_CASE("MobileNetV1 trains behind a head, frozen and free", "[models][mobilenet]") {
  check_base_trains(
      [](const Cpu& on) {
        return models::mobilenet_v1<float>(on, {32, 32, 3}, {.alpha = 0.1});
      },
      "conv_dw_3", "conv1_bn");
}

TEST_CASE("a MobileNetV1 that cannot be is refused", "[models][mobilenet]") {
  CHECK_THROWS_WITH(models::mobilenet_v1<float>(Shape{31, 64, 3}),
                    Contains("mobilenet_v1: expected pictures (H, W, C) of at least 32x32, got (31, 64, 3)"));
  CHECK_THROWS_WITH(models::mobilenet_v1<float>(Shape{64, 64, 3}, {.alpha = 0}), Contains("alpha must be above 0"));
  CHECK_THROWS_WITH(models::mobilenet_v1<float>(Shape{64, 64, 3}, {.alpha = 0.03}),
                    Contains("alpha 0.03 leaves none of 32 filters"));
  CHECK_THROWS_WITH(models::mobilenet_v1<float>(Shape{64, 64, 3}, {.include_top = true, .classes = 0}),
                    Contains("classes must be at least 1, got 0"));
}
