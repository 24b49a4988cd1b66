// SPDX-License-Identifier: MIT
#include "brindle/models/squeezenet1_1.hpp"

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

TEST_CASE("SqueezeNet 1.1 has the published sizes", "[models][squeezenet]") {
  const auto base = models::squeezenet1_1<float>(Shape{224, 224, 3});
  CHECK(base.parameter_count() == 722'496);
  CHECK(base.output_shape() == Shape{13, 13, 512});
  CHECK(base.name() == "squeezenet1_1");
  CHECK(models::squeezenet1_1<float>(Shape{224, 224, 3}, {.include_top = true}).parameter_count() == 1'235'496);
  CHECK(models::squeezenet1_1<float>(Shape{32, 32, 3}).output_shape().back() == 512);
}

TEST_CASE("SqueezeNet 1.1 with torchvision's names gives what torchvision gives", "[models][squeezenet][golden]") {
  check_base_golden("torchvision_bases.npz", "squeezenet1_1", {50, 65, 3}, 1,
                    [](const std::filesystem::path& path, const Shape& input, bool top) {
                      return models::squeezenet1_1<float>(path, input, {.include_top = top, .classes = 7});
                    });
}

TEST_CASE("SqueezeNet 1.1 with its real weights gives what PyTorch gives", "[models][squeezenet][real]") {
  const auto weights = real_weights("squeezenet1_1_fp16.safetensors"), golden = real_weights("small_nets_golden.npz");
  if (weights.empty() || golden.empty()) return;
  const io::NpzFile npz(golden.string());
  const Tensor<float> x = real_photos(golden, Preprocessing::imagenet_mean_std);
  const auto whole = models::squeezenet1_1<float>(weights, {224, 224, 3}, {.include_top = true});
  check_close("probabilities", whole.predict(x), npz.read<float>("squeezenet1_1.probabilities"), 1e-5, 0);
  auto base = models::squeezenet1_1<float>(weights, {224, 224, 3});
  base.add(GlobalAveragePooling2D{});
  check_close("features", base.predict(x), npz.read<float>("squeezenet1_1.features"), 1e-5, 0);
}

TEST_CASE("SqueezeNet 1.1 trains behind a head, frozen and free", "[models][squeezenet]") {
  check_base_trains(
      [](const Cpu& on) {
        return models::squeezenet1_1<float>(on, {34, 32, 3});
      },
      "features.4.squeeze", "");
}

TEST_CASE("a SqueezeNet 1.1 that cannot be is refused", "[models][squeezenet]") {
  CHECK_THROWS_WITH(models::squeezenet1_1<float>(Shape{20, 64, 3}),
                    Contains("squeezenet1_1: expected pictures (H, W, C) of at least 32x32, got (20, 64, 3)"));
}
