// SPDX-License-Identifier: MIT
// What works on pictures by blocks of columns and two passes, at sizes that are drawn.
#include <algorithm>
#include <brindle/image/affine_pixels.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/image/affine.hpp"
#include "brindle/image/augment.hpp"
#include "brindle/image/resize.hpp"
#include "support/random_sizes.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

/// A warp as augmentation makes them, or a plain shift, or anything.
image::Affine draw_warp(RandomCase& c, std::int64_t h, std::int64_t w) {
  image::Affine m;
  const double turn = c.pick({0.0, 0.0, c.uniform(-0.5, 0.5), c.uniform(-3.2, 3.2)});
  const double zoom = c.pick({1.0, 1.0, c.uniform(0.5, 2), c.uniform(0.01, 30)});
  m.xx = std::cos(turn) * zoom * c.pick({1, 1, -1}), m.xy = -std::sin(turn) * zoom;
  m.yx = std::sin(turn) * zoom, m.yy = std::cos(turn) * zoom * c.pick({1, 1, -1});
  m.x0 = c.pick({0.0, c.uniform(-0.5, 1.5) * double(w), double(c.between(-3, 3))});
  m.y0 = c.pick({0.0, c.uniform(-0.5, 1.5) * double(h), double(c.between(-3, 3))});
  return m;
}

/// Along one axis: the triangle of Pillow's bilinear, wide enough for all old pixels where there are more of them.
std::vector<double> resized(const std::vector<double>& from, std::int64_t lines, std::int64_t whole, std::int64_t begin,
                            std::int64_t size, std::int64_t out, std::int64_t step) {
  std::vector<double> to(static_cast<std::size_t>(lines * out * step));
  const double scale = double(size) / double(out), reach = std::max(scale, 1.0);
  for (std::int64_t i = 0; i < out; ++i) {
    const double centre = double(begin) + (double(i) + 0.5) * scale;
    std::vector<double> weight(static_cast<std::size_t>(whole), 0);
    double sum = 0;
    for (std::int64_t p = 0; p < whole; ++p)
      sum += weight[static_cast<std::size_t>(p)] = std::max(0.0, 1 - std::abs(double(p) + 0.5 - centre) / reach);
    for (std::int64_t line = 0; line < lines; ++line)
      for (std::int64_t k = 0; k < step; ++k) {
        double level = 0;
        for (std::int64_t p = 0; p < whole; ++p)
          level +=
              weight[static_cast<std::size_t>(p)] / sum * from[static_cast<std::size_t>((line * whole + p) * step + k)];
        to[static_cast<std::size_t>((line * out + i) * step + k)] = level;
      }
  }
  return to;
}

}  // namespace

TEMPLATE_TEST_CASE("an affine warp agrees with plain loops at random sizes", "[image][augment][random_sizes]", float,
                   double) {
  using T = TestType;
  random_cases(200, [](RandomCase& c) {
    std::int64_t h = 1, w = 1;  // 16 columns at a time
    c.sizes({{&h, 90, {2}}, {&w, 200, {2, 16}}}, 8000, [&] { return double(h * w); });
    const std::int64_t channels = c.chance(0.7) ? 3 : c.between(1, 5);
    const image::Affine m = draw_warp(c, h, w);
    const Fill fill = c.pick({Fill::nearest, Fill::nearest, Fill::constant, Fill::reflect, Fill::wrap});
    const double constant = c.uniform(0, 255), scale = c.uniform(0.5, 2);
    const bool standardizes = c.chance(0.5);
    c.says("picture (", h, ", ", w, ", ", channels, "), fill ", static_cast<int>(fill), ", matrix ", m.xx, " ", m.xy,
           " ", m.x0, ", ", m.yx, " ", m.yy, " ", m.y0, ", standardized ", standardizes);
    const auto picture = c.whole_numbers<std::uint8_t>({h, w, channels}, 256);
    const image::Standardize to(channels, scale);
    Tensor<double> expected({h, w, channels});
    image::reference::warp(m, picture, expected, fill, constant);
    c.compute([&](const Cpu&, Outputs& out) {
      image::warp<T>(m, picture, out.tensor<T>("warped", picture.shape), fill, constant, standardizes ? &to : nullptr);
    });
    for (double& level : expected.span()) level *= standardizes ? static_cast<double>(static_cast<float>(scale)) : 1;
    // Levels change by up to 255 from a pixel to the next; positions are kept as floats.
    c.close<T>("warped", expected.span(), {3e-4, 3e-4}, 255 * scale);
  });
}

