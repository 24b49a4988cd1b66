// SPDX-License-Identifier: MIT
#include "brindle/image/augment.hpp"

#include <algorithm>
#include <array>
#include <brindle/image/affine_pixels.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/golden.hpp"
#include "support/numpy_random.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Matchers::Contains;

namespace {

Tensor<std::uint8_t> noise(const Shape& shape, std::uint64_t seed = 3) {
  return converted<std::uint8_t>(random_tensor<double>(shape, seed, 0, 256));
}

const Augment everything{
    .rotation = 50, .width_shift = 0.2, .height_shift = 0.2, .shear = 0.2, .zoom = 0.3, .flip_horizontal = true};

AugmentDraw from_params(const double* p) {
  return {.theta = p[0], .tx = p[1], .ty = p[2], .shear = p[3], .zx = p[4], .zy = p[5], .flip_horizontal = p[6] != 0};
}

template <class T = float>
Tensor<T> applied(const Augment& a, const AugmentDraw& d, const Tensor<std::uint8_t>& picture, double scale = 1) {
  Tensor<T> out = unwritten<T>(picture.shape());
  image::apply<T>(a, d, picture, out, image::Standardize(picture.shape()[2], scale));
  return out;
}

Tensor<double> by_reference(const image::Affine& m, const Tensor<std::uint8_t>& picture, Fill fill = Fill::nearest,
                            double constant = 0) {
  Tensor<double> out = unwritten<double>(picture.shape());
  image::reference::warp(m, picture, out, fill, constant);
  return out;
}

}  // namespace

TEST_CASE("an affine warp gives Keras's pixels, today's and those of 2018", "[image][augment]") {
  const Golden golden("affine.npz");
  const std::set<std::string> cases = golden.cases();
  int seen = 0;
  for (const std::string& name : cases) {
    if (!golden.has(name + ".params")) continue;
    ++seen;
    const Tensor<double> params = golden.get<double>(name + ".params");
    const auto which = golden.get<std::int64_t>(name + ".image")[0];
    const Tensor<std::uint8_t> picture = golden.get<std::uint8_t>(which == 0 ? "image_a" : "image_s");
    for (const bool keras2 : {false, true}) {
      const std::string expected = name + (keras2 ? ".keras2" : ".keras3");
      const AugmentDraw d = from_params(params.data());
      const Augment meaning{.keras2 = keras2, .keras3 = !keras2};
      const image::Affine m = image::affine(meaning, d, {picture.shape()[0], picture.shape()[1]});
      golden.check(expected, by_reference(m, picture), affine_golden);
      golden.check(expected, applied(meaning, d, picture), affine_golden);
    }
  }
  CHECK(seen == 16);
}

TEST_CASE("numpy's random numbers are those of numpy", "[image][augment]") {
  const Golden golden("flow.npz");
  const auto cfg = golden.get<std::int64_t>("w00.cfg");
  NumpyRandom random(static_cast<std::uint32_t>(cfg[4]));
  const auto order = random.permutation(cfg[0]);
  const auto expected = golden.get<std::int64_t>("w00.rng_permutation");
  CHECK(std::equal(order.begin(), order.end(), expected.data()));
  const auto uniform = golden.get<double>("w00.rng_uniform"), plain = golden.get<double>("w00.rng_random");
  for (std::int64_t i = 0; i < 8; ++i) CHECK(std::abs(random.uniform(-50, 50) - uniform[i]) < 1e-12 * 50);
  for (std::int64_t i = 0; i < 8; ++i) CHECK(random.random() == plain[i]);
}

