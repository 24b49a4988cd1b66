// SPDX-License-Identifier: MIT
#include "brindle/models/picture_classifier.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "brindle/core/random.hpp"
#include "brindle/data/image_folder.hpp"
#include "brindle/data/in_memory.hpp"
#include "brindle/image/encode.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/train/trainer.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Matchers::Contains;

namespace {

image::Picture noise(std::int64_t height, std::int64_t width, std::int64_t channels = 3) {
  image::Picture picture(height, width, channels);
  const Random random{5, stream_id("noise"), 0};
  for (std::size_t i = 0; i < picture.pixels.size(); ++i)
    picture.pixels[i] = static_cast<std::uint8_t>(random.below(i, 256));
  return picture;
}

}  // namespace

TEST_CASE("a picture classifier prepares a picture as the model was trained, and names its class",
          "[models][picture_classifier]") {
  const TemporaryFolder folder;
  Sequential<float> model{{6, 5, 3}, Flatten{}, Dense{3, softmax}};
  io::save_model(model, folder / "m.safetensors",
                 {.class_names = {"cat", "dog", "owl"},
                  .input = PictureInput{.size = {6, 5}, .preprocessing = Preprocessing::caffe}});
  const models::PictureClassifier classifier(folder / "m.safetensors");
  const image::Picture photo = noise(31, 47);

  const Tensor<float> x = classifier.input(photo);
  REQUIRE(x.shape() == Shape{1, 6, 5, 3});
  const image::Picture sized = image::resize(photo, {6, 5});
  CHECK(x[0] == static_cast<float>(sized.pixels[2]) - 103.939f);  // blue first, its mean taken off

  const models::Classification c = classifier.classify(photo);
  const Tensor<float> y = model.predict(x);
  REQUIRE(c.probabilities.size() == 3);
  for (std::int64_t i = 0; i < 3; ++i) {
    CHECK(c.probabilities[static_cast<std::size_t>(i)] == y[i]);
    CHECK(y[i] <= y[c.number]);
  }
  CHECK(c.probability == static_cast<double>(y[c.number]));
  CHECK(c.name == (c.number == 0 ? "cat" : c.number == 1 ? "dog" : "owl"));
}

TEST_CASE("a picture classifier runs the folded model", "[models][picture_classifier]") {
  const TemporaryFolder folder;
  Sequential<float> model{{6, 5, 3},
                          Conv2D{.filters = 4, .kernel = 3, .use_bias = false},
                          BatchNormalization{},
                          ReLU{.max_value = 6},
                          Flatten{},
                          Dropout{0.5},
                          Dense{2, softmax}};
  io::save_model(model, folder / "m.safetensors",
                 {.class_names = {"cat", "dog"}, .input = PictureInput{.size = {6, 5}}});
  const models::PictureClassifier classifier(folder / "m.safetensors");
  CHECK(classifier.model().layers().size() == 3);
  const image::Picture photo = noise(31, 47);
  const models::Classification c = classifier.classify(photo);
  CHECK(c.probability == Approx(static_cast<double>(model.predict(classifier.input(photo))[c.number])));
}

TEST_CASE("logits of several classes at once become probabilities each by itself, as they were trained",
          "[models][picture_classifier]") {
  const TemporaryFolder folder;
  Sequential<float> model{{4, 4, 3}, Flatten{}, Dense{3}};
  Trainer trainer{model, SGD{}, BinaryCrossentropy{.from_logits = true}, {.accuracy = Accuracy::binary}};
  Tensor<float> x({2, 4, 4, 3}), labels({2, 3});
  labels[0] = labels[1] = labels[5] = 1;
  data::InMemory samples(std::move(x), std::move(labels), {"cat", "grass", "night"});
  samples.set_picture_input(PictureInput{.size = {4, 4}});
  trainer.train_on_batch(Tensor<float>({2, 4, 4, 3}).view(), samples.labels());
  io::save_model(trainer, folder / "m", samples);
  const models::PictureClassifier classifier(folder / "m");

  const image::Picture photo = noise(4, 4);
  const std::vector<float> p = classifier.classify(photo).probabilities;
  const Tensor<float> logits = model.predict(classifier.input(photo));
  REQUIRE(p.size() == 3);
  for (std::size_t k = 0; k < 3; ++k)
    CHECK(p[k] == Approx(1 / (1 + std::exp(-static_cast<double>(logits[static_cast<std::int64_t>(k)])))));
}

