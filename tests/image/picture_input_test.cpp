// SPDX-License-Identifier: MIT
#include "brindle/image/picture_input.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "brindle/image/encode.hpp"
#include "brindle/image/orientation.hpp"
#include "brindle/image/pixels.hpp"
#include "brindle/image/read_picture.hpp"
#include "support/golden.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

image::Picture picture_of(const Tensor<std::uint8_t>& t) {
  image::Picture p(t.shape()[0], t.shape()[1], t.shape()[2]);
  std::copy(t.data(), t.data() + t.size(), p.pixels.begin());
  return p;
}

}  // namespace

TEST_CASE("a picture gets the pixels of Keras's load_img in every colour mode, aspect ratio and interpolation",
          "[image][picture_input]") {
  const Golden golden("picture_input.npz");
  const auto sizes = golden.get<std::int64_t>("sizes");
  int seen = 0;
  for (int p = 0; p < 3; ++p) {
    const image::Picture from = picture_of(golden.get<std::uint8_t>("picture_" + std::to_string(p)));
    for (std::int64_t s = 0; s < sizes.shape()[0]; ++s)
      for (const auto interpolation : {image::Interpolation::nearest, image::Interpolation::bilinear})
        for (const AspectRatio aspect_ratio : {AspectRatio::stretch, AspectRatio::crop})
          for (const ColorMode mode : {ColorMode::rgb, ColorMode::grayscale}) {
            const PictureInput input{.size = {sizes[2 * s], sizes[2 * s + 1]},
                                     .interpolation = interpolation,
                                     .aspect_ratio = aspect_ratio,
                                     .color_mode = mode};
            const std::string key = std::to_string(p) + "." + std::to_string(s) + "." + to_string(interpolation) + "." +
                                    to_string(aspect_ratio) + "." + to_string(mode);
            INFO(key);
            CHECK(image::fit(from, input) == picture_of(golden.get<std::uint8_t>(key)));
            ++seen;
          }
  }
  CHECK(seen == 96);
}

TEST_CASE("a padded picture keeps its proportions in the middle of black", "[image][picture_input]") {
  image::Picture wide(2, 8, 3);
  for (std::uint8_t& level : wide.pixels) level = 200;
  const image::Picture padded = image::fit(wide, {.size = {8, 8}, .aspect_ratio = AspectRatio::pad});
  for (std::int64_t row = 0; row < 8; ++row)
    for (std::int64_t column = 0; column < 8; ++column)
      CHECK(*padded.at(row, column) == (row == 3 || row == 4 ? 200 : 0));
  const image::Picture same = image::fit(wide, {.size = {2, 8}, .aspect_ratio = AspectRatio::pad});
  CHECK(same == wide);
}

TEST_CASE("grey pictures get three channels, colours one, and alpha is dropped", "[image][picture_input]") {
  image::Picture grey(1, 2, 1), rgba(1, 1, 4);
  grey.pixels = {7, 250};
  rgba.pixels = {10, 20, 30, 99};
  CHECK(image::with_color_mode(grey, ColorMode::rgb).pixels == std::vector<std::uint8_t>{7, 7, 7, 250, 250, 250});
  CHECK(image::with_color_mode(rgba, ColorMode::rgb).pixels == std::vector<std::uint8_t>{10, 20, 30});
  CHECK(image::with_color_mode(rgba, ColorMode::grayscale).pixels == std::vector<std::uint8_t>{18});
  CHECK(image::with_color_mode(grey, ColorMode::grayscale) == grey);
  CHECK_THROWS_WITH(image::with_color_mode(image::Picture(2, 2, 2), ColorMode::rgb), Contains("got (2, 2, 2)"));
}

TEST_CASE("EXIF's orientation is found in JPEG and PNG, and turns a picture upright as Pillow does",
          "[image][picture_input]") {
  const Golden golden("picture_input.npz");
  const image::Picture small = picture_of(golden.get<std::uint8_t>("small"));
  for (int o = 1; o <= 8; ++o) {
    INFO(o);
    const image::Picture upright = picture_of(golden.get<std::uint8_t>("upright." + std::to_string(o)));
    CHECK(image::upright(small, o) == upright);
    const auto jpeg = golden.get<std::uint8_t>("exif.JPEG." + std::to_string(o));
    const auto png = golden.get<std::uint8_t>("exif.PNG." + std::to_string(o));
    CHECK(image::exif_orientation(jpeg.span()) == o);
    CHECK(image::exif_orientation(png.span()) == o);
    PictureInput input{.size = {upright.height, upright.width}, .orientation = Orientation::exif};
    CHECK(image::read_picture(png.span(), "x.png", input) == upright);
    input.orientation = Orientation::as_stored;
    input.size = {3, 5};
    CHECK(image::read_picture(png.span(), "x.png", input) == small);
    // However the file is damaged, it is read or counts as upright.
    for (std::size_t cut = 0; cut < static_cast<std::size_t>(jpeg.size()); cut += 3) {
      const int found = image::exif_orientation(jpeg.span().first(cut));
      CHECK((found == 1 || found == o));
    }
  }
  CHECK(image::exif_orientation({}) == 1);
}

