// SPDX-License-Identifier: MIT
#include "brindle/ops/conv2d/winograd.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "support/conv_kernel_checks.hpp"

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

namespace {

/// What a convolution ends in: nothing; bias, shortcut, normalization and silu; bias, relu and a pool; or it is turned
/// around, to give dx.
enum class End { none, normalized, pooled, backward };

/// Pictures of one size, and all that a convolution takes beside them.
struct Together {
  std::int64_t h, w, ci, co;
  End end;

  std::int64_t in() const { return h * w * (end == End::backward ? co : ci); }   ///< elements of a picture
  std::int64_t out() const { return h * w * (end == End::backward ? ci : co); }  ///< of its y, or dx
  std::int64_t kept() const { return end == End::pooled ? (h / 2) * (w / 2) * co : out(); }

  std::vector<float> filters = noise<float>(9 * ci * co, 2), channels = noise<float>(4 * co, 3);

  /// y, or dx, of `count` pictures from number `first` on; then the pool's codes.
  template <int m>
  std::vector<float> run(const std::vector<float>& pictures, const std::vector<float>& shortcut, std::int64_t first,
                         std::int64_t count, bool prepares, int threads) const {
    const ConvGeometry g = geometry({count, h, w, ci}, co, Padding::same);
    const Cpu on(threads);
    const WinogradConvolution<float, m> kernel(g);
    Tensor<std::byte> workspace(Shape{std::max(kernel.forward_workspace(on), kernel.backward_data_workspace(on))});
    std::vector<float> prepared(static_cast<std::size_t>(prepares ? kernel.prepared_size() : 0));
    if (prepares) kernel.prepare(on, filters.data(), prepared.data());
    std::vector<float> result(static_cast<std::size_t>(count * kept()));
    const Picture<float> x{pictures.data() + first * in(), nullptr, h, w, end == End::backward ? co : ci};
    if (end == End::backward) {
      kernel.backward_data(on, x, filters.data(), result.data(), workspace);
      return result;
    }
    const auto of_channels = [&](std::int64_t i) {
      return TensorView<const float>(channels.data() + i * co, Shape{co});
    };
    const ops::ChannelNormalization<float, Cpu> normalization{of_channels(1), of_channels(2), of_channels(3)};
    std::vector<std::uint8_t> codes(end == End::pooled ? result.size() : 0);
    PictureOutput<float> y{.y = result.data()};
    if (end != End::none) y.bias = channels.data();
    if (end == End::pooled) y.pooled = true, y.code = codes.data(), y.activation = ActivationFunction::relu;
    if (end == End::normalized) {
      y.residual = shortcut.data() + first * out(), y.normalization = &normalization;
      y.activation = ActivationFunction::silu;
    }
    kernel.forward(on, x, filters.data(), y, workspace, prepares ? prepared.data() : nullptr);
    result.insert(result.end(), codes.begin(), codes.end());
    return result;
  }
};

/// A picture alone has few tiles, whose filters are transformed in registers, or is dealt; among others it is not.
template <int m>
void check_bits_of_a_picture_alone(std::int64_t h, std::int64_t w, std::int64_t ci, std::int64_t co) {
  constexpr std::int64_t others = 29;
  for (const End end : {End::none, End::normalized, End::pooled, End::backward}) {
    if (end == End::pooled && m % 2 != 0) continue;
    const Together of{h, w, ci, co, end};
    const auto pictures = noise<float>(others * of.in(), 1), shortcut = noise<float>(others * of.out(), 4);
    const auto all = of.run<m>(pictures, shortcut, 0, others, false, 2);
    for (const std::int64_t count : {1, 2, 5})
      for (const bool prepares : {false, true})
        for (const int threads : {1, 3}) {
          if (end == End::backward && prepares) continue;
          INFO("F" << m << ", " << count << " of " << h << "x" << w << "x" << ci << " -> " << co << ", end "
                   << static_cast<int>(end) << ", prepared " << prepares << ", threads " << threads);
          const auto some = of.run<m>(pictures, shortcut, 1, count, prepares, threads);
          const auto size = static_cast<std::size_t>(count * of.kept()), from = static_cast<std::size_t>(of.kept());
          CHECK(std::memcmp(some.data(), all.data() + from, size * sizeof(float)) == 0);
          if (end == End::pooled)
            CHECK(std::equal(some.begin() + count * of.kept(), some.end(), all.begin() + (others + 1) * of.kept()));
        }
  }
}

}  // namespace

TEST_CASE("winograd gives a picture the same bits alone, as one of a few and among many", "[ops][conv2d]") {
  struct Sizes {
    std::int64_t h, w, ci, co;
  };
  // Whole tiles and half ones, one slice of input channels and several, whole panels of filters and a part of a packet;
  // at last, a picture that is dealt where many are fused.
  for (const Sizes& s : {Sizes{7, 7, 64, 64}, Sizes{7, 7, 300, 37}, Sizes{9, 9, 40, 33}, Sizes{3, 5, 513, 18},
                         Sizes{14, 14, 257, 48}, Sizes{10, 13, 31, 70}, Sizes{2, 2, 20, 20}, Sizes{23, 26, 40, 65}}) {
    check_bits_of_a_picture_alone<4>(s.h, s.w, s.ci, s.co);
    check_bits_of_a_picture_alone<3>(s.h, s.w, s.ci, s.co);
    check_bits_of_a_picture_alone<2>(s.h, s.w, s.ci, s.co);
  }
}

TEST_CASE("winograd deals all tiles and panels, in tasks for all threads that stay small", "[ops][conv2d]") {
  for (const std::int64_t tiles : {1, 49, 196, 361, 3000})
    for (const std::int64_t panels : {1, 2, 4, 16})
      for (const std::int64_t threads : {1, 2, 3, 4, 8, 16, 64}) {
        const WinogradWork work{.tiles = tiles,
                                .panels = panels,
                                .tile_bytes = 40 << 10,
                                .panel_bytes = 1 << 20,
                                .filter_bytes = panels << 18};
        const WinogradDealing d = deal_winograd(work, threads);
        INFO(tiles << " tiles, " << panels << " panels, " << threads << " threads: " << d.blocks << " x " << d.groups);
        REQUIRE((d.blocks >= 1 && d.blocks <= tiles && d.groups >= 1 && d.groups <= panels));
        CHECK((d.first_tile(0, tiles) == 0 && d.first_tile(d.blocks, tiles) == tiles));
        std::int64_t most = 0;
        for (std::int64_t b = 0; b < d.blocks; ++b)
          most = std::max(most, d.first_tile(b + 1, tiles) - d.first_tile(b, tiles));
        CHECK(most <= d.most_tiles(tiles));
        CHECK(most * work.tile_bytes <= 12 << 20);
        CHECK(most * work.tile_bytes * threads <= std::max<std::int64_t>(48 << 20, threads << 20));
        CHECK(4 * d.tasks() >= 3 * std::min(threads, tiles * panels));
      }
  CHECK(deal_winograd({}, 2).tasks() == 0);
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
