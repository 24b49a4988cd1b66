// SPDX-License-Identifier: MIT
// conv2d_backward and depthwise_conv2d_backward: all gradients of a convolution between two normalizations. Sizes that
// are drawn are in random_sizes_conv2d_test.cpp and random_sizes_depthwise_test.cpp.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "support/kernels.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

constexpr double small = 1e-3;  // in front of the square root

/// A normalization by the batch with relu behind it, and its gradient by plain loops.
template <class T>
struct BatchWithRelu {
  Tensor<T> mean, variance, gamma, beta, factor, shift;

  explicit BatchWithRelu(const Tensor<T>& x, std::uint64_t seed)
      : mean({x.shape().back()}),
        variance(mean.shape()),
        gamma(random_tensor<T>(mean.shape(), seed, 0.5, 1.5)),
        beta(random_tensor<T>(mean.shape(), seed + 1, -0.5, 0.5)),
        factor(mean.shape()),
        shift(mean.shape()) {
    ops::reference::batch_statistics<T>(x, mean, variance);
    ops::batch_normalization_factors<T>(Cpu(1), variance, gamma, beta, small, factor, shift);
  }

  ops::Prologue<T, Cpu> prologue() const {
    return {{mean.view(), factor.view(), shift.view()}, ActivationFunction::relu};
  }
  /// relu of x behind it.
  Tensor<T> of(const Tensor<T>& x) const {
    Tensor<T> y(x.shape());
    ops::reference::batch_normalization<T>(x, mean, variance, gamma, beta, y, small);
    for (T& v : y.span()) v = v > 0 ? v : T(0);
    return y;
  }
  /// dy where relu lets it pass.
  Tensor<T> passed(const Tensor<T>& x, const Tensor<T>& dy) const {
    Tensor<T> y = of(x);
    for (std::int64_t i = 0; i < y.size(); ++i) y[i] = y[i] > 0 ? dy[i] : T(0);
    return y;
  }
};

template <class T>
Tensor<T> unwritten_like(const Tensor<T>& t) {
  return unwritten<T>(t.shape());
}

/// all(x, dy, w, dw, dx, prologue, behind, sums) of a convolution: forward(x, w), data(dz, w, dx), weights(x, dz, dw)
/// by plain loops.
template <class T, class All, class Forward, class Data, class Weights>
void check_gradients_at_once(const Shape& x_shape, const Shape& w_shape, All&& all, Forward&& forward, Data&& data,
                             Weights&& weights) {
  const auto x = random_tensor<T>(x_shape, 1), w = random_tensor<T>(w_shape, 2);
  const BatchWithRelu<T> in_front(x, 3);
  const Tensor<T> seen = in_front.of(x), z = forward(seen, w);
  const BatchWithRelu<T> behind(z, 5);
  const auto dy = random_tensor<T>(z.shape(), 7);
  const Tensor<T> g = behind.passed(z, dy);
  Tensor<T> dz(z.shape()), dgamma(behind.gamma.shape()), dbeta(behind.gamma.shape());
  ops::reference::batch_normalization_backward<T>(true, z, behind.mean, behind.variance, behind.gamma, g, dz, dgamma,
                                                  dbeta, small);
  Tensor<T> dw(w.shape()), dx(x.shape()), scale({x.shape().back()}), shift({x.shape().back()});
  weights(seen, dz, dw);
  data(dz, w, dx);
  Tensor<T> unused(x.shape()), first(in_front.passed(x, dx));
  ops::reference::batch_normalization_backward<T>(true, x, in_front.mean, in_front.variance, in_front.gamma, first,
                                                  unused, scale, shift, small);

  // The numbers of each channel, as batch_normalization_backward makes them.
  const Cpu on(3);
  Tensor<T> along = unwritten_like(behind.mean), rest = unwritten_like(behind.mean), a = unwritten_like(behind.mean),
            b = unwritten_like(behind.mean);
  Tensor<T> sum_scale = unwritten_like(behind.mean), sum_shift = unwritten_like(behind.mean);
  const ops::GradientSums<T, Cpu> sums{sum_scale, sum_shift};
  ops::batch_normalization_gradient_sums<T>(
      on, z, behind.prologue(), dy, sums, unwritten<std::byte>({ops::batch_normalization_workspace<T>(on, z.shape())}));
  ops::batch_normalization_gradient_factors<T>(on, true, z.size() / z.shape().back(), behind.variance, behind.gamma,
                                               small, sums, a, b, along, rest);
  check_close("dgamma", a, dgamma, 4 * reordered_sum.of<T>());
  check_close("dbeta", b, dbeta, 4 * reordered_sum.of<T>());
  const auto [normalization, activation] = behind.prologue();
  const ops::GradientPrologue<T, Cpu> by{z.view(), normalization, along.view(), rest.view(), activation};

  Tensor<T> dw_[2], dx_[2], scale_[2], shift_[2];
  for (const int i : {0, 1}) {
    const Cpu threads(i == 0 ? 1 : 3);
    dw_[i] = unwritten_like(dw), dx_[i] = unwritten_like(dx), scale_[i] = unwritten_like(scale),
    shift_[i] = unwritten_like(shift);
    all(threads, x, dy, w, dw_[i], dx_[i], in_front.prologue(), by, ops::GradientSums<T, Cpu>{scale_[i], shift_[i]});
  }
  const double share = 4 * reordered_sum.of<T>();
  check_close("dw", dw_[0], dw, share);
  check_close("dx", dx_[0], dx, share);
  for (std::int64_t c = 0; c < scale.size(); ++c)
    scale_[0][c] *= static_cast<T>(1 / std::sqrt(static_cast<double>(in_front.variance[c]) + small));
  check_close("scale", scale_[0], scale, share);
  check_close("shift", shift_[0], shift, share);
  CHECK(same_bits(dw_[0], dw_[1]));
  CHECK(same_bits(dx_[0], dx_[1]));
  CHECK(same_bits(shift_[0], shift_[1]));
}

}  // namespace