TEST_CASE("levels become the network's numbers by every preprocessing that has a name", "[image][picture_input]") {
  const std::uint8_t levels[] = {10, 100, 250};
  const auto numbers = [&](const Preprocessing& p) {
    std::vector<float> out(3);
    image::preprocess(p, 1, 3, levels, out.data());
    return out;
  };
  CHECK(numbers(Preprocessing::none) == std::vector<float>{10, 100, 250});
  const float unit = static_cast<float>(1.0 / 255.0);
  CHECK(numbers(Preprocessing::unit_rgb) == std::vector<float>{10 * unit, 100 * unit, 250 * unit});
  CHECK(numbers(Preprocessing::caffe) == std::vector<float>{250 - 103.939f, 100 - 116.779f, 10 - 123.68f});
  const auto signs = numbers(Preprocessing::minus_one_to_one), torch = numbers(Preprocessing::imagenet_mean_std);
  const double mean[] = {0.485, 0.456, 0.406}, deviation[] = {0.229, 0.224, 0.225};
  for (std::size_t c = 0; c < 3; ++c) {
    CHECK(signs[c] == Approx(levels[c] / 127.5 - 1).epsilon(1e-6));
    CHECK(torch[c] == Approx((levels[c] / 255.0 - mean[c]) / deviation[c]).epsilon(1e-6));
  }
  for (const char* name : {"none", "unit_rgb", "caffe", "minus_one_to_one", "imagenet_mean_std"})
    CHECK(to_string(preprocessing(name)) == name);
  CHECK_THROWS_WITH(preprocessing("Caffe"), Contains("\"Caffe\"") && Contains("caffe, minus_one_to_one"));
  CHECK(to_string(Preprocessing{.scale = 0.5, .channels = 1, .mean = {0.25}, .deviation = {3, 1, 1, 1}}) ==
        "level 0.5, mean (0.25), deviation (3)");
}

TEST_CASE("a description of input without a meaning is refused", "[image][picture_input]") {
  const auto refused = [](const PictureInput& input, const std::string& words) {
    CHECK_THROWS_WITH(image::check_picture_input("folder", input), Contains("folder: ") && Contains(words));
  };
  refused({}, "size is (0, 0)");
  refused({.size = {4, 4}, .color_mode = ColorMode::grayscale, .preprocessing = Preprocessing::caffe},
          "3 channels, got 1");
  Preprocessing p{.deviation = {1, 1, 0, 1}};
  refused({.size = {4, 4}, .preprocessing = p}, "divides channel 2 by 0");
  p = {.mean = {std::nan(""), 0, 0, 0}};
  refused({.size = {4, 4}, .preprocessing = p}, "must be finite");
  p = {.bgr = true};
  refused({.size = {4, 4}, .color_mode = ColorMode::grayscale, .preprocessing = p}, "B G R");
}

TEST_CASE("what the network sees of a picture is cropped and padded as its input, in its own resolution",
          "[image][picture_input]") {
  image::Picture photo(9, 31, 3);
  for (std::size_t i = 0; i < photo.pixels.size(); ++i) photo.pixels[i] = static_cast<std::uint8_t>(i * 37 % 256);
  for (const Size2 size : {Size2{6, 6}, {12, 4}, {5, 40}})
    for (const auto how : {image::Interpolation::nearest, image::Interpolation::bilinear})
      for (const auto ratio : {AspectRatio::crop, AspectRatio::pad, AspectRatio::stretch}) {
        // Bilinear looks at the neighbours beyond the cut, as Pillow does with a box.
        if (ratio == AspectRatio::crop && how == image::Interpolation::bilinear) continue;
        const PictureInput input{.size = size, .interpolation = how, .aspect_ratio = ratio};
        PictureInput stretched = input;
        stretched.aspect_ratio = AspectRatio::stretch;
        CHECK(image::fit(image::seen(photo, input), stretched).pixels == image::fit(photo, input).pixels);
      }
  const image::Picture middle = image::seen(photo, {.size = {6, 6}, .aspect_ratio = AspectRatio::crop});
  REQUIRE(middle.shape() == Shape{9, 9, 3});
  CHECK(middle.at(4, 0)[1] == photo.at(4, 11)[1]);
  CHECK(image::seen(photo, {.size = {6, 6}, .aspect_ratio = AspectRatio::pad}).shape() == Shape{31, 31, 3});
  CHECK_THROWS_AS(image::seen(image::Picture(), {.size = {6, 6}}), ShapeError);
}