TEST_CASE("a flow of augmented pictures is that of Keras: order, draws, pixels", "[image][augment]") {
  const Golden golden("flow.npz");
  const auto x = golden.get<std::uint8_t>("w00.x");
  const auto cfg = golden.get<std::int64_t>("w00.cfg");
  const std::int64_t n = cfg[0], side = cfg[1], batch = cfg[2], batches = cfg[3], seed = cfg[4];
  for (const bool keras2 : {false, true}) {
    const std::string key = keras2 ? "w00.keras2" : "w00.keras3";
    const auto order = golden.get<std::int64_t>(key + ".order"), sizes = golden.get<std::int64_t>(key + ".sizes");
    const auto draws = golden.get<double>(key + ".draws");
    Tensor<float> pixels(Shape{order.size(), side, side, 3});
    std::vector<std::int64_t> rows;
    std::int64_t sample = 0, position = n;
    for (std::int64_t b = 0; b < batches; ++b) {
      NumpyRandom random(static_cast<std::uint32_t>(seed + b));  // Keras seeds anew for each batch
      if (position == n) rows = random.permutation(n), position = 0;
      const std::int64_t count = std::min(batch, n - position);
      REQUIRE(count == sizes[b]);
      for (std::int64_t i = 0; i < count; ++i, ++sample) {
        const std::int64_t row = rows[static_cast<std::size_t>(position + i)];
        REQUIRE(row == order[sample]);
        AugmentDraw d;
        d.theta = random.uniform(-50, 50);
        d.tx = random.uniform(-0.2, 0.2) * static_cast<double>(side);
        d.ty = random.uniform(-0.2, 0.2) * static_cast<double>(side);
        d.shear = random.uniform(-0.2, 0.2);
        d.zx = random.uniform(0.7, 1.3);
        d.zy = random.uniform(0.7, 1.3);
        d.flip_horizontal = random.random() < 0.5;
        random.random();  // flip_vertical's, drawn all the same
        const std::array<double, 7> got{d.theta, d.tx, d.ty, d.shear, d.zx, d.zy, d.flip_horizontal ? 1.0 : 0.0};
        for (std::size_t k = 0; k < 7; ++k)
          REQUIRE(std::abs(got[k] - draws[sample * 7 + static_cast<std::int64_t>(k)]) <= 1e-12 * 50);
        image::apply<float>(Augment{.keras2 = keras2, .keras3 = !keras2}, d,
                            x.view().slice(row, row + 1).reshape({side, side, 3}),
                            pixels.view().slice(sample, sample + 1).reshape({side, side, 3}), image::Standardize(3));
      }
      position += count;
    }
    golden.check(key + ".pixels", pixels, flow_golden);
  }
}

TEST_CASE("the warp of RGB pictures agrees with plain loops in double at odd sizes", "[image][augment]") {
  for (const Size2 size : {Size2{2, 2}, Size2{3, 17}, Size2{16, 15}, Size2{33, 31}, Size2{150, 150}, Size2{7, 301}})
    for (std::uint64_t use = 0; use < 12; ++use)
      for (const int meaning : {0, 2, 3})
        for (const Fill fill : {Fill::nearest, Fill::constant, Fill::reflect, Fill::wrap}) {
          const Tensor<std::uint8_t> picture = noise({size.h, size.w, 3}, use);
          Augment a = everything;
          a.keras2 = meaning == 2, a.keras3 = meaning == 3, a.fill = fill, a.cval = 100, a.flip_vertical = true;
          a.zoom = use % 3 == 0 ? Zoom{0.1, 0.4} : use % 3 == 1 ? Zoom{2, 12} : a.zoom;
          const AugmentDraw d = image::draw(a, size, Random{1, 2, 3}, use);
          INFO(to_string(size) << ", " << to_string(d));
          const auto expected = by_reference(image::affine(a, d, size), picture, fill, 100);
          // A float position is within 2e-5 of the true one in a picture of 300 pixels; levels differ by 255 at most.
          check_close("float", applied(a, d, picture), expected, 2e-5, 0);
          check_close("double", applied<double>(a, d, picture), expected, 2e-5, 0);
        }
}

