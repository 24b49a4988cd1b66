// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/image/encode.hpp"
#include "brindle/inference_implementation.hpp"
#include "brindle/models/picture_classifier.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using Catch::Contains;

namespace {

// Written by version 1 of the format; it has to be read for ever.
const std::filesystem::path first_format =
    std::filesystem::path(BRINDLE_GOLDENS).parent_path() / "consumers" / "pets.safetensors";

image::Picture stripes(std::int64_t height, std::int64_t width) {
  image::Picture picture(height, width, 3);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<std::uint8_t>(i * 7 % 256);
  return picture;
}

}  // namespace

TEST_CASE("a model of the first format is still read", "[models][inference]") {
  const Classifier classifier(first_format, 1);
  CHECK(classifier.class_names() == std::vector<std::string>{"cat", "dog"});
  CHECK(classifier.input_shape() == Shape{64, 64, 3});
}

TEST_CASE("Classifier says what PictureClassifier says, of a picture, of its bytes and of its file",
          "[models][inference]") {
  const Classifier classifier(first_format, 1);
  const models::PictureClassifier behind(first_format, Cpu{1});
  const image::Picture picture = stripes(50, 70);
  const models::Classification expected = behind.classify(picture);

  const TemporaryFolder folder;
  image::write_png(folder / "stripes.png", picture);
  for (const models::Classification& c : {classifier.classify(picture), classifier.classify(picture.pixels, 50, 70),
                                          classifier.classify_file(folder / "stripes.png")}) {
    CHECK(c.number == expected.number);
    CHECK(c.name == expected.name);
    CHECK(c.probabilities == expected.probabilities);
  }
}

TEST_CASE("Classifier takes pixels of any order and stride, and several pictures", "[models][inference]") {
  const Classifier classifier(first_format, 1);
  const image::Picture picture = stripes(50, 70);
  const std::vector<float> expected = classifier.classify(picture).probabilities;
  std::vector<std::uint8_t> bgra(50 * 300);  // rows of 70 pixels and 20 bytes
  for (std::int64_t r = 0; r < 50; ++r)
    for (std::int64_t c = 0; c < 70; ++c)
      for (std::int64_t k = 0; k < 3; ++k)
        bgra[static_cast<std::size_t>(r * 300 + c * 4 + 2 - k)] = picture.at(r, c)[k];
  CHECK(
      classifier.classify({.bytes = bgra, .height = 50, .width = 70, .format = image::PixelFormat::bgra, .stride = 300})
          .probabilities == expected);
  const auto two = classifier.classify(std::vector<image::Picture>{picture, stripes(9, 9)});
  REQUIRE(two.size() == 2);
  CHECK(two[0].probabilities[0] == Approx(expected[0]).epsilon(1e-5));
}

TEST_CASE("Classifier names the pixels and the bytes when they do not fit", "[models][inference]") {
  const Classifier classifier(first_format, 1);
  const std::vector<std::uint8_t> grey(50 * 70);
  CHECK_THROWS_WITH(classifier.classify(grey, 50, 70),
                    Contains("expected 10500 bytes for 50 x 70 pixels of 3 bytes, got 3500"));
  CHECK_THROWS_AS(classifier.classify(grey, 0, 70), ShapeError);
  CHECK_THROWS_WITH(Classifier("no_such.safetensors"), Contains("no_such.safetensors"));
}
