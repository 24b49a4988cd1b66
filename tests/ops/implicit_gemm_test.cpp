// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "brindle/ops/conv2d/implicit_gemm_convolution.hpp"
#include "support/conv_kernel_checks.hpp"

using namespace brindle;
using namespace brindle::ops::kernel;
using namespace brindle::test;

TEST_CASE("implicit gemm agrees with the plain loops for any filter and stride, whatever the number of threads",
          "[ops][conv2d]") {
  struct Case {
    Shape4 x, filters;
    Size2 stride;
  };
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const Case& c : {Case{{2, 5, 6, 3}, {3, 3, 3, 4}, {1}}, Case{{1, 9, 8, 16}, {1, 1, 16, 32}, {1}},
                          Case{{2, 11, 13, 5}, {5, 3, 5, 17}, {2, 3}}, Case{{3, 7, 7, 2}, {2, 4, 2, 1}, {1, 2}},
                          Case{{1, 8, 9, 130}, {3, 3, 130, 33}, {1}}, Case{{1, 6, 5, 300}, {1, 1, 300, 48}, {2}}}) {
      check_conv_kernel<float, ImplicitGemmConvolution<float>>(ConvGeometry::of(c.x, c.filters, c.stride, padding));
      check_conv_kernel<double, ImplicitGemmConvolution<double>>(ConvGeometry::of(c.x, c.filters, c.stride, padding));
    }
}

TEST_CASE("a block of pixels is never larger than what memory is set aside for", "[ops][conv2d]") {
  std::int64_t too_large = 0, pixels_of_all = 0, pixels_wanted = 0;
  for (const std::int64_t pixels : {64, 96, 128, 192, 256})
    for (const std::int64_t h : {1, 2, 7})
      for (std::int64_t w = 1; w <= 600; ++w) {
        const PictureBlocks blocks = PictureBlocks::of_pixels({1, h, w, 1}, pixels);
        pixels_wanted += h * w;
        for (std::int64_t i = 0; i < blocks.count; ++i) {
          const PictureBlock b = blocks.at(i);
          pixels_of_all += b.rows * b.columns;
          if (b.rows > PictureBlocks::most_rows(w, pixels) || b.columns > PictureBlocks::most_columns(w, pixels))
            ++too_large;
        }
      }
  CHECK(too_large == 0);
  CHECK(pixels_of_all == pixels_wanted);
}

TEST_CASE("implicit gemm agrees with the plain loops in first layers: few channels, pictures wider than a block",
          "[ops][conv2d]") {
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const std::int64_t co : {16, 64})
      check_conv_kernel<float, ImplicitGemmConvolution<float>>(
          ConvGeometry::of({2, 31, 300, 3}, {3, 3, 3, co}, Size2{1}, padding));
}

TEST_CASE("implicit gemm agrees with the plain loops where 1x1 filters see more pixels of a batch than a block has",
          "[ops][conv2d]") {
  for (const std::int64_t co : {3, 16, 20})
    for (const Shape4& x : {Shape4{3, 13, 17, 5}, Shape4{2, 3, 300, 16}, Shape4{40, 4, 3, 8}}) {
      check_conv_kernel<float, ImplicitGemmConvolution<float>>(
          ConvGeometry::of(x, {1, 1, x.c, co}, Size2{1}, Padding::valid));
      check_conv_kernel<double, ImplicitGemmConvolution<double>>(
          ConvGeometry::of(x, {1, 1, x.c, co}, Size2{1}, Padding::valid));
    }
}

TEST_CASE(
    "implicit gemm agrees with the plain loops where filters are so many that zeros are put around pictures before",
    "[ops][conv2d]") {
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const Size2 stride : {Size2{2}, Size2{1, 2}})
      check_conv_kernel<float, ImplicitGemmConvolution<float>>(
          ConvGeometry::of({2, 6, 7, 160}, {3, 3, 160, 256}, stride, padding));
  check_conv_kernel<float, ImplicitGemmConvolution<float>>(
      ConvGeometry::of({2, 6, 6, 160}, {3, 3, 160, 256}, Size2{2}, Conv2DPadding(Border(0, 1, 2, 0))));
}
