// SPDX-License-Identifier: MIT
#include "brindle/ops/conv2d/winograd.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "support/conv_kernel_checks.hpp"
#include "support/pictures_together.hpp"

using namespace brindle;
using namespace brindle::ops::kernel;
using namespace brindle::test;

namespace {

ConvGeometry geometry(const Shape4& x, std::int64_t co, Padding padding) {
  return ConvGeometry::of(x, {3, 3, x.c, co}, Size2{1}, padding);
}

}  // namespace

TEST_CASE("winograd F(4x4), F(3x3) and F(2x2) agree with the plain loops at odd sizes, whatever the number of threads",
          "[ops][conv2d]") {
  for (const Padding padding : {Padding::valid, Padding::same})
    for (const Shape4& x : {Shape4{1, 3, 3, 1}, Shape4{2, 4, 5, 3}, Shape4{3, 9, 9, 17}, Shape4{1, 17, 12, 16},
                            Shape4{2, 7, 23, 33}, Shape4{2, 21, 14, 24}}) {
      // 32 fill packets, which are read in another way behind a pool.
      const std::int64_t co = x.c == 24 ? 32 : x.c == 17 ? 40 : x.c == 1 ? 1 : x.c + 1;
      check_conv_kernel<float, WinogradConvolution<float, 4>>(geometry(x, co, padding));
      check_conv_kernel<float, WinogradConvolution<float, 3>>(geometry(x, co, padding), false);
      check_conv_kernel<float, WinogradConvolution<float, 2>>(geometry(x, co, padding));
      check_conv_kernel<double, WinogradConvolution<double, 4>>(geometry(x, co, padding));
      check_conv_kernel<double, WinogradConvolution<double, 3>>(geometry(x, co, padding), false);
      check_conv_kernel<double, WinogradConvolution<double, 2>>(geometry(x, co, padding));
    }
}

TEST_CASE("winograd agrees with the plain loops where blocks are fused and where tiles and filters are dealt",
          "[ops][conv2d]") {
  // Many tiles of few channels are fused, and more blocks than partial sums; fewer are dealt.
  check_conv_kernel<float, WinogradConvolution<float, 4>>(geometry({3, 140, 141, 2}, 3, Padding::same));
  check_conv_kernel<float, WinogradConvolution<float, 4>>(geometry({1, 101, 103, 16}, 16, Padding::same));
  // Large filters are dealt, with their gradients in several blocks, and have their sums cut in slices.
  check_conv_kernel<float, WinogradConvolution<float, 4>>(geometry({1, 44, 40, 1900}, 2, Padding::same));
  check_conv_kernel<float, WinogradConvolution<float, 4>>(geometry({2, 9, 11, 300}, 290, Padding::same));
  check_conv_kernel<float, WinogradConvolution<float, 3>>(geometry({2, 9, 11, 300}, 290, Padding::same), false);
}

TEST_CASE("winograd gives a picture the same bits alone, as one of a few and among many", "[ops][conv2d]") {
  struct Sizes {
    std::int64_t h, w, ci, co;
  };
  // Whole tiles and half ones, one slice of input channels and several, whole panels of filters and a part of a packet;
  // at last, a picture that is dealt where many are fused.
  for (const Sizes& s : {Sizes{7, 7, 64, 64}, Sizes{7, 7, 300, 37}, Sizes{9, 9, 40, 33}, Sizes{3, 5, 513, 18},
                         Sizes{14, 14, 257, 48}, Sizes{10, 13, 31, 70}, Sizes{2, 2, 20, 20}, Sizes{23, 26, 40, 65}}) {
    check_bits_of_a_picture_alone<WinogradConvolution<float, 4>>(s.h, s.w, s.ci, s.co);
    check_bits_of_a_picture_alone<WinogradConvolution<float, 3>>(s.h, s.w, s.ci, s.co, false);
    check_bits_of_a_picture_alone<WinogradConvolution<float, 2>>(s.h, s.w, s.ci, s.co);
  }
}

