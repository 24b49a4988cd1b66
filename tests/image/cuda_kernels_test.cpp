// SPDX-License-Identifier: MIT
// What one thread of the GPU does to a pixel, run by the processor, against image::apply(). Needs neither CUDA nor a
// GPU.
#include "brindle/image/cuda_kernels.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>

#include "brindle/image/augment.hpp"
#include "brindle/image/cuda_picture_ops.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;

TEST_CASE("the GPU's warp is the processor's, for every fill, size and number of channels", "[image][cuda_kernels]") {
  const Random random{.seed = 5, .what = stream_id("augment")};
  const Augment augment{.rotation = 50,
                        .width_shift = 0.2,
                        .height_shift = 0.2,
                        .shear = 20,
                        .zoom = 0.3,
                        .flip_horizontal = true,
                        .flip_vertical = true};
  for (const Fill fill : {Fill::nearest, Fill::constant, Fill::reflect, Fill::wrap})
    for (const Shape& shape : {Shape{15, 17, 3}, Shape{8, 8, 1}, Shape{1, 5, 3}, Shape{33, 20, 4}})
      for (const bool keras2 : {false, true}) {
        Augment a = augment;
        a.fill = fill, a.cval = 77, a.keras2 = keras2;
        constexpr std::int64_t uses = 5, pictures = 3;
        Tensor<std::uint8_t> pixels(shape.batch(pictures));
        for (std::int64_t i = 0; i < pixels.size(); ++i)
          pixels[i] = static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(i), 256));
        const image::Standardize to(shape[2], 1.0 / 255, std::vector<double>(static_cast<std::size_t>(shape[2]), 0.25));
        image::internal::WarpPixel<float> warp{};
        Tensor<float> got = unwritten<float>(shape.batch(uses)), expected(shape.batch(uses));
        warp.pixels = pixels.data(), warp.out = got.data();
        warp.h = shape[0], warp.w = shape[1], warp.c = shape[2];
        warp.fill = fill, warp.constant = a.cval;
        std::copy(to.factor.begin(), to.factor.end(), warp.factor);
        std::copy(to.offset.begin(), to.offset.end(), warp.offset);
        for (std::int64_t i = 0; i < uses; ++i) {
          const std::int64_t row = (i * 2) % pictures;
          const AugmentDraw d = image::draw(a, {shape[0], shape[1]}, random, static_cast<std::uint64_t>(i));
          warp.use[i] = {image::affine(a, d, {shape[0], shape[1]}), static_cast<std::int32_t>(row), 1.0f};
          image::apply<float>(a, d, {pixels.data() + row * shape.size(), shape},
                              {expected.data() + i * shape.size(), shape}, to);
        }
        for (std::int64_t i = uses * shape[0] * shape[1] - 1; i >= 0; --i) warp(i);
        check_close("levels", got, expected, 1e-4);  // the processor has positions in float: see affine_golden

        warp.swap_red_blue = true;
        if (shape[2] != 3) continue;
        const Tensor<float> before = got.clone();
        for (std::int64_t i = 0; i < uses * shape[0] * shape[1]; ++i) warp(i);
        for (std::int64_t i = 0; i < got.size(); i += 3) {
          REQUIRE(got[i] == before[i + 2]);
          REQUIRE(got[i + 1] == before[i + 1]);
          REQUIRE(got[i + 2] == before[i]);
        }
      }
  CHECK(sizeof(image::internal::WarpPixel<float>) <= 4000);
  CHECK(sizeof(image::internal::PictureChanges) <= 4000);
}

TEST_CASE("the GPU's brightness is the processor's", "[image][cuda_kernels]") {
  const Random random{.seed = 6, .what = stream_id("augment")};
  const Shape shape{20, 24, 3};
  Tensor<std::uint8_t> picture(shape);
  for (std::int64_t i = 0; i < picture.size(); ++i)
    picture[i] = static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(i), 256));
  const image::Standardize to(3, 1.0 / 255, {}, {});
  for (const double rotation : {0.0, 30.0})
    for (const Fill fill : {Fill::nearest, Fill::constant}) {
      Augment a{.rotation = rotation, .flip_horizontal = true, .brightness = {0.0, 2.5}, .fill = fill, .cval = 255};
      std::int64_t other = 0;
      for (std::uint64_t use = 0; use < 8; ++use) {
        const AugmentDraw d = image::draw(a, {shape[0], shape[1]}, random, use);
        Tensor<float> expected(shape), got = unwritten<float>(shape);
        image::apply<float>(a, d, picture, expected, to);
        image::internal::WarpPixel<float> warp{};
        warp.pixels = picture.data(), warp.out = got.data();
        warp.h = shape[0], warp.w = shape[1], warp.c = shape[2];
        warp.fill = fill, warp.constant = a.cval;
        std::copy(to.factor.begin(), to.factor.end(), warp.factor);
        std::copy(to.offset.begin(), to.offset.end(), warp.offset);
        warp.use[0] = {image::affine(a, d, {shape[0], shape[1]}), 0, static_cast<float>(d.brightness)};
        for (std::int64_t i = 0; i < shape[0] * shape[1]; ++i) warp(i);
        for (std::int64_t i = 0; i < got.size(); ++i) {
          REQUIRE(std::abs(got[i] - expected[i]) * 255 < 3.01f);  // a level that is cut down the other way, times 2.5
          other += got[i] != expected[i];
        }
      }
      CHECK(other <= (rotation == 0 ? 0 : 8 * shape.size() / 100));
    }
}
