// SPDX-License-Identifier: MIT
// Augment's settings that are torchvision's.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "brindle/data/augmented.hpp"
#include "brindle/data/pictures.hpp"
#include "brindle/image/augment.hpp"
#include "support/double_models.hpp"
#include "support/golden.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

const Random random_numbers{7, stream_id("augment"), 0};
constexpr Size2 drawn_size(40, 60);

const Augment all_changes{.rotation = 20,
                          .flip_horizontal = true,
                          .color_jitter = {0.4, 0.4, 0.4, 0.1},
                          .rand_augment = {.num_ops = 2},
                          .resized_crop = {.least = 0.08, .most = 0.9, .least_ratio = 0.75, .most_ratio = 1.3333},
                          .random_erasing = {.probability = 0.5, .value = -2}};

std::vector<AugmentDraw> draws(const Augment& a, std::uint64_t n = 2000) {
  std::vector<AugmentDraw> all;
  for (std::uint64_t i = 0; i < n; ++i) all.push_back(image::draw(a, drawn_size, random_numbers, i));
  return all;
}

Tensor<float> changed(const AugmentDraw& d, const Tensor<std::uint8_t>& picture, const Augment& a = {}) {
  Tensor<float> out = unwritten<float>(picture.shape());
  image::apply<float>(a, d, picture, out, image::Standardize(picture.shape()[2], 1.0));
  return out;
}

Tensor<std::uint8_t> random_pixels(const Shape& shape) {
  return converted<std::uint8_t>(random_tensor<double>(shape, 3, 0, 256));
}

data::Pictures pictures(const Shape& shape) {
  data::Pictures::Parts p;
  p.pixels = random_pixels(shape);
  p.classes.assign(static_cast<std::size_t>(shape[0]), 0);
  p.class_names = {"cat"};
  return data::Pictures(std::move(p));
}

}  // namespace

TEST_CASE("a part that is made as large as the picture has torchvision's levels", "[image][augment][golden]") {
  const Golden golden("picture_ops.npz");
  const Tensor<std::uint8_t> picture = golden.get<std::uint8_t>("colour");
  const std::int64_t h = picture.shape()[0], w = picture.shape()[1];
  for (const std::string& name : golden.cases("crop_")) {
    INFO(name);
    const Tensor<std::int64_t> box = golden.get<std::int64_t>(name + ".box");
    const Tensor<double> expected = golden.get<double>(name + ".colour");
    AugmentDraw d;
    d.crop = {box[0], box[1], box[2], box[3]};
    const Tensor<float> out = changed(d, picture);
    // What is less than half a pixel of the part away from its edge is blended with what is beside it; torchvision has
    // cut that off before.
    const auto edge = [](std::int64_t whole, std::int64_t part) { return (whole + 2 * part - 1) / (2 * part); };
    const std::int64_t ey = edge(h, box[2]), ex = edge(w, box[3]);
    for (std::int64_t y = ey; y < h - ey; ++y)
      for (std::int64_t i = (y * w + ex) * 3; i < (y * w + w - ex) * 3; ++i)
        if (std::abs(static_cast<double>(out[i]) - expected[i]) > 1e-3) {
          CAPTURE(y, i, out[i], expected[i]);
          FAIL();
        }
  }
}

TEST_CASE("parts have areas, shapes and places of all that is asked for", "[image][augment]") {
  const Augment a{.resized_crop = {.least = 0.2, .most = 0.6, .least_ratio = 0.5, .most_ratio = 2}};
  double least = 1, most = 0, flattest = 0, slimmest = 9, wide = 0;
  std::set<std::int64_t> tops;
  for (const AugmentDraw& d : draws(a)) {
    const double area = static_cast<double>(d.crop.height * d.crop.width) / 2400;
    const double shape = static_cast<double>(d.crop.width) / static_cast<double>(d.crop.height);
    REQUIRE(
        (d.crop.top >= 0 && d.crop.left >= 0 && d.crop.top + d.crop.height <= 40 && d.crop.left + d.crop.width <= 60));
    least = std::min(least, area), most = std::max(most, area);
    flattest = std::max(flattest, shape), slimmest = std::min(slimmest, shape);
    wide += shape > 1 ? 1 : 0;
    tops.insert(d.crop.top);
  }
  CHECK(least == Approx(0.2).margin(0.02));
  CHECK(most == Approx(0.6).margin(0.02));
  CHECK(flattest == Approx(2).margin(0.1));
  CHECK(slimmest == Approx(0.5).margin(0.1));
  CHECK(wide / 2000 == Approx(0.55).margin(0.1));  // tall ones fit less often into a picture that is wide
  CHECK(tops.size() > 20);
  // Nothing of this shape fits: the largest about the middle, as in torchvision.
  const Augment slim{.resized_crop = {.least = 0.99, .most = 1, .least_ratio = 0.5, .most_ratio = 0.5}};
  CHECK(image::internal::middle_box(slim.resized_crop, drawn_size) == PixelBox{0, 20, 40, 20});
}

