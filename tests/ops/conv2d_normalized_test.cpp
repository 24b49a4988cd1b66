// SPDX-License-Identifier: MIT
// A convolution with a normalization behind it: what the convolution, the normalization, the sum and the activation
// give one after the other.
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

#include "brindle/ops/add/add.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/depthwise_conv2d/depthwise_conv2d.hpp"
#include "support/convolution_cases.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

/// Averages and weights of a normalization, and what a convolution is given of them.
template <class T>
struct Normalization {
  static constexpr double epsilon = 1e-3;

  Tensor<T> mean, variance, gamma, beta, factor, shift;

  Normalization(const Cpu& on, std::int64_t channels, bool scales)
      : mean(random_tensor<T>({channels}, 11)),
        variance(random_tensor<T>({channels}, 12, 0.5, 2)),
        gamma(scales ? random_tensor<T>({channels}, 13) : Tensor<T>()),
        beta(scales ? random_tensor<T>({channels}, 14) : Tensor<T>()),
        factor(unwritten<T>({channels})),
        shift(unwritten<T>({channels})) {
    ops::batch_normalization_factors<T>(on, variance, gamma, beta, epsilon, factor, shift);
  }

  ops::ChannelNormalization<T, Cpu> behind() const { return {mean.view(), factor.view(), shift.view()}; }

  /// In place of y, a step at a time.
  void apply(const Cpu& on, Tensor<T>& y, const Tensor<T>* residual, ActivationFunction f) const {
    ops::batch_normalization<T>(on, y, mean, variance, gamma, beta, y, epsilon);
    if (residual) ops::add<T>(on, y, *residual, y);
    ops::activate<T>(on, f, y, y);
  }
};

/// A packet adds and multiplies in one rounding, or the loop over an edge does and the packet does not.
template <class T>
constexpr double one_rounding = std::is_same_v<T, float> ? 2e-7 : 4e-16;

}  // namespace

TEMPLATE_TEST_CASE("a convolution normalizes what it gives as a normalization behind it does", "[ops][conv2d]", float,
                   double) {
  using T = TestType;
  for (const bool with_residual : {false, true})
    each_longer_convolution<T>([&](LongerConvolution<T>& c) {
      INFO("residual " << with_residual);
      const Normalization<T> normalization(c.on, c.bias.size(), c.f != relu);
      normalization.apply(c.on, c.expected, with_residual ? &c.residual : nullptr, c.f);
      const TensorView<const T> added = with_residual ? TensorView<const T>(c.residual) : TensorView<const T>{};
      Tensor<T> first;
      c.each_call([&](const Cpu& on, const auto& space, const auto& prepared) {
        ops::conv2d_normalized<T>(on, c.x, c.w, c.bias, normalization.behind(), added, c.y, c.o, space, prepared);
        if (first.size() == 0) first = c.y.clone();
        check_close("y", c.y, c.expected, one_rounding<T>);
        CHECK(same_bits(c.y, first));
      });
    });
}

TEMPLATE_TEST_CASE("a depthwise convolution normalizes what it gives", "[ops][depthwise]", float, double) {
  using T = TestType;
  for (const std::int64_t channels : {3, 16, 70})
    for (const std::int64_t side : {3, 4, 5})
      for (const std::int64_t filters : {1, 2})
        for (const ActivationFunction f : {linear, relu, relu6, silu}) {
          const Cpu on(2);
          const Shape4 shape{2, 9, 8, channels};
          const ops::FilterShape filter{side, side, channels, filters};
          ops::DepthwiseConv2DOptions o{.stride = side == 4 ? 1 : 2, .padding = Padding::same};
          INFO(channels << " channels, " << to_string(filter) << ", " << to_string(f));
          const Tensor<T> x = random_tensor<T>(shape, 1), w = random_tensor<T>(filter, 2);
          const Normalization<T> normalization(on, channels * filters, f != relu);
          const Shape out = ops::depthwise_conv2d_shape(shape, filter, o);
          auto expected = unwritten<T>(out), y = unwritten<T>(out);
          auto space = unwritten<std::byte>({ops::depthwise_conv2d_forward_workspace<T>(on, shape, filter, o)});
          ops::depthwise_conv2d<T>(on, x, w, {}, expected, o, space);
          normalization.apply(on, expected, nullptr, f);
          o.activation = f;
          ops::depthwise_conv2d_normalized<T>(on, x, w, {}, normalization.behind(), y, o, space);
          check_close("y", y, expected, one_rounding<T>);
        }
}

TEST_CASE("a normalization of other channels is refused, with both shapes", "[ops][conv2d]") {
  const Cpu on(1);
  const Tensor<float> x = random_tensor<float>({1, 4, 4, 8}, 1), w = random_tensor<float>({1, 1, 8, 8}, 2),
                      few = random_tensor<float>({4}, 3), all = random_tensor<float>({8}, 3);
  Tensor<float> y({1, 4, 4, 8});
  auto space = unwritten<std::byte>({ops::conv2d_forward_workspace<float>(on, x.shape(), w.shape(), {})});
  const auto call = [&](const Tensor<float>& mean, const Tensor<float>& factor, const Tensor<float>& shift) {
    ops::conv2d_normalized<float>(on, x, w, {}, {mean.view(), factor.view(), shift.view()}, {}, y, {}, space);
  };
  CHECK_NOTHROW(call(all, all, all));
  CHECK_THROWS_WITH(call(few, all, all), Contains("conv2d_normalized") && Contains("mean") && Contains("(4)"));
  CHECK_THROWS_WITH(call(all, few, all), Contains("factor") && Contains("(8)"));
  CHECK_THROWS_WITH(call(all, all, few), Contains("shift"));
}
