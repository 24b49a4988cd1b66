#include "brindle/models/picture_classifier.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "brindle/core/random.hpp"
#include "brindle/nn/nn.hpp"
#include "brindle/ops/cpu.hpp"
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
  io::save_model(model, folder / "m.safetensors", {.class_names = {"cat", "dog"}, .preprocessing = "caffe"});
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
  CHECK(c.name == (c.number == 0 ? "cat" : c.number == 1 ? "dog" : "2"));
}

TEST_CASE("one output is the probability of class 1", "[models][picture_classifier]") {
  Sequential<float> model{{4, 4, 3}, Flatten{}, Dense{1, sigmoid}};
  auto& bias = model.layer("dense").parameters()[1].value;
  for (const float b : {-9.0f, 9.0f}) {
    bias[0] = b;
    Sequential<float> copy{{4, 4, 3}, Flatten{}, Dense{1, sigmoid}};
    for (std::size_t p = 0; p < 2; ++p)
      copy.layer("dense").parameters()[p].value = model.layer("dense").parameters()[p].value.clone();
    const models::PictureClassifier classifier({std::move(copy), {.class_names = {"cat", "dog"}}});
    const models::Classification c = classifier.classify(noise(4, 4));
    CHECK(c.name == (b < 0 ? "cat" : "dog"));
    CHECK(c.probability > 0.9);
    CHECK(c.probabilities[0] + c.probabilities[1] == Approx(1));
  }
}

TEST_CASE("a picture classifier says what does not fit", "[models][picture_classifier]") {
  CHECK_THROWS_WITH(models::PictureClassifier({Sequential<float>{{4}, Dense{1}}, {}}),
                    Contains("the model takes (None, 4), expected pictures"));
  const models::PictureClassifier classifier({Sequential<float>{{4, 4, 3}, Flatten{}, Dense{2, softmax}}, {}});
  CHECK_THROWS_WITH(classifier.classify(noise(5, 5, 1)), Contains("of 3 channels, got (5, 5, 1)"));
  CHECK_THROWS_AS(classifier.classify(image::Picture(0, 5, 3)), ShapeError);
}

TEST_CASE("eight threads share a picture classifier", "[models][picture_classifier]") {
  const models::PictureClassifier classifier(
      {Sequential<float>{{16, 16, 3}, Conv2D{4, 3, relu}, Flatten{}, Dense{2, softmax}}, {}});
  const image::Picture photo = noise(20, 20);
  const std::vector<float> alone = classifier.classify(photo).probabilities;
  std::vector<std::vector<float>> together(8);
  std::vector<std::thread> threads;
  for (auto& result : together) threads.emplace_back([&] { result = classifier.classify(photo).probabilities; });
  for (auto& t : threads) t.join();
  for (const auto& result : together) CHECK(result == alone);
}