TEST_CASE("means of several channels are refused where all channels are treated as the first",
          "[image][picture_input]") {
  const auto check = [](const Preprocessing& p) {
    image::check_picture_input("folder", {.size = {4, 4}, .preprocessing = p});
  };
  Preprocessing p{.mean = {0.485, 0.456, 0.406}};
  CHECK_THROWS_WITH(check(p), Contains("folder: ") && Contains("write .channels = 3"));
  p = {.deviation = {0.229, 0.224, 0.225, 1}};
  CHECK_THROWS_WITH(check(p), Contains("write .channels = 3"));
  for (const Preprocessing& same : {Preprocessing{.mean = {0.5, 0.5, 0.5}}, Preprocessing{.mean = {0.5}},
                                    Preprocessing{.mean = {0.5}, .deviation = {0.25, 0.25, 0.25, 1}},
                                    Preprocessing::minus_one_to_one, Preprocessing::none})
    CHECK_NOTHROW(check(same));
}

TEST_CASE("a deviation need not be given for channels that there are not", "[image][picture_input]") {
  const Preprocessing three{.channels = 3, .deviation = {0.229, 0.224, 0.225}};
  CHECK_NOTHROW(image::check_picture_input("folder", {.size = {4, 4}, .preprocessing = three}));
  CHECK(three == Preprocessing{.channels = 3, .deviation = {0.229, 0.224, 0.225, 1}});
  CHECK_FALSE(three == Preprocessing{.channels = 3, .deviation = {0.229, 0.224, 0.5, 1}});
}

TEST_CASE("two descriptions name what differs between them", "[image][picture_input]") {
  const PictureInput a{.size = {8, 8}};
  PictureInput b = a;
  CHECK(detail::differences(a, b).empty());
  b.interpolation = image::Interpolation::bilinear;
  b.preprocessing = Preprocessing::caffe;
  CHECK(detail::differences(b, a) ==
        "interpolation bilinear instead of nearest, preprocessing caffe instead of unit_rgb");
  CHECK(to_string(a) != to_string(b));
  CHECK(a.shape() == Shape{8, 8, 3});
}

TEST_CASE("pixels of every order and stride become a picture, and the bytes that are wanted are named",
          "[image][pixels]") {
  using image::PixelFormat;
  const std::vector<std::uint8_t> bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  const auto levels = [&](std::int64_t h, std::int64_t w, PixelFormat f, std::int64_t stride, std::size_t count) {
    return image::picture_of("here", {std::span(bytes).first(count), h, w, f, stride}).pixels;
  };
  using Bytes = std::vector<std::uint8_t>;
  CHECK(levels(2, 1, PixelFormat::rgb, 0, 6) == Bytes{1, 2, 3, 4, 5, 6});
  CHECK(levels(2, 1, PixelFormat::bgr, 0, 6) == Bytes{3, 2, 1, 6, 5, 4});
  CHECK(levels(1, 2, PixelFormat::rgba, 0, 8) == Bytes{1, 2, 3, 5, 6, 7});
  CHECK(levels(2, 2, PixelFormat::bgra, 0, 16) == Bytes{3, 2, 1, 7, 6, 5, 11, 10, 9, 15, 14, 13});
  CHECK(levels(2, 2, PixelFormat::grayscale, 5, 7) == Bytes{1, 2, 6, 7});
  CHECK(levels(2, 1, PixelFormat::bgr, 8, 11) == Bytes{3, 2, 1, 11, 10, 9});
  CHECK(levels(2, 1, PixelFormat::bgr, 8, 16) == Bytes{3, 2, 1, 11, 10, 9});
  CHECK_THROWS_WITH(levels(2, 2, PixelFormat::rgb, 0, 16),
                    Contains("here: expected 12 bytes for 2 x 2 pixels of 3 bytes, got 16"));
  CHECK_THROWS_WITH(levels(2, 2, PixelFormat::rgb, 8, 13), Contains("expected 14 bytes"));
  CHECK_THROWS_WITH(levels(2, 2, PixelFormat::rgb, 5, 16), Contains("stride of at least the 6 bytes"));
  CHECK_THROWS_WITH(levels(0, 2, PixelFormat::rgb, 0, 16), Contains("at least one pixel"));
  CHECK_THROWS_AS(levels(std::int64_t{1} << 40, 2, PixelFormat::rgb, 0, 16), ShapeError);
  CHECK_THROWS_AS(levels(2, 2, PixelFormat::rgb, std::int64_t{1} << 62, 16), ShapeError);
}

TEST_CASE("a picture that black would make huge is refused before memory is taken", "[image]") {
  const PictureInput input{.size = {8, 8}, .aspect_ratio = AspectRatio::pad};
  const image::Picture thin(1, 40000, 3);
  CHECK_THROWS_AS(image::fit(thin, input), ValueError);
  CHECK_THROWS_AS(image::seen(thin, input), ValueError);
  const std::string png = image::encode_png(thin);
  const std::vector<std::uint8_t> bytes(png.begin(), png.end());
  CHECK_THROWS_AS(image::read_picture(bytes, "thin.png", input),
                  FileError);  // which a folder skips, where it is told so
  CHECK_THROWS_WITH(image::read_picture(bytes, "thin.png", input), Contains("thin.png: a picture of 1x40000") &&
                                                                       Contains("40000x40000") &&
                                                                       Contains("crop or stretch"));
  CHECK(image::fit(image::Picture(1, 400, 3), input).height == 8);
}
