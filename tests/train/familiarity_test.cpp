// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/in_memory.hpp"
#include "brindle/data/one_hot.hpp"
#include "brindle/io/saved_model.hpp"
#include "brindle/models/picture_classifier.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/familiarity_of.hpp"
#include "support/file_error.hpp"
#include "support/temporary_folder.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

data::InMemory familiar_pictures(std::int64_t count, std::uint64_t seed) {
  Tensor<float> labels({count, 1});
  for (std::int64_t i = 0; i < count; ++i) labels[i] = static_cast<float>(i % 5 == 0 ? 0 : i % 5 == 1 ? 1 : 2);
  Tensor<float> x = random_tensor<float>({count, 6, 6, 3}, seed);
  for (float& v : x.span()) v += 1;
  data::InMemory samples(std::move(x), std::move(labels), {"cat", "dog", "owl"});
  samples.set_picture_input(PictureInput{.size = {6, 6}});
  return samples;
}

Sequential<float> familiar_network() {
  return Sequential<float>{{6, 6, 3},    Conv2D{8, 3, relu}, BatchNormalization{}, GlobalAveragePooling2D{},
                           Dropout{0.5}, Dense{3, softmax}};
}

/// Features by the definition: the layers in front of the last one, sample by sample.
Tensor<float> features(const data::Source& of) {
  const Model<float> base = familiar_network().cut_after("global_average_pooling2d");
  Tensor<float> x = Tensor<float>::uninitialized(of.sample_shape().batch(of.size()));
  std::vector<data::Draw> draws;
  for (std::int64_t i = 0; i < of.size(); ++i) draws.push_back({i, 0});
  of.read(Cpu(1), draws, x.view());
  return base.predict(x);
}

double cosine_distance(const float* a, const float* b, std::int64_t n) {
  double ab = 0, aa = 0, bb = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return 1 - ab / std::sqrt(aa * bb);
}

}  // namespace

TEST_CASE("a familiarity's distances and threshold are those of plain loops over all training samples",
          "[train][familiarity]") {
  const data::InMemory training = familiar_pictures(30, 1), validation = familiar_pictures(40, 2);
  const Sequential<float> model = familiar_network();
  const Familiarity f = familiarity_of(model, training, validation, {.refused = 0.1, .batch = 7});
  CHECK(f.width == 8);
  CHECK(f.count() == 30);
  const Tensor<float> a = features(training), b = features(validation);
  std::vector<double> expected;
  for (std::int64_t i = 0; i < 40; ++i) {
    double least = 2;
    for (std::int64_t k = 0; k < 30; ++k)
      least = std::min(least, cosine_distance(b.data() + i * 8, a.data() + k * 8, 8));
    expected.push_back(least);
    CHECK(f.distance(b.view().slice(i, i + 1).span()) == Approx(least).margin(1e-6));
  }
  std::sort(expected.begin(), expected.end());
  CHECK(f.threshold == Approx(expected[35]).margin(1e-6));  // four of forty lie beyond
  CHECK(f.refused == Approx(0.1));
}

TEST_CASE("of many training samples as many of each class are kept as can be, the same for one seed",
          "[train][familiarity]") {
  const data::InMemory training = familiar_pictures(50, 1), validation = familiar_pictures(10, 2);
  const Sequential<float> model = familiar_network();
  const Familiarity f = familiarity_of(model, training, validation, {.most = 24, .seed = 3});
  CHECK(f.count() == 24);
  CHECK(f == familiarity_of(model, training, validation, {.most = 24, .seed = 3, .batch = 5}));
  CHECK_FALSE(f == familiarity_of(model, training, validation, {.most = 24, .seed = 4}));
  const auto rows = detail::rows_of_all_classes(training, 24, 3);
  std::vector<int> count(3, 0);
  for (const std::int64_t row : rows) ++count[static_cast<std::size_t>(training.labels().data[row])];
  CHECK(count == std::vector<int>{8, 8, 8});  // of 10, 10 and 30
  CHECK(detail::rows_of_all_classes(data::OneHot(training, 3), 24, 3) == rows);
}

TEST_CASE("outputs beside features have the bits of predict, and a map's feature is its mean", "[train][familiarity]") {
  Sequential<float> model{{6, 6, 3}, Conv2D{8, 3, relu}, Conv2D{3, 1}, GlobalAveragePooling2D{}, Softmax{}};
  const Tensor<float> x = random_tensor<float>({11, 6, 6, 3}, 4);
  const std::size_t value = detail::feature_value("test", model);
  REQUIRE(value == 1);
  for (const int threads : {1, 2, 3}) {
    Sequential<float> same{Cpu(threads), {6, 6, 3}, Conv2D{8, 3, relu}, Conv2D{3, 1}, GlobalAveragePooling2D{},
                           Softmax{}};
    Tensor<float> y({11, 3}), f({11, 8});
    detail::predict_with_features<float, Cpu>(same, value, x.view(), 4, y.view(), f.view());
    CHECK(same_bits(y, model.predict(x, 4)));
    const Tensor<float> map = std::move(same).cut_after("conv2d").predict(x, 4);
    for (std::int64_t c = 0; c < 8; ++c) {
      double mean = 0;
      for (std::int64_t p = 0; p < 16; ++p) mean += static_cast<double>(map[(10 * 16 + p) * 8 + c]) / 16;
      CHECK(static_cast<double>(f[10 * 8 + c]) == Approx(mean).margin(1e-6));
    }
  }
}