TEST_CASE("augmentation that only mirrors agrees with the warp that mirrors at random sizes",
          "[image][augment][random_sizes]") {
  random_cases(200, [](RandomCase& c) {
    std::int64_t h = 1, w = 1;
    c.sizes({{&h, 90, {2}}, {&w, 200, {2, 16}}}, 8000, [&] { return double(h * w); });
    const std::int64_t channels = c.chance(0.7) ? 3 : c.between(1, 5);
    Augment a;
    AugmentDraw d;
    d.flip_horizontal = c.chance(0.5), d.flip_vertical = c.chance(0.5);
    c.says("picture (", h, ", ", w, ", ", channels, "), flips ", d.flip_horizontal, d.flip_vertical);
    const auto picture = c.whole_numbers<std::uint8_t>({h, w, channels}, 256);
    Tensor<double> expected({h, w, channels});
    image::reference::warp(image::affine(a, d, {h, w}), picture, expected, a.fill, a.cval);
    c.compute([&](const Cpu&, Outputs& out) {
      image::apply<float>(a, d, picture, out.tensor<float>("y", picture.shape), image::Standardize(channels, 0.5));
    });
    for (double& level : expected.span()) level *= 0.5;
    c.close<float>("y", expected.span(), {1e-5, 1e-5}, 255);
  });
}

TEST_CASE("resizing agrees with plain loops at random sizes", "[image][resize][random_sizes]") {
  random_cases(100, [](RandomCase& c) {
    std::int64_t h = 1, w = 1, out_h = 1, out_w = 1;
    c.sizes({{&h, 200, {8}}, {&w, 200, {8}}, {&out_h, 200, {8}}, {&out_w, 200, {8}}}, 3e6,
            [&] { return double(h * w * out_w) + double(h * out_h * out_w); });
    const std::int64_t channels = c.chance(0.7) ? 3 : 1;
    image::Picture picture(h, w, channels);
    for (std::uint8_t& level : picture.pixels) level = static_cast<std::uint8_t>(c.below(256));
    image::Box box{0, 0, h, w};
    if (c.chance(0.5)) {
      box.top = c.below(h), box.left = c.below(w);
      box.height = c.between(1, h - box.top), box.width = c.between(1, w - box.left);
    }
    c.says("picture (", h, ", ", w, ", ", channels, ") to (", out_h, ", ", out_w, "), box ", box.top, " ", box.left,
           " ", box.height, " ", box.width);
    const image::Picture nearest = image::resize(picture, {out_h, out_w}, image::Interpolation::nearest, box);
    const image::Picture smooth = image::resize(picture, {out_h, out_w}, image::Interpolation::bilinear, box);
    std::vector<double> expected(picture.pixels.begin(), picture.pixels.end());
    expected = resized(expected, h, w, box.left, box.width, out_w, channels);
    expected = resized(expected, 1, h, box.top, box.height, out_h, out_w * channels);
    c.expect(smooth.pixels.size() == expected.size() && nearest.pixels.size() == expected.size(), "another size");
    for (std::size_t i = 0; i < expected.size() && i < smooth.pixels.size(); ++i)
      // Rounded once a pass, the first rounding shared by few.
      c.expect(std::abs(double(smooth.pixels[i]) - expected[i]) < 1.1, "smooth[", i, "]: got ", int(smooth.pixels[i]),
               ", expected ", expected[i]);
    const auto at = [](std::int64_t i, std::int64_t size, std::int64_t out, std::int64_t off) {
      return (2 * i + off) * size / (2 * out);
    };
    for (std::int64_t r = 0; r < out_h; ++r)
      for (std::int64_t q = 0; q < out_w; ++q) {
        bool found = false;  // where the middle falls between two pixels either is right
        for (const bool upper : {false, true})
          for (const bool left : {false, true}) {
            const std::int64_t row = at(r, box.height, out_h, 1), column = at(q, box.width, out_w, 1);
            const bool row_tie = (2 * r + 1) * box.height % (2 * out_h) == 0,
                       tie = (2 * q + 1) * box.width % (2 * out_w) == 0;
            const std::int64_t y = box.top + row - (upper && row_tie ? 1 : 0),
                               x = box.left + column - (left && tie ? 1 : 0);
            found = found || std::equal(nearest.at(r, q), nearest.at(r, q) + channels, picture.at(y, x));
          }
        c.expect(found, "nearest at ", r, ", ", q);
      }
  });
}
