// SPDX-License-Identifier: MIT
#include "brindle/report/gallery.hpp"

#include <brindle/report/float_picture.hpp>
#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

#include "brindle/image/decode.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::report;
using Catch::Matchers::Contains;

namespace {

image::Picture plain(std::int64_t height, std::int64_t width, std::uint8_t value) {
  image::Picture p(height, width, 3);
  std::fill(p.pixels.begin(), p.pixels.end(), value);
  return p;
}

}  // namespace

TEST_CASE("a gallery shows every picture in its proportions, with its caption", "[report][gallery]") {
  const Drawing d = gallery_drawing({plain(150, 150, 10), plain(100, 50, 20), plain(30, 60, 30)}, {"a", "b", "c"},
                                    {.title = "three"});
  std::vector<DrawnPicture> pictures;
  std::string texts;
  for (const auto& item : d.items) {
    if (const auto* p = std::get_if<DrawnPicture>(&item)) pictures.push_back(*p);
    if (const auto* t = std::get_if<DrawnText>(&item)) texts += t->text + ";";
  }
  REQUIRE(pictures.size() == 3);
  CHECK(texts == "three;a;b;c;");
  CHECK(pictures[0].width == 150);
  CHECK(pictures[1].width == 75);
  CHECK(pictures[1].height == 150);
  CHECK(pictures[2].height == 75);
  for (const DrawnPicture& p : pictures) {
    CHECK(p.x >= 0);
    CHECK(p.x + p.width <= d.width);
    CHECK(p.y + p.height <= d.height);
  }
  CHECK(gallery_drawing(std::vector<image::Picture>(7, plain(2, 2, 0)), {}, {.columns = 2}).height >
        gallery_drawing(std::vector<image::Picture>(7, plain(2, 2, 0)), {}, {.columns = 7}).height);
}

TEST_CASE("a gallery is written as a picture, from bytes and from floats alike", "[report][gallery]") {
  const TemporaryFolder folder;
  gallery({plain(10, 10, 255), plain(10, 10, 0)}, {"light", "dark"}, folder / "bytes.png");
  Tensor<float> floats(Shape{2, 10, 10, 3});
  for (std::int64_t i = 0; i < 300; ++i) floats[i] = 1;
  gallery(floats, {"light", "dark"}, folder / "floats.png");
  CHECK(image::decode(folder / "bytes.png") == image::decode(folder / "floats.png"));
  gallery(floats, {}, folder / "floats.svg", {.low = -1, .high = 1});
}

TEST_CASE("floats beyond the range are cut off, and what is no number is black", "[report][gallery]") {
  Tensor<float> x(Shape{1, 5});
  const float values[] = {-3, 0, 0.5f, 7, std::numeric_limits<float>::quiet_NaN()};
  std::copy(std::begin(values), std::end(values), x.data());
  CHECK(float_picture(x).pixels == std::vector<std::uint8_t>{0, 0, 128, 255, 0});
  CHECK(float_picture(x, -1, 1).pixels == std::vector<std::uint8_t>{0, 128, 191, 255, 0});
  CHECK_THROWS_WITH(float_picture(Tensor<float>(Shape{2, 2, 4})), Contains("(2, 2, 4)"));
}

TEST_CASE("a gallery says what it lacks", "[report][gallery]") {
  CHECK_THROWS_WITH(gallery_drawing({}), Contains("at least one picture"));
  CHECK_THROWS_WITH(gallery_drawing({plain(1, 1, 0)}, {"a", "b"}),
                    Contains("each of the 1 pictures") && Contains("got 2"));
  CHECK_THROWS_AS(gallery_drawing({image::Picture{}}), ShapeError);
  CHECK_THROWS_WITH(gallery(Tensor<float>(Shape{2, 2, 3}), {}, "x.png"), Contains("(N, H, W, C)"));
}