TEST_CASE("one output is the probability of class 1", "[models][picture_classifier]") {
  Sequential<float> model{{4, 4, 3}, Flatten{}, Dense{1, sigmoid}};
  auto& bias = model.layer("dense").parameters()[1].value;
  for (const float b : {-9.0f, 9.0f}) {
    bias[0] = b;
    Sequential<float> copy{{4, 4, 3}, Flatten{}, Dense{1, sigmoid}};
    for (std::size_t p = 0; p < 2; ++p)
      copy.layer("dense").parameters()[p].value = model.layer("dense").parameters()[p].value.clone();
    const models::PictureClassifier classifier(
        {std::move(copy), {.class_names = {"cat", "dog"}, .input = PictureInput{.size = {4, 4}}}});
    const models::Classification c = classifier.classify(noise(4, 4));
    CHECK(c.name == (b < 0 ? "cat" : "dog"));
    CHECK(c.probability > 0.9);
    CHECK(c.probabilities[0] + c.probabilities[1] == Approx(1));
  }
}

namespace {

/// A classifier of a model whose pictures become input in the usual way.
template <class... Layers>
models::PictureClassifier<> classifier(const Shape& x, bool from_logits, const Layers&... layers) {
  const PictureInput input{.size = {x[0], x[1]}, .color_mode = x[2] == 1 ? ColorMode::grayscale : ColorMode::rgb};
  return models::PictureClassifier<>({Sequential<float>{x, layers...}, {.input = input, .from_logits = from_logits}});
}

}  // namespace

TEST_CASE("a picture classifier says what does not fit", "[models][picture_classifier]") {
  CHECK_THROWS_WITH(models::PictureClassifier({Sequential<float>{{4}, Dense{1}}, {}}),
                    Contains("the model takes (None, 4), expected pictures"));
  const auto three = classifier({4, 4, 3}, false, Flatten{}, Dense{2, softmax});
  CHECK_THROWS_WITH(three.classify(noise(5, 5, 2)), Contains("1, 3 or 4 channels, got (5, 5, 2)"));
  CHECK_THROWS_AS(three.classify(image::Picture(0, 5, 3)), ShapeError);
  CHECK_THROWS_WITH(models::PictureClassifier({Sequential<float>{{4, 4, 3}, Flatten{}, Dense{2, softmax}}, {}}),
                    Contains("does not say how a picture becomes its input; save it with the data"));
  CHECK_THROWS_WITH(classifier({4, 4, 3}, false, Conv2D{2, 3, softmax}),
                    Contains("(None, 2, 2, 2), expected (None, classes)"));
}

TEST_CASE("outputs that are no probabilities are refused by the layer's name, or are logits that the file tells of",
          "[models][picture_classifier]") {
  const auto dense = [](std::int64_t units, ActivationFunction f = linear) {
    return Dense{.units = units, .activation = f, .name = "last"};
  };
  const auto refused = [&](const Dense& last, bool from_logits, const std::string& words) {
    CHECK_THROWS_WITH(classifier({4, 4, 3}, from_logits, Flatten{}, last),
                      Contains("Dense \"last\"") && Contains(words));
  };
  refused(dense(1), false, "ends without sigmoid or softmax");
  refused(dense(3), false, ".from_logits = true");
  refused(dense(3, relu), false, "ends without sigmoid or softmax");
  refused(dense(3, softmax), true, "ends in softmax, but the model was saved as one of logits");
  refused(dense(1, sigmoid), true, "ends in sigmoid");
  refused(dense(1, softmax), false, "softmax of one output");
  // What only passes values on does not hide the last activation.
  CHECK_NOTHROW(classifier({4, 4, 3}, false, Flatten{}, dense(2, softmax), Dropout{0.5}, Flatten{.name = "f"}));
  CHECK_THROWS_WITH(classifier({4, 4, 3}, false, Flatten{}, dense(2), Dropout{0.5}), Contains("Dense \"last\""));

  for (const std::int64_t units : {1, 3}) {
    Sequential<float> raw{{4, 4, 3}, Flatten{}, dense(units)};
    const auto logits = classifier({4, 4, 3}, true, Flatten{}, dense(units));
    const image::Picture photo = noise(4, 4);
    const models::Classification c = logits.classify(photo);
    const Tensor<float> z = raw.predict(logits.input(photo));
    double sum = 0;
    for (std::int64_t i = 0; i < units; ++i) sum += std::exp(static_cast<double>(z[i]));
    if (units == 1)
      CHECK(c.probabilities[1] == Approx(1 / (1 + std::exp(-static_cast<double>(z[0])))).epsilon(1e-5));
    else
      for (std::size_t i = 0; i < 3; ++i)
        CHECK(c.probabilities[i] ==
              Approx(std::exp(static_cast<double>(z[static_cast<std::int64_t>(i)])) / sum).epsilon(1e-5));
    CHECK(c.probability <= 1);
    CHECK(c.probability >= (units == 1 ? 0.5 : 1.0 / 3));
  }
}