TEST_CASE("what later layers compute does not lie over the features", "[train][familiarity]") {
  const Sequential<float> model{
      {8}, Dense{16, relu}, Dense{64}, LeakyReLU{.negative_slope = 0.1}, LeakyReLU{.negative_slope = 0.7}, Softmax{}};
  const Tensor<float> x = random_tensor<float>({5, 8}, 4);
  Tensor<float> y({5, 64}), f({5, 16});
  detail::predict_with_features<float, Cpu>(model, detail::feature_value("test", model), x.view(), 5, y.view(),
                                            f.view());
  CHECK(same_bits(y, model.predict(x, 5)));
  const Model<float> base =
      Sequential<float>{
          {8},      Dense{16, relu}, Dense{64}, LeakyReLU{.negative_slope = 0.1}, LeakyReLU{.negative_slope = 0.7},
          Softmax{}}
          .cut_after("dense");
  CHECK(same_bits(f, base.predict(x, 5)));
}

TEST_CASE("a picture classifier says how far a picture is from those that the model was trained on",
          "[train][familiarity]") {
  const TemporaryFolder folder;
  const data::InMemory training = familiar_pictures(30, 1), validation = familiar_pictures(40, 2);
  const Sequential<float> model = familiar_network();
  const Familiarity f = familiarity_of(model, training, validation);
  io::save_model(model, folder / "m", training, {.familiarity = f});
  CHECK(io::load_model(folder / "m").info.familiarity == f);
  const models::PictureClassifier classifier(folder / "m");  // folded: the normalization is in the convolution

  image::Picture grey(6, 6, 3);
  for (auto& v : grey.pixels) v = 128;
  const models::Classification c = classifier.classify(grey);
  Tensor<float> y({1, 3}), feature({1, 8});
  detail::predict_with_features<float, Cpu>(model, detail::feature_value("test", model), classifier.input(grey).view(),
                                            1, y.view(), feature.view());
  REQUIRE(c.distance);
  CHECK(*c.distance == Approx(f.distance(feature.span())).margin(1e-6));
  CHECK(c.unlike_training == (*c.distance > f.threshold));
  for (std::int64_t k = 0; k < 3; ++k) CHECK(c.probabilities[static_cast<std::size_t>(k)] == Approx(y[k]));

  Familiarity strict = f;
  strict.threshold = 0;
  io::save_model(model, folder / "strict", training, {.familiarity = strict});
  CHECK(models::PictureClassifier(folder / "strict").classify(grey).unlike_training);
  io::save_model(model, folder / "without", training);
  CHECK_FALSE(models::PictureClassifier(folder / "without").classify(grey).distance);
}

TEST_CASE("features that cannot be are refused", "[train][familiarity]") {
  const TemporaryFolder folder;
  const auto check = [](const Familiarity& f) { detail::check_familiarity("file", f); };
  CHECK_NOTHROW(check({}));
  CHECK_NOTHROW(check({.width = 2, .features = {0, 1}, .threshold = 0.5, .refused = 0.05}));
  CHECK_THROWS_WITH(check({.width = 2, .features = {0, 1, 0}, .threshold = 0.5}), Contains("file: 3 numbers"));
  CHECK_THROWS_WITH(check({.width = 2, .features = {0, 3}, .threshold = 0.5}),
                    Contains("number 1") && Contains("is 3"));
  CHECK_THROWS_WITH(check({.width = 2, .features = {0, 1}, .threshold = 5}), Contains("distance of 5"));
  CHECK_THROWS_WITH(check({.width = 1, .features = std::vector<float>((1 << 20) + 1)}), Contains("at most 1048576"));
  const Familiarity two{.width = 2, .features = {0, 1}, .threshold = 0.5};
  const float nan = std::nanf("");
  CHECK_THROWS_WITH(two.distance(std::vector<float>{1, nan}), Contains("nan"));
  CHECK_THROWS_WITH(two.distance(std::vector<float>{1}), Contains("2 numbers, got 1"));
  CHECK(two.distance(std::vector<float>{0, 0}) == 1);
  CHECK(two.distance(std::vector<float>{0, -2}) == 2);

  const data::InMemory training = familiar_pictures(30, 1);
  io::save_model(familiar_network(), folder / "m",
                 {.class_names = {"cat", "dog", "owl"}, .input = PictureInput{.size = {6, 6}}, .familiarity = two});
  CHECK_THROWS_WITH(models::PictureClassifier(folder / "m"), Contains("2 numbers") && Contains("8"));
  CHECK_THROWS_WITH(familiarity_of(Sequential<float>{{6, 6, 3}, Flatten{}, Softmax{}}, training, training),
                    Contains("familiarity_of: the model has no Dense layer"));
  CHECK_THROWS_WITH(familiarity_of(familiar_network(), training, training, {.most = 0}), Contains("keeps 0 samples"));
  CHECK_THROWS_WITH(
      familiarity_of(Sequential<float>{{6, 6, 3}, Flatten{}, Rescaling{.scale = {0.5}}, Dense{2, softmax}}, training,
                     training),
      Contains("Rescaling \"rescaling\""));
}
