// SPDX-License-Identifier: MIT
#include "brindle/data/augmented.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "brindle/data/pictures.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/train/trainer.hpp"
#include "support/double_models.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

data::Pictures pictures(std::int64_t n, std::int64_t side = 24) {
  data::Pictures::Parts p;
  p.pixels = converted<std::uint8_t>(random_tensor<double>({n, side, side, 3}, 5, 0, 256));
  for (std::int64_t i = 0; i < n; ++i) p.classes.push_back(i % 2);
  p.class_names = {"cat", "dog"};
  return data::Pictures(std::move(p));
}

const Augment settings{.rotation = 50,
                       .width_shift = 0.2,
                       .height_shift = 0.2,
                       .shear = 0.2,
                       .zoom = 0.3,
                       .flip_horizontal = true,
                       .brightness = {0.8, 1.2},
                       .channel_shift = 10};

Tensor<float> read(const data::Source& source, const std::vector<data::Draw>& draws, int threads = 2) {
  Tensor<float> x = unwritten<float>(source.sample_shape().batch(static_cast<std::int64_t>(draws.size())));
  source.read(Cpu(threads), draws, x.view());
  return x;
}

std::vector<data::Draw> uses(std::int64_t n, std::uint64_t first) {
  std::vector<data::Draw> draws;
  for (std::int64_t i = 0; i < n; ++i) draws.push_back({i * 7 % 11, first + static_cast<std::uint64_t>(i)});
  return draws;
}

}  // namespace

TEST_CASE("augmented pictures are the same on any number of threads", "[data][augmented]") {
  const data::Pictures photos = pictures(11);
  const data::Augmented augmented(photos, settings, {.seed = 4});
  const auto one = read(augmented, uses(40, 100), 1);
  CHECK(same_bits(one, read(augmented, uses(40, 100), 2)));
  CHECK(same_bits(one, read(augmented, uses(40, 100), 5)));
  CHECK(!same_bits(one, read(augmented, uses(40, 101), 1)));
  CHECK(!same_bits(one, read(data::Augmented(photos, settings, {.seed = 5}), uses(40, 100), 1)));
}

TEST_CASE("a use of a picture is the same whatever is read with it", "[data][augmented]") {
  const data::Pictures photos = pictures(11);
  const data::Augmented augmented(photos, settings);
  const auto together = read(augmented, uses(12, 30));
  const std::int64_t n = augmented.sample_shape().size();
  for (std::int64_t i = 0; i < 12; ++i) {
    const auto alone = read(augmented, {uses(12, 30)[static_cast<std::size_t>(i)]});
    CHECK(std::memcmp(alone.data(), together.data() + i * n, alone.bytes()) == 0);
  }
}

TEST_CASE("a use can be done again from its draw", "[data][augmented]") {
  const data::Pictures photos = pictures(3);
  const data::Augmented augmented(photos, settings, {.seed = 9, .mean = {0.5, 0.4, 0.3}, .deviation = {0.2, 0.3, 0.4}});
  const auto x = read(augmented, {{2, 77}});
  Tensor<float> again(augmented.sample_shape());
  const AugmentDraw drawn = augmented.drawn(77);
  image::apply<float>(augmented.augment(), drawn, photos.pixels().slice(2, 3).reshape(photos.sample_shape()), again,
                      image::Standardize(3, 1.0 / 255.0, {0.5, 0.4, 0.3}, {0.2, 0.3, 0.4}));
  CHECK(std::memcmp(x.data(), again.data(), x.bytes()) == 0);
  CHECK(drawn != augmented.drawn(78));
}

TEST_CASE("without settings augmented pictures are the pictures", "[data][augmented]") {
  const data::Pictures photos = pictures(11);
  const data::Augmented augmented(photos, {});
  CHECK(same_bits(read(augmented, uses(11, 0)), read(photos, uses(11, 0))));
  CHECK(augmented.size() == 11);
  CHECK(augmented.labels()[1] == 1.0f);
  CHECK(augmented.class_names() == photos.class_names());
  CHECK(augmented.describe(3) == photos.describe(3));
  Tensor<double> x({2, 24, 24, 3});
  augmented.read(Cpu(1), uses(2, 0), x.view());
  CHECK(x[5] == static_cast<double>(read(photos, uses(2, 0))[5]));
}

TEST_CASE("augmented pictures refuse what they cannot give", "[data][augmented]") {
  const data::Pictures photos = pictures(3);
  CHECK_THROWS_WITH(data::Augmented(photos, {.rotation = -3}), Contains("rotation"));
  CHECK_THROWS_WITH(data::Augmented(photos, {}, {.mean = {1}}), Contains("mean for each of 3 channels"));
  const data::Augmented augmented(photos, settings);
  CHECK_THROWS_WITH(read(augmented, {{3, 0}}), Contains("no picture 3 of 3"));
  Tensor<float> x({1, 5, 5, 3});
  const std::vector<data::Draw> draws{{0, 0}};
  CHECK_THROWS_WITH(augmented.read(Cpu(1), draws, x.view()), Contains("(1, 24, 24, 3)") && Contains("(1, 5, 5, 3)"));
}

TEST_CASE("predictions of augmented pictures are averaged over uses that differ", "[data][augmented][train]") {
  const data::Pictures photos = pictures(7, 12);
  const data::Augmented augmented(photos, {.rotation = 90, .flip_horizontal = true}, {.seed = 4});
  Sequential<float> model{{12, 12, 3}, Flatten{}, Dense{2, softmax}};
  Trainer trainer{model, SGD{}, SparseCategoricalCrossentropy{}};
  const Tensor<float> means = trainer.predict_averaged(augmented, 3, 4);
  Tensor<float> expected({7, 2});
  bool differ = false;
  for (std::uint64_t time = 0; time < 3; ++time) {
    std::vector<data::Draw> draws;
    for (std::uint64_t row = 0; row < 7; ++row) draws.push_back({static_cast<std::int64_t>(row), row + 7 * time});
    const Tensor<float> y = model.predict(read(augmented, draws));
    for (std::int64_t i = 0; i < 14; ++i) {
      differ = differ || (time > 0 && y[i] != expected[i] * 3);
      expected[i] += y[i] / 3;
    }
  }
  CHECK(differ);
  for (std::int64_t i = 0; i < 14; ++i) CHECK(means[i] == Approx(expected[i]).epsilon(1e-5));
  CHECK(same_bits(trainer.predict_averaged(augmented, 1), trainer.predict(augmented)));
  CHECK_THROWS_WITH(trainer.predict_averaged(augmented, 0), Contains("predict_averaged: expected at least one use"));
}
