// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "support/direct_convolution.hpp"

namespace brindle::test {

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
  template <class Kernel>
  std::vector<float> run(const std::vector<float>& pictures, const std::vector<float>& shortcut, std::int64_t first,
                         std::int64_t count, bool prepares, int threads) const {
    const auto g = ops::kernel::ConvGeometry::of({count, h, w, ci}, {3, 3, ci, co}, Size2{1}, Padding::same);
    const Cpu on(threads);
    const Kernel kernel(g);
    Tensor<std::byte> workspace(Shape{std::max(kernel.forward_workspace(on), kernel.backward_data_workspace(on))});
    std::vector<float> prepared(static_cast<std::size_t>(prepares ? kernel.prepared_size() : 0));
    if (prepares) kernel.prepare(on, filters.data(), prepared.data());
    std::vector<float> result(static_cast<std::size_t>(count * kept()));
    const ops::kernel::Picture<float> x{pictures.data() + first * in(), nullptr, h, w, end == End::backward ? co : ci};
    if (end == End::backward) {
      kernel.backward_data(on, x, filters.data(), result.data(), workspace);
      return result;
    }
    const auto of_channels = [&](std::int64_t i) {
      return TensorView<const float>(channels.data() + i * co, Shape{co});
    };
    const ops::ChannelNormalization<float, Cpu> normalization{of_channels(1), of_channels(2), of_channels(3)};
    std::vector<std::uint8_t> codes(end == End::pooled ? result.size() : 0);
    ops::kernel::PictureOutput<float> y{.y = result.data()};
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

/// Whether a picture has the same bits alone, as one of a few and among many, in whatever way it is made there.
/// pools: its forward() can do the pool.
template <class Kernel>
void check_bits_of_a_picture_alone(std::int64_t h, std::int64_t w, std::int64_t ci, std::int64_t co,
                                   bool pools = true) {
  constexpr std::int64_t others = 29;
  for (const End end : {End::none, End::normalized, End::pooled, End::backward}) {
    if (end == End::pooled && !pools) continue;
    const Together of{h, w, ci, co, end};
    const auto pictures = noise<float>(others * of.in(), 1), shortcut = noise<float>(others * of.out(), 4);
    const auto all = of.run<Kernel>(pictures, shortcut, 0, others, false, 2);
    for (const std::int64_t count : {1, 2, 5})
      for (const bool prepares : {false, true})
        for (const int threads : {1, 3}) {
          if (end == End::backward && prepares) continue;
          INFO(count << " of " << h << "x" << w << "x" << ci << " -> " << co << ", end " << static_cast<int>(end)
                     << ", prepared " << prepares << ", threads " << threads);
          const auto some = of.run<Kernel>(pictures, shortcut, 1, count, prepares, threads);
          const auto size = static_cast<std::size_t>(count * of.kept()), from = static_cast<std::size_t>(of.kept());
          CHECK(std::memcmp(some.data(), all.data() + from, size * sizeof(float)) == 0);
          if (end == End::pooled)
            CHECK(std::equal(some.begin() + count * of.kept(), some.end(), all.begin() + (others + 1) * of.kept()));
        }
  }
}

}  // namespace brindle::test
