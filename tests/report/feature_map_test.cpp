// SPDX-License-Identifier: MIT
#include "brindle/report/feature_map.hpp"

#include <brindle/report/colour_scale.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "brindle/image/decode.hpp"
#include "support/temporary_folder.hpp"

using namespace brindle;
using namespace brindle::report;
using Catch::Matchers::Contains;

TEST_CASE("viridis begins violet, ends yellow, and becomes lighter all the way", "[report][colour_scale]") {
  CHECK(viridis(0) == Rgb{68, 1, 84});
  CHECK(viridis(1) == Rgb{253, 231, 37});
  CHECK(viridis(-5) == viridis(0));
  CHECK(viridis(7) == viridis(1));
  double before = 0;
  for (int i = 0; i <= 64; ++i) {
    const Rgb c = viridis(i / 64.0);
    const double luminance =
        0.2126 * std::pow(c.r / 255.0, 2.2) + 0.7152 * std::pow(c.g / 255.0, 2.2) + 0.0722 * std::pow(c.b / 255.0, 2.2);
    CHECK(luminance > before);
    before = luminance;
  }
}

TEST_CASE("a feature map shows one channel, dark to bright, and grey where there is no number",
          "[report][feature_map]") {
  Tensor<float> x(Shape{2, 2, 3});
  const float values[] = {9, -1, 9, 9, 0, 9, 9, 1, 9, 9, std::numeric_limits<float>::quiet_NaN(), 9};
  std::copy(std::begin(values), std::end(values), x.data());
  const image::Picture p = feature_map_picture(x, 1, -1, 1);
  const auto at = [&](std::int64_t r, std::int64_t c) { return Rgb{p.at(r, c)[0], p.at(r, c)[1], p.at(r, c)[2]}; };
  CHECK(at(0, 0) == viridis(0));
  CHECK(at(0, 1) == viridis(0.5));
  CHECK(at(1, 0) == viridis(1));
  CHECK(at(1, 1) == Rgb{128, 128, 128});
}

TEST_CASE("a feature map has a scale with the values at its colours", "[report][feature_map]") {
  Tensor<float> x(Shape{4, 6});
  for (std::int64_t i = 0; i < 24; ++i) x[i] = static_cast<float>(i) / 10;
  const std::string svg = drawing_svg(feature_map_drawing(x, {.title = "relu"}));
  CHECK_THAT(svg, Contains(">0.5<") && Contains(">2.0<") && Contains("relu") && Contains("pixelated"));
  const TemporaryFolder folder;
  feature_map(x, folder / "map.png", {.paint = {.scale = 1}});
  CHECK(image::decode(folder / "map.png").channels == 3);
}

TEST_CASE("a feature map of equal, huge, tiny or no numbers is drawn", "[report][feature_map]") {
  for (const float v :
       {0.0f, 3.0f, 1e30f, 1e-30f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    CAPTURE(v);
    Tensor<float> x(Shape{3, 3});
    for (std::int64_t i = 0; i < 9; ++i) x[i] = v;
    CHECK_NOTHROW(paint(feature_map_drawing(x), {.scale = 1}));
    x[4] = 0.5f * v;
    CHECK_THAT(drawing_svg(feature_map_drawing(x)), !Contains("\"nan") && !Contains("\"inf") && !Contains("\"-nan"));
  }
}

TEST_CASE("a feature map says which channels there are", "[report][feature_map]") {
  CHECK_THROWS_WITH(feature_map_drawing(Tensor<float>(Shape{2, 2, 3}), {.channel = 3}),
                    Contains("channel 3") && Contains("0 to 2"));
  CHECK_THROWS_WITH(feature_map_drawing(Tensor<float>(Shape{1, 2, 2, 3})), Contains("(1, 2, 2, 3)"));
}