TEMPLATE_TEST_CASE("all gradients of a 1x1 convolution between normalizations agree with plain loops",
                   "[ops][conv2d][batch_normalization]", float, double) {
  using T = TestType;
  const ops::Conv2DOptions o;
  // One block of pixels and many, channels that fill packets and that do not, and more than a slice of the sum has.
  for (const auto& [x, w] : {std::pair<Shape, Shape>{{1, 3, 4, 8}, {1, 1, 8, 16}},
                             {{3, 20, 19, 17}, {1, 1, 17, 40}},
                             {{2, 30, 31, 144}, {1, 1, 144, 24}},
                             {{2, 9, 9, 7}, {1, 1, 7, 500}}}) {
    INFO(to_string(x) << " by " << to_string(w));
    check_gradients_at_once<T>(
        x, w,
        [&](const Cpu& on, const auto& xs, const auto& dy, const auto& ws, auto& dw, auto& dx, const auto& in_front,
            const auto& behind, const auto& sums) {
          ops::conv2d_backward<T>(on, xs, dy, ws, dw, {}, dx, o,
                                  unwritten<std::byte>({ops::conv2d_workspace<T>(on, x, w, o, true)}), in_front, behind,
                                  sums);
        },
        [&](const Tensor<T>& xs, const Tensor<T>& ws) {
          Tensor<T> y(ops::conv2d_shape(x, w, o));
          ops::reference::conv2d<T>(xs, ws, {}, y, o);
          return y;
        },
        [&](const Tensor<T>& dz, const Tensor<T>& ws, Tensor<T>& dx) {
          ops::reference::conv2d_backward_data<T>(dz, ws, dx, o);
        },
        [&](const Tensor<T>& xs, const Tensor<T>& dz, Tensor<T>& dw) {
          ops::reference::conv2d_backward_weights<T>(xs, dz, dw, {}, o);
        });
  }
}

