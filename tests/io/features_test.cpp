// SPDX-License-Identifier: MIT
#include "brindle/io/features.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/pictures.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

data::Pictures pictures_of_features(Preprocessing preprocessing = Preprocessing::unit_rgb, int change = 0) {
  data::Pictures::Parts p;
  p.pixels = Tensor<std::uint8_t>(Shape{7, 8, 8, 3});
  for (std::int64_t i = 0; i < p.pixels.size(); ++i) p.pixels[i] = static_cast<std::uint8_t>(i * 37 % 256);
  p.pixels[5] = static_cast<std::uint8_t>(p.pixels[5] + change);
  p.classes = {0, 1, 0, 1, 1, 0, 1};
  p.class_names = {"cat", "dog"};
  p.preprocessing = preprocessing;
  return data::Pictures(std::move(p));
}

Sequential<float> network_of_features() {
  return Sequential<float>{{8, 8, 3}, Conv2D{4, 3, relu}, MaxPool2D{2}, Dropout{0.5}, Flatten{}};
}

Tensor<float> predicted(const Sequential<float>& model, const data::Source& source) {
  Tensor<float> x(source.sample_shape().batch(source.size()));
  source.read(Cpu(1), io::detail::rows_of(0, source.size()), x.view());
  return model.predict(x);
}

}  // namespace

TEST_CASE("features are what the model predicts for each sample, with the labels", "[io][features]") {
  const auto model = network_of_features();
  const auto photos = pictures_of_features();
  io::Features features = io::extract(model, photos, {.batch = 3});
  CHECK(same_bits(features.x, predicted(model, photos)));
  CHECK_FALSE(features.from_cache);
  CHECK(features.note.empty());
  const data::InMemory source = std::move(features).in_memory();
  CHECK(source.size() == 7);
  CHECK(source.sample_shape() == Shape{36});
  CHECK(source.labels()[1] == 1);
  CHECK(source.class_names()[1] == "dog");
  const auto other = Sequential<float>{{9, 8, 3}, Flatten{}};
  CHECK_THROWS_WITH(io::extract(other, photos), Contains("(9, 8, 3)") && Contains("(8, 8, 3)"));
}

TEST_CASE("features say how the pictures became samples, from the cache too", "[io][features]") {
  const TemporaryFolder folder;
  const auto model = network_of_features();
  data::Pictures::Parts parts;
  parts.pixels = Tensor<std::uint8_t>(Shape{2, 8, 8, 3});
  parts.classes = {0, 1};
  parts.class_names = {"cat", "dog"};
  parts.input = PictureInput{.size = {8, 8}, .interpolation = image::Interpolation::bilinear};
  const data::Pictures photos(std::move(parts));
  for (int run = 0; run < 2; ++run) {
    io::Features features = io::extract(model, photos, {.cache = folder / "f.safetensors"});
    CHECK(features.from_cache == (run == 1));
    CHECK(features.picture_input == photos.picture_input());
    CHECK(std::move(features).in_memory().picture_input() == photos.picture_input());
  }
  // Others resized in another way are other features, even of the same bytes.
  data::Pictures::Parts other;
  other.pixels = Tensor<std::uint8_t>(Shape{2, 8, 8, 3});
  other.classes = {0, 1};
  other.class_names = {"cat", "dog"};
  other.input = PictureInput{.size = {8, 8}};
  CHECK_FALSE(io::extract(model, data::Pictures(std::move(other)), {.cache = folder / "f.safetensors"}).from_cache);
}

TEST_CASE("a second run reads its features from the cache, bit for bit", "[io][features]") {
  const TemporaryFolder folder;
  const auto model = network_of_features();
  const auto photos = pictures_of_features();
  const io::ExtractOptions options{.cache = folder / "f.safetensors"};
  const io::Features first = io::extract(model, photos, options);
  CHECK_FALSE(first.from_cache);
  const io::Features second = io::extract(model, photos, options);
  CHECK(second.from_cache);
  CHECK(second.note.empty());
  CHECK(same_bits(first.x, second.x));
}

