// SPDX-License-Identifier: MIT
#include "brindle/models/efficientnet_lite0.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/io/npz.hpp"
#include "brindle/io/safetensors.hpp"
#include "brindle/models/pretrained_efficientnet_lite0.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/train/trainer.hpp"
#include "support/real_weights.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

TEST_CASE("EfficientNet-Lite0 has the published sizes", "[models][efficientnet]") {
  const auto base = models::efficientnet_lite0<float>(Shape{64, 96, 3});
  CHECK(base.parameter_count() == 3413024);
  CHECK(base.output_shape() == Shape{1280});
  CHECK(base.name() == "efficientnet_lite0");
  CHECK(base.output_shape(base.layers().size() - 2) == Shape{2, 3, 1280});
  CHECK(base.layer("block3b_dwconv").parameters()[0].value.shape() == Shape{5, 5, 240, 1});
  const auto whole = models::efficientnet_lite0<float>(Shape{224, 224, 3}, {.include_top = true});
  CHECK(whole.parameter_count() == 4694024);
  CHECK(whole.trainable_parameter_count() == 4652008);
  CHECK_THROWS_WITH(models::efficientnet_lite0<float>(Shape{16, 64, 3}), Contains("at least 32x32, got (16, 64, 3)"));
}

TEST_CASE("EfficientNet-Lite0 with its real weights gives what PyTorch gives", "[models][efficientnet][real]") {
  const auto weights = real_weights("efficientnet_lite0.safetensors"), golden = real_weights("small_nets_golden.npz");
  if (weights.empty() || golden.empty()) return;
  io::NpzFile npz(golden.string());
  const auto levels = npz.read<std::uint8_t>("x_uint8");
  Tensor<float> x(levels.shape());
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = (static_cast<float>(levels[i]) - 127.0f) / 128.0f;
  const auto base = models::efficientnet_lite0<float>(weights, {224, 224, 3});
  check_close("features", base.predict(x), npz.read<float>("efficientnet_lite0.features"), 1e-5, 0);
  const auto whole = models::efficientnet_lite0<float>(weights, {224, 224, 3}, {.include_top = true});
  check_close("probabilities", whole.predict(x), npz.read<float>("efficientnet_lite0.probabilities"), 1e-5, 0);
}

TEST_CASE("EfficientNet-Lite0 trains behind a head, frozen and free", "[models][efficientnet]") {
  Sequential<float> model{models::efficientnet_lite0<float>(Cpu{2}, Shape{32, 32, 3}), Dense{1, sigmoid}};
  REQUIRE(model.groups().size() == 1);
  const auto x = random_tensor<float>({4, 32, 32, 3}, 1);
  Tensor<float> y({4, 1});
  y[0] = y[2] = 1;
  for (const bool free : {false, true}) {
    model.set_trainable("efficientnet_lite0", free);
    const Tensor<float> before = model.layer("stem_conv").parameters()[0].value.clone();
    const Tensor<float> mean = model.layer("stem_bn").parameters()[2].value.clone();
    Trainer trainer{model, SGD{.learning_rate = 0.01}, BinaryCrossentropy{}};
    const double first = trainer.train_on_batch(x, y).loss;
    CHECK(std::isfinite(first));
    CHECK(same_bits(model.layer("stem_conv").parameters()[0].value, before) != free);
    CHECK(same_bits(model.layer("stem_bn").parameters()[2].value, mean) != free);
  }
}

TEST_CASE("a file that is not of EfficientNet-Lite0 is refused with what does not fit", "[models][efficientnet]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "stem.safetensors";
  const Tensor<float> stem({32, 3, 3, 3}), other({4});
  const std::vector<io::SafetensorsEntry> entries{
      {"_conv_stem.weight", "F32", stem.shape(), stem.data(), static_cast<std::int64_t>(stem.bytes())},
      {"_other.weight", "F32", other.shape(), other.data(), static_cast<std::int64_t>(other.bytes())}};
  io::write_safetensors(path, entries);
  CHECK_THROWS_WITH(models::efficientnet_lite0<float>(path, {64, 64, 3}), Contains("missing: layer \"stem_bn\""));
  CHECK_THROWS_WITH(models::efficientnet_lite0<float>(path, {64, 64, 1}),
                    Contains("its weights want pictures of 3 channels (RGB), got input (64, 64, 1)"));
}