TEST_CASE("each fill finds outside of a picture what scipy finds", "[image][augment]") {
  // scipy.ndimage.affine_transform(x, [[1, 0], [0, 0.75]], [0, -8.25], output_shape=(2, 27), order=1, mode=..., cval=7)
  const std::vector<std::pair<Fill, std::vector<double>>> expected{
      {Fill::nearest, {10, 10, 10,  10,  10,  10,  10,  10,  10,  10,  10,  10,  17.5, 30,
                       50, 80, 140, 160, 160, 160, 160, 160, 160, 160, 160, 160, 160}},
      {Fill::constant, {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 10, 17.5, 30, 50, 80, 140, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7}},
      {Fill::reflect, {35, 60, 100, 160, 160, 120, 70, 40, 25,   15, 10, 10, 17.5, 30,
                       50, 80, 140, 160, 140, 80,  50, 30, 17.5, 10, 10, 15, 25}},
      {Fill::wrap, {140, 15, 25,  40, 70, 120, 12.5, 20,  35,   60, 100, 10, 17.5, 30,
                    50,  80, 140, 15, 25, 40,  70,   120, 12.5, 20, 35,  60, 100}}};
  const std::array<std::uint8_t, 10> picture{10, 20, 40, 80, 160, 10, 20, 40, 80, 160};
  for (const auto& [fill, values] : expected)
    for (int c = 0; c < 27; ++c) {
      INFO("fill " << static_cast<int>(fill) << " at " << c);
      double level = -1;
      image::internal::sample(picture.data(), Shape{2, 5, 1}, 0.75 * c - 8.25, 0, fill, 7,
                              [&](std::int64_t, double v) { level = v; });
      CHECK(level == values[static_cast<std::size_t>(c)]);
    }
}

TEST_CASE("an unchanged picture keeps its levels, a flipped one changes places", "[image][augment]") {
  for (const std::int64_t channels : {1, 3, 4}) {
    const std::int64_t h = 19, w = 34;
    const Tensor<std::uint8_t> picture = noise({h, w, channels});
    for (const Fill fill : {Fill::nearest, Fill::constant, Fill::reflect, Fill::wrap})
      for (const int flips : {0, 1, 2, 3}) {
        const bool across = flips & 1, down = flips & 2;
        const auto out =
            applied(Augment{.fill = fill}, {.flip_horizontal = across, .flip_vertical = down}, picture, 1.0 / 255.0);
        bool right = true;
        for (std::int64_t r = 0; r < h; ++r)
          for (std::int64_t c = 0; c < w; ++c)
            for (std::int64_t k = 0; k < channels; ++k) {
              const std::int64_t from = (down ? h - 1 - r : r) * w + (across ? w - 1 - c : c);
              right = right && out[(r * w + c) * channels + k] ==
                                   static_cast<float>(picture[from * channels + k]) * (1.0f / 255.0f);
            }
        CHECK(right);
      }
  }
}

TEST_CASE("pictures of one row, one column or one pixel are warped", "[image][augment]") {
  for (const Shape& shape : {Shape{1, 1, 3}, Shape{1, 9, 3}, Shape{9, 1, 3}, Shape{1, 5, 2}})
    for (const Fill fill : {Fill::nearest, Fill::constant, Fill::reflect, Fill::wrap})
      for (std::uint64_t use = 0; use < 8; ++use) {
        Augment a = everything;
        a.fill = fill;
        const auto picture = noise(shape);
        const auto out = applied(a, image::draw(a, {shape[0], shape[1]}, Random{}, use), picture);
        for (const float v : out.span()) CHECK((v >= 0 && v <= 255));
      }
}

TEST_CASE("levels are scaled and standardised channel by channel", "[image][augment]") {
  const auto picture = noise({8, 40, 3});
  Tensor<float> out = unwritten<float>(picture.shape());
  image::apply<float>({}, {}, picture, out, image::Standardize(3, 0.5, {10, 20, 30}, {2, 4, 8}));
  for (std::int64_t i = 0; i < out.size(); ++i) {
    const double mean[] = {10, 20, 30}, deviation[] = {2, 4, 8};
    CHECK(out[i] == Approx((picture[i] * 0.5 - mean[i % 3]) / (deviation[i % 3] + 1e-6)).margin(1e-5));
  }
  CHECK_THROWS_WITH(image::Standardize(3, 1, {1, 2}), Contains("a mean for each of 3 channels") && Contains("got 2"));
  CHECK_THROWS_WITH(image::Standardize(1, 1, {}, {-1}), Contains("deviation of channel 0"));
}