TEST_CASE("a cache of other weights, pictures or preprocessing is not used but replaced", "[io][features]") {
  const TemporaryFolder folder;
  auto model = network_of_features();
  const io::ExtractOptions options{.cache = folder / "f.safetensors"};
  io::extract(model, pictures_of_features(), options);
  const auto check_anew = [&](const data::Pictures& photos) {
    const io::Features features = io::extract(model, photos, options);
    CHECK_FALSE(features.from_cache);
    CHECK_THAT(features.note, Contains("f.safetensors") && Contains("anew"));
    CHECK(same_bits(features.x, predicted(model, photos)));
    CHECK(io::extract(model, photos, options).from_cache);
  };
  check_anew(pictures_of_features(Preprocessing::unit_rgb, 1));
  check_anew(pictures_of_features(Preprocessing::minus_one_to_one));
  check_anew(pictures_of_features(Preprocessing::caffe));
  float& weight = model.layers()[0]->parameters()[0].value[7];
  weight = -weight;
  check_anew(pictures_of_features(Preprocessing::caffe));
}

TEST_CASE("features are kept for what the layers read, and by a row's name of before there were graphs",
          "[io][features]") {
  const TemporaryFolder folder;
  const auto photos = pictures_of_features();
  const io::ExtractOptions options{.cache = folder / "f.safetensors"};
  const auto summed = [](bool input) {
    return Model<float>{{8, 8, 3}, [&](auto x) {
                          auto y = x.then(Conv2D{3, 1, relu}), z = y.then(Conv2D{3, 1});
                          return (input ? z + x : z + y).then(Flatten{});
                        }};
  };
  const io::Features first = io::extract(summed(true), photos, options);
  CHECK(io::extract(summed(true), photos, options).from_cache);
  const io::Features other = io::extract(summed(false), photos, options);
  CHECK_FALSE(other.from_cache);
  CHECK_FALSE(same_bits(first.x, other.x));

  Sequential<float> row = network_of_features();
  for (auto& p : row.layers()[0]->parameters())
    for (float& w : p.value.span()) w = 0.25f;
  io::detail::ContentHash hash;
  io::detail::add_model(row, hash);
  CHECK(hash.text() == "799836c0ea6a8e242dcab1503abfe4a8");  // as it was then
}

TEST_CASE("features of samples that are no pictures are cached by their values", "[io][features]") {
  const TemporaryFolder folder;
  const auto model = network_of_features();
  const auto samples = [](float change) {
    Tensor<float> x = random_tensor<float>({5, 8, 8, 3}, 3);
    x[900] += change;  // in the last batch
    return data::InMemory(std::move(x), Tensor<float>({5, 1}));
  };
  const io::ExtractOptions options{.batch = 2, .cache = folder / "f.safetensors"};
  const io::Features first = io::extract(model, samples(0), options);
  CHECK(io::extract(model, samples(0), options).from_cache);
  CHECK_FALSE(io::extract(model, samples(1), options).from_cache);
  CHECK(same_bits(io::extract(model, samples(0), options).x, first.x));
  CHECK_THROWS_WITH(io::extract(model, samples(0), {.batch = 0}), Contains("batch must be at least 1, got 0"));
}

TEST_CASE("a damaged cache is computed anew and replaced", "[io][features]") {
  const TemporaryFolder folder;
  const auto model = network_of_features();
  const auto photos = pictures_of_features();
  const auto path = folder / "f.safetensors";
  const Tensor<float> expected = predicted(model, photos);
  io::extract(model, photos, {.cache = path});
  const auto size = std::filesystem::file_size(path);
  for (const std::uintmax_t at : {std::uintmax_t{3}, std::uintmax_t{40}, size - 5}) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file.put('\x7E');
    file.close();
    const io::Features features = io::extract(model, photos, {.cache = path});
    CHECK_FALSE(features.from_cache);
    CHECK_FALSE(features.note.empty());
    CHECK(same_bits(features.x, expected));
    CHECK(io::extract(model, photos, {.cache = path}).from_cache);
  }
  std::filesystem::resize_file(path, size / 2);
  CHECK_FALSE(io::extract(model, photos, {.cache = path}).from_cache);
  const io::Features nowhere = io::extract(model, photos, {.cache = folder / "none" / "f.safetensors"});
  CHECK_THAT(nowhere.note, Contains("none"));
}