TEMPLATE_TEST_CASE("all gradients of a depthwise convolution between normalizations agree with plain loops",
                   "[ops][depthwise_conv2d][batch_normalization]", float, double) {
  using T = TestType;
  const auto check_one = [](const Shape& x, std::int64_t side, std::int64_t step, const Conv2DPadding& padding) {
    const ops::DepthwiseConv2DOptions o{.stride = step, .padding = padding};
    const Shape w{side, side, x.back(), 1};
    INFO(to_string(x) << " by " << side << "x" << side << ", stride " << step << ", " << to_string(padding));
    check_gradients_at_once<T>(
        x, w,
        [&](const Cpu& on, const auto& xs, const auto& dy, const auto& ws, auto& dw, auto& dx, const auto& in_front,
            const auto& behind, const auto& sums) {
          ops::depthwise_conv2d_backward<T>(
              on, xs, dy, ws, dw, {}, dx, o,
              unwritten<std::byte>({ops::depthwise_conv2d_workspace<T>(on, x, w, o, true)}), in_front, behind, sums);
        },
        [&](const Tensor<T>& xs, const Tensor<T>& ws) {
          Tensor<T> y(ops::depthwise_conv2d_shape(x, w, o));
          ops::reference::depthwise_conv2d<T>(xs, ws, {}, y, o);
          return y;
        },
        [&](const Tensor<T>& dz, const Tensor<T>& ws, Tensor<T>& dx) {
          ops::reference::depthwise_conv2d_backward_data<T>(dz, ws, dx, o);
        },
        [&](const Tensor<T>& xs, const Tensor<T>& dz, Tensor<T>& dw) {
          Tensor<T> db({x.back()});
          ops::reference::depthwise_conv2d_backward_weights<T>(xs, dz, dw, db, o);
        });
  };
  for (const std::int64_t side : {3, 5})
    for (const std::int64_t step : {1, 2})
      for (const Conv2DPadding& padding :
           {Conv2DPadding(Padding::same), Conv2DPadding(Padding::valid), Conv2DPadding(Border{2, 1, 1, 3})})
        check_one({3, 19, 8, 24}, side, step, padding);
  if (sizeof(T) == 8) return;
  // Several bands of rows a task, which share rows of dz.
  check_one({1, 100, 100, 256}, 3, 2, Padding::same);
  check_one({1, 70, 100, 256}, 5, 1, Padding::valid);
}

TEST_CASE("all gradients at once are refused where they are made one after the other",
          "[ops][conv2d][depthwise_conv2d][errors]") {
  using Float = Tensor<float>;
  const Cpu on(1);
  Float x({1, 4, 4, 2}), y({1, 4, 4, 2}), w({1, 1, 2, 2}), three({3, 3, 2, 1}), c({2}), few({3});
  Tensor<std::byte> space({1 << 16});
  const ops::Prologue<float, Cpu> in_front{{c.view(), c.view(), c.view()}};
  const ops::GradientPrologue<float, Cpu> behind{y.view(), in_front.normalization, c.view(), c.view()};
  const ops::GradientSums<float, Cpu> sums{c, c};
  const auto all = [&](const Float& filters, Float& dw, const ops::Conv2DOptions& o, const auto&... more) {
    ops::conv2d_backward<float>(on, x, y, filters, dw, {}, x, o, space, more...);
  };
  CHECK_NOTHROW(all(w, w, {}, in_front, behind, sums));
  CHECK_THROWS_WITH(all(w, w, {}, ops::Prologue<float, Cpu>{}, behind, sums),
                    Contains("conv2d_backward: sums are those of the normalization in front, give it as the prologue"));
  CHECK_THROWS_WITH(all(w, w, {}, in_front, behind, ops::GradientSums<float, Cpu>{few, few}),
                    Contains("conv2d_backward: expected sums.scale (2), got (3)"));
  auto other = behind;
  other.rest = few.view();
  CHECK_THROWS_WITH(all(w, w, {}, in_front, other), Contains("conv2d_backward: expected rest (2), got (3)"));
  Float square({3, 3, 2, 2});
  CHECK_THROWS_WITH(all(square, square, {.padding = Padding::same}, in_front, behind),
                    Contains("conv2d_backward: takes no filters (3, 3, 2, 2)") &&
                        Contains("call ops::batch_normalization_backward, conv2d_backward_weights and"));
  CHECK_FALSE(ops::conv2d_takes_gradient_prologue<float, Cpu>({1, 1, 2, 2}, {.padding = Border(1)}));
  CHECK_FALSE(ops::conv2d_takes_gradient_prologue<float, Cpu>({1, 1, 256, 256}, {}));
  CHECK_THROWS_WITH(ops::depthwise_conv2d_backward<float>(on, x, y, three, three, {}, x, {.padding = Padding::same}, {},
                                                          in_front, behind, sums),
                    Contains("depthwise_conv2d_backward: ") && Contains("workspace"));
  Float seven({7, 7, 2, 1});
  CHECK_THROWS_WITH(ops::depthwise_conv2d_backward<float>(on, x, y, seven, seven, {}, x, {.padding = Padding::same},
                                                          space, in_front, behind),
                    Contains("depthwise_conv2d_backward: takes no filters (7, 7, 2, 1) with such a stride"));
}