TEST_CASE("brightness and the shift of levels are those of Keras", "[image][augment]") {
  const std::uint8_t levels[] = {0, 10, 100, 201};
  Tensor<std::uint8_t> picture({2, 2, 1});
  std::copy(levels, levels + 4, picture.data());
  const auto check_levels = [&](const Augment& a, const AugmentDraw& d, const std::vector<float>& expected) {
    const auto out = applied(a, d, picture);
    for (std::int64_t i = 0; i < 4; ++i) CHECK(out[i] == Approx(expected[static_cast<std::size_t>(i)]).epsilon(1e-6));
  };
  check_levels({}, {.brightness = 0.55}, {0, 5, 55, 110});  // cut, not rounded
  check_levels({}, {.brightness = 1.5}, {0, 15, 150, 255});
  check_levels({.keras2 = true}, {.brightness = 0.5}, {0, 6, 63, 127});  // stretched by 255 / 201 first
  // A constant fill outside of 0..255: -100 is black and 201 white for as long as the brightness changes.
  check_levels({.fill = Fill::constant, .cval = -100}, {.tx = 1, .brightness = 0.5},
               {-45.70195770263672f, -100, 49.90980529785156f, -100});
  check_levels({}, {.channel_shift = 30.5}, {30.5f, 40.5f, 130.5f, 201});
  check_levels({}, {.channel_shift = -30.5}, {0, 0, 69.5f, 170.5f});
  check_levels({}, {.brightness = 0.5, .channel_shift = 30.5}, {15, 20, 65, 100});
}

TEST_CASE("a draw is named by its index and stays within its ranges", "[image][augment]") {
  Augment a = everything;
  a.flip_vertical = true;
  a.brightness = {0.5, 1.5};
  a.channel_shift = 20;
  const Random random{7, stream_id("augment"), 0};
  double least[9], most[9];
  std::fill(least, least + 9, 1e9);
  std::fill(most, most + 9, -1e9);
  double flips = 0, down = 0;
  constexpr int n = 4000;
  for (std::uint64_t i = 0; i < n; ++i) {
    const AugmentDraw d = image::draw(a, {100, 200}, random, i);
    CHECK(d == image::draw(a, {100, 200}, random, i));
    const double v[] = {d.theta, d.tx, d.ty, d.shear, d.zx, d.zy, d.brightness, d.channel_shift, d.zx - d.zy};
    for (int k = 0; k < 9; ++k) least[k] = std::min(least[k], v[k]), most[k] = std::max(most[k], v[k]);
    flips += d.flip_horizontal, down += d.flip_vertical;
  }
  const double limit[] = {50, 40, 20, 0.2, 1.3, 1.3, 1.5, 20, 0.6},
               low[] = {-50, -40, -20, -0.2, 0.7, 0.7, 0.5, -20, -0.6};
  for (int k = 0; k < 9; ++k) {
    INFO(k);
    const double width = limit[k] - low[k], slack = k == 8 ? 0.1 : 0.01;
    CHECK((least[k] >= low[k] && least[k] < low[k] + slack * width));
    CHECK((most[k] <= limit[k] && most[k] > limit[k] - slack * width));
  }
  CHECK(flips / n == Approx(0.5).margin(0.03));
  CHECK(down / n == Approx(0.5).margin(0.03));
  CHECK(image::draw({.width_shift = 5}, {100, 200}, random, 5).tx ==
        image::draw({.width_shift = 0.5}, {100, 10}, random, 5).tx);
  CHECK(image::draw({}, {100, 200}, random, 5) == AugmentDraw{});
}

namespace {

/// A picture (6, 16, 1) whose only bright pixel stands in the given row and column.
Tensor<std::uint8_t> one_bright(std::int64_t row, std::int64_t column) {
  Tensor<std::uint8_t> picture({6, 16, 1});
  picture[row * 16 + column] = 200;
  return picture;
}

/// Row and column of the brightest pixel.
std::pair<std::int64_t, std::int64_t> brightest(const Tensor<float>& x) {
  const auto at = std::max_element(x.data(), x.data() + x.size()) - x.data();
  return {at / 16, at % 16};
}

}  // namespace