TEST_CASE("winograd deals all tiles and panels, in tasks for all threads that stay small", "[ops][conv2d]") {
  for (const std::int64_t tiles : {1, 49, 196, 361, 3000})
    for (const std::int64_t panels : {1, 2, 4, 16})
      for (const std::int64_t threads : {1, 2, 3, 4, 8, 16, 64}) {
        const WinogradWork work{.tiles = tiles, .panels = panels, .most_tiles = 100, .most_groups = 4 * threads};
        const auto steps = [](std::int64_t block, std::int64_t group, double rounds) {
          return rounds * static_cast<double>(block * group);
        };
        const WinogradDealing d = deal_winograd(work, threads, steps);
        INFO(tiles << " tiles, " << panels << " panels, " << threads << " threads: " << d.blocks << " x " << d.groups);
        REQUIRE((d.blocks >= 1 && d.blocks <= tiles && d.groups >= 1 && d.groups <= panels));
        CHECK((d.first_tile(0, tiles) == 0 && d.first_tile(d.blocks, tiles) == tiles));
        std::int64_t most = 0;
        for (std::int64_t b = 0; b < d.blocks; ++b)
          most = std::max(most, d.first_tile(b + 1, tiles) - d.first_tile(b, tiles));
        CHECK(most <= d.most_tiles(tiles));
        CHECK(most <= work.most_tiles);
        const auto rounds = static_cast<double>((d.tasks() + threads - 1) / threads);
        CHECK(steps(most, (panels + d.groups - 1) / d.groups, rounds) <=
              2.0 * static_cast<double>((tiles * panels + threads - 1) / threads));
      }
  // V and M of all threads together stay within 48 MB, or 1 MB a thread, and those of one within 12 MB.
  const WinogradConvolution<float, 4> kernel(geometry({1, 75, 75, 512}, 512, Padding::same));
  const std::int64_t filters = 36 * 4 * (512 * 32 + 32), others = 1 << 20;
  for (const int threads : {1, 2, 3, 4, 8, 16}) {
    const std::int64_t most = std::min<std::int64_t>(12 << 20, std::max<std::int64_t>((48 << 20) / threads, 1 << 20));
    CHECK(kernel.forward_workspace(Cpu(threads)) <= threads * (most + filters) + others);
  }
  CHECK(deal_winograd({}, 2, [](std::int64_t, std::int64_t, double) { return 1.0; }).tasks() == 0);
}

namespace {

/// Error of the forward pass at the channels of a layer, relative to the output's root mean square. Pictures are cut to
/// a few tiles: the error grows with the channels, not with the pixels.
template <int m>
double error_of_layer(std::int64_t ci, std::int64_t co) {
  const ConvGeometry g = geometry({1, 9, 9, ci}, co, Padding::same);
  const DirectConvolution direct{g};
  const Cpu on(1);
  const WinogradConvolution<float, m> kernel(g);
  const auto x = noise<float>(g.h * g.w * g.ci, 1), w = noise<float>(9 * g.ci * g.co, 2);
  std::vector<float> y(static_cast<std::size_t>(g.oh * g.ow * g.co));
  Tensor<std::byte> workspace(Shape{kernel.forward_workspace(on)});
  kernel.forward(on, {x.data(), nullptr, g.h, g.w, g.ci}, w.data(), {.y = y.data()}, workspace);
  return relative_error(y, direct.forward(x, w, std::vector<float>{}, false));
}

}  // namespace

TEST_CASE("winograd F(4x4) is within 2e-6 of the output's root mean square at every shape of VGG16 and the baseline",
          "[ops][conv2d]") {
  struct Layer {
    std::int64_t ci, co;
  };
  for (const Layer& layer : {Layer{16, 64}, Layer{64, 64}, Layer{64, 128}, Layer{128, 128}, Layer{128, 256},
                             Layer{256, 256}, Layer{256, 512}, Layer{512, 512}}) {
    const double error = error_of_layer<4>(layer.ci, layer.co);
    INFO(layer.ci << " -> " << layer.co << ": " << error);
    CHECK(error < 2e-6);
  }
}

TEST_CASE("winograd F(3x3) has less error than F(4x4) at the shape that gets it in VGG16", "[ops][conv2d]") {
  const double f3 = error_of_layer<3>(512, 512), f4 = error_of_layer<4>(512, 512);
  INFO("F(3x3) " << f3 << ", F(4x4) " << f4);
  CHECK(f3 < 1.2e-6);
  CHECK(f3 < f4);
}