TEST_CASE("outputs that turn out to be no probabilities are refused", "[models][picture_classifier]") {
  Sequential<float> broken{{2, 2, 3}, Flatten{}, Dense{2, softmax}};
  broken.layer("dense").parameters()[1].value[0] = std::nanf("");
  const models::PictureClassifier nan({std::move(broken), {.input = PictureInput{.size = {2, 2}}}});
  CHECK_THROWS_WITH(nan.classify(noise(2, 2)), Contains("gives nan where a probability is expected"));
}

TEST_CASE("a grey model takes colour pictures and a colour model grey ones", "[models][picture_classifier]") {
  const auto grey = classifier({4, 4, 1}, false, Flatten{}, Dense{2, softmax});
  const image::Picture photo = noise(9, 9);
  CHECK(grey.classify(photo).probabilities ==
        grey.classify(image::with_color_mode(photo, ColorMode::grayscale)).probabilities);
  const auto colour = classifier({4, 4, 3}, false, Flatten{}, Dense{2, softmax});
  CHECK(colour.input(noise(4, 4, 1))[0] == colour.input(noise(4, 4, 1))[2]);
}

TEST_CASE("several pictures at once get what each gets alone, and the best classes come first",
          "[models][picture_classifier]") {
  const auto five = classifier({6, 6, 3}, false, Conv2D{4, 3, relu}, Flatten{}, Dense{5, softmax});
  const std::vector<image::Picture> photos{noise(6, 6), noise(20, 31), noise(7, 5)};
  const auto together = five.classify(photos);
  REQUIRE(together.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const models::Classification alone = five.classify(photos[i]);
    CHECK(together[i].number == alone.number);
    for (std::size_t c = 0; c < 5; ++c)
      CHECK(together[i].probabilities[c] == Approx(alone.probabilities[c]).epsilon(1e-5));
    const auto top = alone.top(3);
    REQUIRE(top.size() == 3);
    CHECK(top[0] == alone.number);
    CHECK(alone.probabilities[static_cast<std::size_t>(top[1])] >=
          alone.probabilities[static_cast<std::size_t>(top[2])]);
    CHECK(alone.top(9).size() == 5);
  }
  CHECK(five.classify(std::vector<image::Picture>{}).empty());
}

TEST_CASE("a saved model classifies a file as the training data read it: resizing, mean and deviation, orientation",
          "[models][picture_classifier]") {
  const TemporaryFolder folder;
  for (const char* name : {"cat.1.png", "dog.1.png"}) image::write_png(folder / name, noise(37, 51));
  Preprocessing own{.scale = 1.0 / 255, .channels = 3, .mean = {0.4, 0.5, 0.6}, .deviation = {0.1, 0.2, 0.3, 1}};
  for (const AspectRatio aspect_ratio : {AspectRatio::stretch, AspectRatio::crop, AspectRatio::pad})
    for (const ColorMode mode : {ColorMode::rgb, ColorMode::grayscale})
      for (const Preprocessing& p :
           {Preprocessing::unit_rgb, Preprocessing::caffe, Preprocessing::minus_one_to_one, own}) {
        if (mode == ColorMode::grayscale && p.channels == 3) continue;
        const auto photos = data::image_folder(folder.path(), {.size = {12, 10},
                                                               .interpolation = image::Interpolation::bilinear,
                                                               .aspect_ratio = aspect_ratio,
                                                               .color_mode = mode,
                                                               .preprocessing = p});
        Sequential<float> model{photos.sample_shape(), Flatten{}, Dense{1, sigmoid}};
        io::save_model(model, folder / "m.safetensors", photos);
        const models::PictureClassifier<> loaded(folder / "m.safetensors");
        Tensor<float> x(photos.sample_shape().batch(1));
        photos.read(Cpu(1), std::vector<data::Draw>{{0, 0}}, x.view());
        const float expected = model.predict(x)[0];
        CHECK(loaded.classify_file(folder / "cat.1.png").probabilities[1] == expected);
      }
}