TEST_CASE("width_shift moves columns and height_shift rows, and Keras 3's swap is asked for by name",
          "[image][augment]") {
  const Size2 size{6, 16};
  int moved = 0;
  for (std::uint64_t use = 0; use < 20; ++use) {
    for (const bool keras3 : {false, true}) {
      const Augment width{.width_shift = 3, .fill = Fill::constant, .keras3 = keras3};
      const Augment height{.height_shift = 2, .fill = Fill::constant, .keras3 = keras3};
      const AugmentDraw w = image::draw(width, size, Random{}, use), h = image::draw(height, size, Random{}, use);
      const auto by_width = brightest(applied(width, w, one_bright(3, 8)));
      const auto by_height = brightest(applied(height, h, one_bright(3, 8)));
      CHECK((keras3 ? by_width.second : by_width.first) == (keras3 ? 8 : 3));
      CHECK((keras3 ? by_height.first : by_height.second) == (keras3 ? 3 : 8));
      moved += by_width != std::pair<std::int64_t, std::int64_t>{3, 8};
    }
    const Augment share{.width_shift = 0.5};
    CHECK(std::abs(image::draw(share, size, Random{}, use).tx) <= 8);
    CHECK(image::draw(share, size, Random{}, use).ty == 0);
  }
  CHECK(moved > 20);
}

TEST_CASE("a picture that is not square turns about its middle", "[image][augment]") {
  // Half a turn: what stood right of the middle stands left of it, in the same place of the picture seen upside down.
  const AugmentDraw half{.theta = 180};
  CHECK(brightest(applied({}, half, one_bright(1, 3))) == std::pair<std::int64_t, std::int64_t>{4, 12});
  CHECK(brightest(applied({.keras3 = true}, half, one_bright(1, 3))) != std::pair<std::int64_t, std::int64_t>{4, 12});
  const AugmentDraw zoom{.zx = 0.5, .zy = 0.5};  // both sides of the middle stay where they are
  const Tensor<float> out = applied({}, zoom, one_bright(2, 7));
  CHECK(brightest(out).first <= 2);
  CHECK(brightest(out).second <= 7);
}

TEST_CASE("square pictures with equal shifts are changed as in Keras 3", "[image][augment]") {
  const auto picture = noise({31, 31, 3});
  for (std::uint64_t use = 0; use < 20; ++use) {
    Augment today = everything, keras3 = everything;
    keras3.keras3 = true;
    const AugmentDraw d = image::draw(today, {31, 31}, Random{4, 5, 6}, use);
    CHECK(d == image::draw(keras3, {31, 31}, Random{4, 5, 6}, use));
    CHECK(same_bits(applied(today, d, picture), applied(keras3, d, picture)));
  }
}

TEST_CASE("a draw can be printed", "[image][augment]") {
  CHECK(to_string(AugmentDraw{}) == "unchanged");
  CHECK(to_string(AugmentDraw{.theta = 12.5, .tx = 1, .zy = 0.75, .flip_horizontal = true, .brightness = 2}) ==
        "theta 12.5, tx 1, zy 0.75, flip_horizontal, brightness 2");
}

TEST_CASE("settings and sizes without a meaning are refused", "[image][augment]") {
  CHECK_THROWS_WITH(image::check_augment(Augment{.rotation = -1}),
                    Contains("rotation must be finite and at least 0, got -1"));
  CHECK_THROWS_WITH(image::check_augment(Augment{.zoom = 1}),
                    Contains("zoom") && Contains("one number z means 1 - z to 1 + z"));
  CHECK_THROWS_WITH(image::check_augment(Augment{.brightness = {2, 1}}), Contains("brightness"));
  CHECK_THROWS_WITH(image::check_augment(Augment{.keras2 = true, .keras3 = true}), Contains("two meanings"));
  CHECK_NOTHROW(image::check_augment(everything));
  const auto picture = noise({4, 5, 3});
  Tensor<float> out({4, 4, 3});
  CHECK_THROWS_WITH(image::apply<float>({}, {}, picture, out, image::Standardize(3)),
                    Contains("(4, 5, 3)") && Contains("(4, 4, 3)"));
  Tensor<float> same({4, 5, 3});
  CHECK_THROWS_WITH(image::apply<float>({}, {}, picture, same, image::Standardize(1)), Contains("each channel"));
  const std::uint8_t row[] = {1, 2, 3};
  CHECK_THROWS_WITH(image::apply<float>({}, {}, {row, {1, 3}}, same, image::Standardize(3)),
                    Contains("expected a picture (H, W, C), got (1, 3)"));
  CHECK_THROWS_AS(image::warp<float>({.xx = std::nan("")}, picture, same, Fill::nearest, 0), ValueError);
}
