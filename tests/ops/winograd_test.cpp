// SPDX-License-Identifier: MIT
#include "brindle/ops/conv2d/winograd.hpp"

#include <catch2/catch.hpp>

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

TEST_CASE("winograd agrees with the plain loops where blocks are fused and where they are staged", "[ops][conv2d]") {
  // Many tiles of few channels are fused, and more blocks than partial sums; few tiles are staged.
  check_conv_kernel<float, WinogradConvolution<float, 4>>(geometry({3, 140, 141, 2}, 3, Padding::same));
  check_conv_kernel<float, WinogradConvolution<float, 4>>(geometry({1, 101, 103, 16}, 16, Padding::same));
  // Large filters are staged, in several blocks, and have their sums cut in slices.
  check_conv_kernel<float, WinogradConvolution<float, 4>>(geometry({1, 44, 40, 1900}, 2, Padding::same));
  check_conv_kernel<float, WinogradConvolution<float, 4>>(geometry({2, 9, 11, 300}, 290, Padding::same));
  check_conv_kernel<float, WinogradConvolution<float, 3>>(geometry({2, 9, 11, 300}, 290, Padding::same), false);
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