TEST_CASE("colours change by factors of their ranges, in every order", "[image][augment]") {
  std::set<std::string> orders;
  for (const AugmentDraw& d : draws({.color_jitter = {0.4, 0.3, 1.5, 0.1}})) {
    REQUIRE(d.step_count == 4);
    std::string order;
    for (std::size_t i = 0; i < 4; ++i) {
      const PictureStep& s = d.steps[i];
      order += to_string(s.op)[0];
      if (s.op == PictureOp::brightness) CHECK((s.amount >= 0.6 && s.amount <= 1.4));
      if (s.op == PictureOp::contrast) CHECK((s.amount >= 0.7 && s.amount <= 1.3));
      if (s.op == PictureOp::saturation) CHECK((s.amount >= 0 && s.amount <= 2.5));
      if (s.op == PictureOp::hue) CHECK((s.amount >= -0.1 && s.amount <= 0.1));
    }
    orders.insert(order);
  }
  CHECK(orders.size() == 24);
  for (const AugmentDraw& d : draws({.color_jitter = {.hue = 0.1}}, 20)) CHECK(d.step_count == 1);
}

TEST_CASE("rand_augment takes each of its fourteen changes, as strong as its magnitude", "[image][augment]") {
  std::vector<int> seen(14);
  int none = 0, left = 0, turned = 0;
  for (const AugmentDraw& d : draws({.rand_augment = {.num_ops = 1, .magnitude = 15}}, 14000)) {
    if (d.step_count == 0) {
      ++none;
      continue;
    }
    const PictureStep& s = d.steps[0];
    ++seen[static_cast<std::size_t>(s.op)];
    if (s.op == PictureOp::rotate) {
      CHECK(std::abs(s.amount) == Approx(15));
      left += s.amount > 0 ? 1 : 0;
      ++turned;
    }
    if (s.op == PictureOp::translate_x) CHECK(std::abs(s.amount) == 13);  // 60 150 / 331 / 2
    if (s.op == PictureOp::posterize) CHECK(s.amount == 6);
    if (s.op == PictureOp::solarize) CHECK(s.amount == Approx(127.5));
    if (s.op == PictureOp::sharpness) CHECK(std::abs(s.amount - 1) == Approx(0.45));
  }
  CHECK(none > 850);
  CHECK(seen[static_cast<std::size_t>(PictureOp::hue)] == 0);
  for (std::size_t op = 0; op < 14; ++op)
    if (op != static_cast<std::size_t>(PictureOp::hue)) CHECK(seen[op] > 850);
  CHECK(left > 0.4 * turned);
  CHECK(left < 0.6 * turned);
}

TEST_CASE("a part is erased of as many pictures as asked, to the value that the network gets", "[image][augment]") {
  int erased = 0;
  for (const AugmentDraw& d : draws({.random_erasing = {.probability = 0.3}})) {
    if (d.erased.height == 0) continue;
    ++erased;
    const double area = static_cast<double>(d.erased.height * d.erased.width) / 2400;
    CHECK((area > 0.015 && area < 0.35 && d.erased.height < 40 && d.erased.width < 60));
  }
  CHECK(erased > 500);
  CHECK(erased < 700);
  const Tensor<std::uint8_t> picture = random_pixels({6, 5, 3});
  AugmentDraw d;
  d.erased = {2, 1, 3, 2};
  const Tensor<float> out = changed(d, picture, {.random_erasing = {.probability = 1, .value = -2}});
  for (std::int64_t y = 0; y < 6; ++y)
    for (std::int64_t x = 0; x < 5; ++x) {
      const bool inside = y >= 2 && y < 5 && x >= 1 && x < 3;
      const std::int64_t i = (y * 5 + x) * 3 + 1;
      CHECK(out[i] == (inside ? -2.0f : static_cast<float>(picture[i])));
    }
}

