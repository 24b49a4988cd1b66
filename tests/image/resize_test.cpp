// SPDX-License-Identifier: MIT
#include "brindle/image/resize.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <filesystem>
#include <string>

#include "brindle/image/decode.hpp"
#include "image/golden_pictures.hpp"

using namespace brindle;
using namespace brindle::image;
using Catch::Matchers::Contains;

TEST_CASE("resize gives load_img's pixels by nearest and Pillow's by bilinear", "[image][resize]") {
  for (const std::string name :
       {"cat_444", "dog_420", "small_progressive", "rotated_exif", "gray", "palette", "rgba"}) {
    CAPTURE(name);
    const Picture picture = golden_picture(name + ".rgb");
    CHECK(resize(picture, {150, 150}) == golden_picture(name + ".150x150"));
    CHECK(resize(picture, {37, 61}) == golden_picture(name + ".37x61"));
    CHECK(resize(picture, {37, 61}, Interpolation::bilinear) == golden_picture(name + ".37x61.bilinear"));
  }
}

TEST_CASE("nearest takes Pillow's side where a centre falls between two pixels", "[image][resize]") {
  // From Pillow 13.0.0: an "I" picture of one row 0..13, resized to 61 columns by NEAREST; column 30 is 6,
  // not 30.5*14/61 = 7.
  CHECK(image::internal::nearest_positions({0, 14, 14}, 61)[30] == 6);
  for (std::int64_t in = 1; in < 40; ++in)
    for (std::int64_t out = 1; out < 40; ++out) {
      const auto positions = image::internal::nearest_positions({0, in, in}, out);
      for (std::int64_t i = 0; i < out; ++i) {
        const std::int64_t exact = (2 * i + 1) * in / (2 * out);
        const bool tie = (2 * i + 1) * in % (2 * out) == 0;
        const std::int64_t got = positions[static_cast<std::size_t>(i)];
        CHECK((got == exact || (tie && got == exact - 1)));
      }
    }
}

TEST_CASE("resize to the same size changes nothing, and from one pixel it gives that pixel", "[image][resize]") {
  const Picture picture = golden_picture("rgba.rgb");
  Picture one(1, 1, 3);
  one.pixels = {7, 8, 9};
  for (const Interpolation how : {Interpolation::nearest, Interpolation::bilinear}) {
    CHECK(resize(picture, {29, 37}, how) == picture);
    const Picture large = resize(one, {3, 5}, how);
    for (std::size_t i = 0; i < large.pixels.size(); ++i) CHECK(large.pixels[i] == one.pixels[i % 3]);
    CHECK(resize(picture, {1, 1}, how).shape() == Shape{1, 1, 3});
  }
  CHECK(resize(golden_picture("cat_444.gray"), {20, 30}).shape() == Shape{20, 30, 1});
}

TEST_CASE("an RGB picture is resized as its three channels apart", "[image][resize]") {
  std::uint32_t state = 1;
  for (const std::int64_t h : {1, 3, 4, 9, 30})
    for (const std::int64_t w : {1, 2, 17, 40})
      for (const Size2& size : {Size2(1, 1), Size2(5, 7), Size2(33, 64)}) {
        CAPTURE(h, w, size.h, size.w);
        Picture picture(h, w, 3);
        for (std::uint8_t& level : picture.pixels) {
          state = state * 1664525 + 1013904223;
          level = state >> 31 ? static_cast<std::uint8_t>(state >> 23) : std::uint8_t{255};
        }
        const Box box{h / 3, w / 4, h - h / 3, std::max<std::int64_t>(w / 2, 1)};
        const Picture together = resize(picture, size, Interpolation::bilinear, box);
        for (std::size_t c = 0; c < 3; ++c) {
          Picture channel(h, w, 1);
          for (std::size_t i = 0; i < channel.pixels.size(); ++i) channel.pixels[i] = picture.pixels[3 * i + c];
          const Picture apart = resize(channel, size, Interpolation::bilinear, box);
          bool same = true;
          for (std::size_t i = 0; i < apart.pixels.size(); ++i) same &= together.pixels[3 * i + c] == apart.pixels[i];
          CHECK(same);
        }
      }
}

TEST_CASE("resize names the size that it cannot make", "[image][resize]") {
  CHECK_THROWS_WITH(resize(Picture(2, 2, 3), {0, 4}), Contains("(0, 4)"));
  CHECK_THROWS_WITH(resize(Picture(0, 2, 3), {4, 4}), Contains("(0, 2, 3)"));
}

TEST_CASE("bilinear takes rows first where they shrink by more than twice what columns do", "[image][resize]") {
  // From Pillow 13.0.0: FNV-1a of the bytes of a grey picture of 60 rows and 50 columns, pixel i being i*i*37 // 5 %
  // 251.
  Picture picture(60, 50, 1);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i)
    picture.pixels[i] = static_cast<std::uint8_t>(i * i * 37 / 5 % 251);
  const auto hash = [&](std::int64_t height) {
    std::uint32_t h = 2166136261u;
    for (const std::uint8_t level : resize(picture, {height, 40}, Interpolation::bilinear).pixels)
      h = (h ^ level) * 16777619u;
    return h;
  };
  CHECK(hash(45) == 0x67529b9fu);  // 15 rows and 10 columns fewer
  CHECK(hash(40) == 0x26d29096u);
  CHECK(hash(39) == 0x13e1a5dcu);
}