TEST_CASE("eight threads share a picture classifier", "[models][picture_classifier]") {
  const models::PictureClassifier classifier(
      {Sequential<float>{{16, 16, 3}, Conv2D{4, 3, relu}, Flatten{}, Dense{2, softmax}},
       {.input = PictureInput{.size = {16, 16}}}});
  const image::Picture photo = noise(20, 20);
  const std::vector<float> alone = classifier.classify(photo).probabilities;
  std::vector<std::vector<float>> together(8);
  std::vector<std::thread> threads;
  for (auto& result : together) threads.emplace_back([&] { result = classifier.classify(photo).probabilities; });
  for (auto& t : threads) t.join();
  for (const auto& result : together) CHECK(result == alone);
}

TEST_CASE("a picture classifier knows how sure it must be to be right so often, or says why not",
          "[models][picture_classifier]") {
  const TemporaryFolder folder;
  const auto path = folder / "pets.safetensors";
  const Sequential<float> model{{4, 4, 3}, Flatten{}, Dense{2, softmax}};
  io::ModelInfo info{.class_names = {"cat", "dog"}, .input = PictureInput{.size = {4, 4}}};
  io::save_model(model, path, info);
  CHECK_THROWS_WITH(models::PictureClassifier(path).answer_threshold(0.99),
                    Contains("pets.safetensors: ") && Contains("no table of thresholds"));
  info.answers = {.samples = 100, .rows = {{0, 100, 90}, {0.8, 50, 49}}};
  io::save_model(model, path, info);
  const models::PictureClassifier classifier(path);
  CHECK(classifier.answer_threshold(0.9).probability == 0);
  CHECK(classifier.answer_threshold(0.95).probability == 0.8);
  CHECK_THROWS_WITH(classifier.answer_threshold(0.99),
                    Contains("pets.safetensors: ") && Contains("in 0.99 of") && Contains("49 of 50"));
  CHECK_THROWS_WITH(classifier.answer_threshold(2), Contains("at most 1"));
}

TEST_CASE("a picture classifier gives the means of a picture and its mirror image where it is asked to",
          "[models][picture_classifier]") {
  const TemporaryFolder folder;
  Sequential<float> model{
      {6, 5, 3}, Conv2D{.filters = 4, .kernel = 3, .activation = relu}, Flatten{}, Dense{3, softmax}};
  io::save_model(model, folder / "m.safetensors",
                 {.class_names = {"cat", "dog", "owl"}, .input = PictureInput{.size = {6, 5}}});
  const models::PictureClassifier plain(folder / "m.safetensors");
  const models::PictureClassifier both(folder / "m.safetensors", Cpu{}, {.mirrored = true});
  const std::vector<image::Picture> photos{noise(6, 5), noise(6, 5)};
  std::vector<image::Picture> mirrored = photos;
  for (image::Picture& p : mirrored)
    for (std::size_t y = 0; y < 6; ++y)
      for (std::size_t x = 0; x < 5; ++x)
        for (std::size_t c = 0; c < 3; ++c) p.pixels[(y * 5 + x) * 3 + c] = photos[0].pixels[(y * 5 + 4 - x) * 3 + c];
  const auto straight = plain.classify(photos), turned = plain.classify(mirrored), means = both.classify(photos);
  CHECK(straight[0].probabilities[0] != Approx(turned[0].probabilities[0]).epsilon(1e-3));
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t k = 0; k < 3; ++k)
      CHECK(means[i].probabilities[k] == Approx((straight[i].probabilities[k] + turned[i].probabilities[k]) / 2));
}