TEST_CASE("torchvision's settings change nothing of what Keras's draw", "[image][augment]") {
  Augment alone = all_changes;
  alone.color_jitter = {}, alone.rand_augment = {}, alone.resized_crop = {}, alone.random_erasing = {};
  for (std::uint64_t i = 0; i < 50; ++i) {
    const AugmentDraw a = image::draw(alone, drawn_size, random_numbers, i),
                      b = image::draw(all_changes, drawn_size, random_numbers, i);
    CHECK(a.theta == b.theta);
    CHECK(a.flip_horizontal == b.flip_horizontal);
    CHECK(b.step_count >= 4);
  }
}

TEST_CASE("steps, parts and what is erased are the same on any number of threads, and from their draw",
          "[image][augment][data]") {
  const data::Pictures photos = pictures({5, 40, 60, 3});
  const data::Augmented augmented(photos, all_changes, {.seed = 3});
  std::vector<data::Draw> uses;
  for (std::uint64_t i = 0; i < 12; ++i) uses.push_back({static_cast<std::int64_t>(i % 5), i});
  Tensor<float> one({12, 40, 60, 3}), three({12, 40, 60, 3});
  augmented.read(Cpu(1), uses, one.view());
  augmented.read(Cpu(3), uses, three.view());
  CHECK(same_bits(one, three));
  Tensor<float> again({40, 60, 3});
  photos.with_pixels(2, [&](const std::uint8_t* pixels) {
    image::apply<float>(all_changes, augmented.drawn(7), {pixels, Shape{40, 60, 3}}, again.view(),
                        augmented.standardize());
  });
  for (std::int64_t i = 0; i < again.size(); ++i) REQUIRE(again[i] == one[7 * again.size() + i]);
}

TEST_CASE("torchvision's settings and their draws can be printed", "[image][augment]") {
  CHECK(to_string(all_changes) ==
        "rotation 20, flip_horizontal, jitter brightness 0.4, contrast 0.4, saturation 0.4, hue 0.1, rand_augment 2 of "
        "magnitude 9, resized_crop 0.08 to 0.9 of shape 0.75 to 1.3333, random_erasing of 0.5, 0.02 to 0.33 of shape "
        "0.3 to 3.3, value -2");
  CHECK(to_string(Augment{}) == "none");
  AugmentDraw d;
  d.steps[0] = {PictureOp::hue, -0.05};
  d.steps[1] = {PictureOp::equalize, 0};
  d.step_count = 2;
  d.crop = {1, 2, 30, 40};
  d.erased = {5, 6, 7, 8};
  CHECK(to_string(d) == "hue -0.05, equalize, crop 1 2 30 40, erased 5 6 7 8");
}

TEST_CASE("torchvision's settings without a meaning are refused", "[image][augment]") {
  const auto refuses = [](const Augment& a, const std::string& words) {
    CHECK_THROWS_WITH(image::check_augment(a), Contains("Augment: " + words));
  };
  refuses({.color_jitter = {.hue = 0.6}}, "color_jitter.hue must be 0 to 0.5, got 0.6");
  refuses({.color_jitter = {.contrast = -1}}, "color_jitter.contrast must be 0 to");
  refuses({.rand_augment = {.num_ops = 5}}, "rand_augment.num_ops must be 0 to 4, got 5");
  refuses({.rand_augment = {.num_ops = 1, .magnitude = 31}}, "rand_augment.magnitude must be 0 to 30, got 31");
  refuses({.resized_crop = {.least = 0}}, "resized_crop must be shares of the area above 0, the smaller one first");
  refuses({.resized_crop = {.least = 0.5, .least_ratio = 2, .most_ratio = 1}}, "resized_crop must have shapes");
  refuses({.random_erasing = {.probability = 2}}, "random_erasing.probability must be 0 to 1, got 2");
  refuses({.random_erasing = {.value = std::numeric_limits<double>::quiet_NaN()}}, "random_erasing.value");
  const data::Pictures four = pictures({2, 8, 8, 4});
  CHECK_THROWS_WITH(
      data::Augmented(four, {.rand_augment = {.num_ops = 1}}),
      Contains("color_jitter and rand_augment are of pictures of 1 or 3 channels, these are (None, 8, 8, 4)"));
}
