// SPDX-License-Identifier: MIT
#include "brindle/image/picture_quality.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>

#include "brindle/core/error.hpp"
#include "brindle/core/random.hpp"

using namespace brindle;
using image::Picture;
using image::picture_quality;

namespace {

// Discs of many sizes and levels, as sharp as pixels can show them.
Picture discs(std::int64_t height, std::int64_t width) {
  Picture p(height, width, 3);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (int disc = 0; disc < 60; ++disc) {
        const std::int64_t cy = disc * 53 % height, cx = disc * 97 % width, r = 4 + disc * 7 % 23;
        if ((y - cy) * (y - cy) + (x - cx) * (x - cx) > r * r) continue;
        for (int c = 0; c < 3; ++c) p.at(y, x)[c] = static_cast<std::uint8_t>((disc * 67 + c * 40) % 256);
      }
  return p;
}

// Each level the mean of those around it, twice, as out of focus.
Picture blurred(const Picture& p, std::int64_t radius) {
  Picture from = p, to = p;
  for (int pass = 0; pass < 2; ++pass, from = to)
    for (std::int64_t y = 0; y < p.height; ++y)
      for (std::int64_t x = 0; x < p.width; ++x)
        for (int c = 0; c < 3; ++c) {
          int sum = 0, count = 0;
          for (std::int64_t v = std::max<std::int64_t>(0, y - radius); v <= std::min(p.height - 1, y + radius); ++v)
            for (std::int64_t u = std::max<std::int64_t>(0, x - radius); u <= std::min(p.width - 1, x + radius); ++u)
              sum += from.at(v, u)[c], ++count;
          to.at(y, x)[c] = static_cast<std::uint8_t>(sum / count);
        }
  return to;
}

}  // namespace

TEST_CASE("a picture out of focus has less sharpness than the same in focus, whatever its contrast", "[image]") {
  const Picture sharp = discs(200, 240);
  Picture faint = sharp;
  for (auto& level : faint.pixels) level = static_cast<std::uint8_t>(100 + level / 8);
  CHECK(picture_quality(sharp).sharpness > 0.6);
  CHECK(picture_quality(faint).sharpness == Approx(picture_quality(sharp).sharpness).margin(0.1));
  CHECK(picture_quality(blurred(sharp, 2)).sharpness < 0.4);
  CHECK(picture_quality(blurred(sharp, 4)).sharpness < 0.35);
}

TEST_CASE("brightness, contrast and colour of a picture are those of its levels", "[image]") {
  Picture half(10, 10, 3);
  for (std::int64_t y = 0; y < 5; ++y)
    for (std::int64_t x = 0; x < 10; ++x) half.at(y, x)[0] = half.at(y, x)[1] = half.at(y, x)[2] = 255;
  auto q = picture_quality(half);
  CHECK(q.brightness == Approx(0.5));
  CHECK(q.contrast == Approx(0.5));
  CHECK(q.colour == 0);
  Picture red(9, 9, 3);
  for (std::int64_t y = 0; y < 9; ++y)
    for (std::int64_t x = 0; x < 9; ++x) red.at(y, x)[0] = 255;
  q = picture_quality(red);
  CHECK(q.brightness == Approx(0.299).margin(1e-4));
  CHECK(q.colour == Approx(1));
  CHECK(q.contrast == Approx(0).margin(1e-6));
  CHECK(q.sharpness == 0);
  Picture grey(9, 9, 1);
  grey.pixels.assign(81, 51);
  CHECK(picture_quality(grey).brightness == Approx(0.2));
}

TEST_CASE("a picture of few pixels has a quality, and one of none is refused", "[image]") {
  CHECK(picture_quality(Picture(1, 1, 3)).sharpness == 0);
  CHECK(picture_quality(Picture(3, 500, 3)).brightness == 0);
  CHECK_THROWS_AS(picture_quality(Picture()), ShapeError);
  CHECK_THROWS_WITH(picture_quality(Picture(4, 4, 4)), Catch::Contains("(H, W, 1) or (H, W, 3)"));
}
