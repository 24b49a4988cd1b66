// SPDX-License-Identifier: MIT
// Pools and what else moves pixels, of sizes that are drawn.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/kernels.hpp"
#include "support/random_sizes.hpp"

using namespace brindle;
using namespace brindle::test;

namespace {

/// Pictures around the limits of pools: rows of 16384 elements to a task, packets of channels, 256 channels.
Shape4 draw_pictures(RandomCase& c) {
  Shape4 x;
  c.sizes(
      {{&x.n, 40, {8}}, {&x.h, 70, {2, 4}}, {&x.w, c.chance(0.2) ? 600 : 70, {2, 4}}, {&x.c, 1100, {8, 16, 64, 256}}},
      double(c.spread(100, 400000)), [&] { return double(x.size()); });
  return x;
}

/// zeros: some may stand around.
ops::Pool2DOptions draw_windows(RandomCase& c, Shape4& x, bool zeros = false) {
  ops::Pool2DOptions o;
  if (c.chance(0.6)) {
    o.window = {c.between(1, 5), c.between(1, 5)};
    if (c.chance(0.5)) o.stride = {c.between(1, 4), c.between(1, 4)};
  } else if (c.chance(0.3)) {
    o.stride = c.between(1, 3);
  }
  o.padding = c.pick({Padding::valid, Padding::same});
  if (zeros && o.padding == Padding::valid && c.chance(0.4)) o.zeros = {c.below(4), c.below(4), c.below(4), c.below(4)};
  if (o.padding == Padding::valid) x.h = std::max(x.h, o.window.h), x.w = std::max(x.w, o.window.w);
  c.says("x ", to_string(x), ", window ", to_string(o.window), ", stride ", to_string(o.step()), ", ",
         o.padding == Padding::same ? "same" : "valid", ", zeros ", to_string(o.zeros));
  return o;
}

/// Few different numbers, so that several are the largest, and here and there a NaN.
template <class T>
TensorView<const T> few_numbers(RandomCase& c, const Shape& shape, bool with_nan) {
  const auto drawn = c.input<T>(shape, -3, 3);
  T* x = const_cast<T*>(drawn.data);
  for (std::int64_t i = 0; i < shape.size(); ++i) x[i] = std::round(x[i]);
  if (with_nan && shape.size() > 0)
    for (int k = 0; k < 5; ++k) x[c.below(shape.size())] = std::numeric_limits<T>::quiet_NaN();
  return drawn;
}

}  // namespace

TEMPLATE_TEST_CASE("maxpool2d is its reference at random sizes", "[ops][maxpool2d][random_sizes]", float, double) {
  using T = TestType;
  random_cases(200, [](RandomCase& c) {
    Shape4 x = draw_pictures(c);
    const ops::Pool2DOptions o = draw_windows(c, x, true);
    const Shape y = ops::maxpool2d_shape(x, o);
    const auto xs = c.chance(0.5) ? few_numbers<T>(c, x, c.chance(0.3)) : c.input<T>(x);
    const auto dy = c.input<T>(y);
    Tensor<T> y_(y), dx_(x);
    Tensor<std::uint8_t> code_(y);
    ops::reference::maxpool2d<T>(xs, y_, code_, o);
    ops::reference::maxpool2d_backward<T>(dy, code_, dx_, o);
    c.compute([&](const Cpu& on, Outputs& out) {
      ops::maxpool2d<T>(on, xs, out.tensor<T>("y", y), out.tensor<std::uint8_t>("code", y), o);
      ops::maxpool2d<T>(on, xs, out.tensor<T>("y in inference", y), {}, o);
      ops::maxpool2d_backward<T>(on, dy, code_, out.tensor<T>("dx", x), o);
    });
    const auto of = [](T v) { return v != v ? std::numeric_limits<T>::quiet_NaN() : v; };
    for (const char* name : {"y", "y in inference"})
      for (std::int64_t i = 0; i < y_.size(); ++i) {
        const T got = c.result<T>(name)[static_cast<std::size_t>(i)], e = of(y_[i]);
        c.expect(got == e || (got != got && e != e), name, "[", i, "]: got ", got, ", expected ", e);
      }
    c.same("code", c.result<std::uint8_t>("code").data(), code_.data(), code_.size());
    c.close<T>("dx", std::vector<double>(dx_.data(), dx_.data() + dx_.size()), share_of_sum(9), 1);
  });
}

TEMPLATE_TEST_CASE("avgpool2d agrees with its reference at random sizes", "[ops][avgpool2d][random_sizes]", float,
                   double) {
  using T = TestType;
  random_cases(200, [](RandomCase& c) {
    Shape4 x = draw_pictures(c);
    const ops::Pool2DOptions o = draw_windows(c, x);
    const Shape y = ops::avgpool2d_shape(x, o);
    const auto xs = c.input<T>(x), dy = c.input<T>(y);
    Tensor<double> x_(x), dy_(y), y_(y), dx_(x);
    std::copy_n(xs.data, x.size(), x_.data());
    std::copy_n(dy.data, y.size(), dy_.data());
    ops::reference::avgpool2d<double>(x_, y_, o);
    ops::reference::avgpool2d_backward<double>(dy_, dx_, o);
    c.compute([&](const Cpu& on, Outputs& out) {
      ops::avgpool2d<T>(on, xs, out.tensor<T>("y", y), o);
      ops::avgpool2d_backward<T>(on, dy, out.tensor<T>("dx", x), o);
    });
    c.close<T>("y", y_.span(), share_of_sum(25), 1);
    c.close<T>("dx", dx_.span(), share_of_sum(25), 1);
  });
}

TEMPLATE_TEST_CASE("pools of whole pictures agree with their references at random sizes",
                   "[ops][globalpool2d][random_sizes]", float, double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    const Shape4 x = draw_pictures(c);
    const Shape y{x.n, x.c};
    c.says("x ", to_string(x));
    const auto xs = c.chance(0.5) ? few_numbers<T>(c, x, false) : c.input<T>(x);
    const auto dy = c.input<T>(y);
    Tensor<double> x_(x), dy_(y), mean_(y), dx_of_mean_(x), most_(y), dx_of_most_(x);
    std::copy_n(xs.data, x.size(), x_.data());
    std::copy_n(dy.data, y.size(), dy_.data());
    ops::reference::global_average_pool2d<double>(x_, mean_);
    ops::reference::global_average_pool2d_backward<double>(dy_, dx_of_mean_);
    ops::reference::global_max_pool2d<double>(x_, most_);
    ops::reference::global_max_pool2d_backward<double>(x_, most_, dy_, dx_of_most_);
    c.compute([&](const Cpu& on, Outputs& out) {
      ops::global_average_pool2d<T>(on, xs, out.tensor<T>("mean", y));
      ops::global_average_pool2d_backward<T>(on, dy, out.tensor<T>("dx of the mean", x));
      const auto most = out.tensor<T>("maximum", y);
      ops::global_max_pool2d<T>(on, xs, most);
      ops::global_max_pool2d_backward<T>(on, xs, most, dy, out.tensor<T>("dx of the maximum", x));
    });
    const Share share = share_of_sum(double(x.h * x.w));
    c.close<T>("mean", mean_.span(), share, 1);
    c.close<T>("dx of the mean", dx_of_mean_.span(), share, 1e-3);
    c.close<T>("maximum", most_.span(), {0, 0}, 0);
    c.close<T>("dx of the maximum", dx_of_most_.span(), share_of_sum(1), 1e-3);
  });
}

TEMPLATE_TEST_CASE("borders of zeros and concatenation are their references at random sizes",
                   "[ops][zero_padding2d][concatenate][random_sizes]", float, double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    const Shape4 x = draw_pictures(c);
    const Border border(c.below(4), c.below(4), c.below(4), c.below(4));
    const Shape y = ops::zero_padding2d_shape(x, border);
    // The same memory as rows, which become a part of longer rows.
    const std::int64_t rows = c.pick({x.n, x.n * x.h, x.n * x.h * x.w}), width = x.size() / rows, first = c.below(5),
                       whole = first + width + c.below(40);
    c.says("x ", to_string(x), ", border ", to_string(border), "; ", rows, " rows of ", width, " at ", first, " of ",
           whole);
    const auto xs = c.input<T>(x), dy = c.input<T>(y), joined = c.input<T>(Shape{rows, whole});
    Tensor<T> y_(y), dx_(x), joined_(Shape{rows, whole});
    ops::reference::zero_padding2d<T>(xs, y_, border);
    ops::reference::zero_padding2d_backward<T>(dy, dx_, border);
    std::copy_n(joined.data, joined.size(), joined_.data());
    ops::reference::concatenate_part<T>(rows, width, first, whole, xs, joined_);
    c.compute([&](const Cpu& on, Outputs& out) {
      ops::zero_padding2d<T>(on, xs, out.tensor<T>("y", y), border);
      ops::zero_padding2d_backward<T>(on, dy, out.tensor<T>("dx", x), border);
      const auto to = out.copy<T>("joined", joined);
      ops::concatenate_part<T>(on, rows, width, first, whole, xs, to);
      ops::concatenate_part_backward<T>(on, rows, width, first, whole, to, out.tensor<T>("part", x));
    });
    c.same("y", c.result<T>("y").data(), y_.data(), y_.size());
    c.same("dx", c.result<T>("dx").data(), dx_.data(), dx_.size());
    c.same("joined", c.result<T>("joined").data(), joined_.data(), joined_.size());
    c.same("part", c.result<T>("part").data(), xs.data, xs.size());
  });
}

TEMPLATE_TEST_CASE("multiply agrees with its reference at random sizes", "[ops][multiply][random_sizes]", float,
                   double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    const Shape4 x = draw_pictures(c);
    const bool each_position = c.chance(0.5), each_channel = c.chance(0.5), in_place = c.chance(0.3);
    const Shape4 f{x.n, each_position ? x.h : 1, each_position ? x.w : 1, each_channel ? x.c : 1};
    c.says("x ", to_string(x), ", factor ", to_string(f), ", in place ", in_place);
    const auto xs = c.input<T>(x), dy = c.input<T>(x), factor = c.input<T>(f);
    Tensor<double> x_(x), dy_(x), f_(f), y_(x), df_(f);
    std::copy_n(xs.data, x.size(), x_.data());
    std::copy_n(dy.data, x.size(), dy_.data());
    std::copy_n(factor.data, f.size(), f_.data());
    ops::reference::multiply<double>(x_, f_, y_);
    ops::reference::multiply_backward<double>(x_, dy_, df_);
    c.compute([&](const Cpu& on, Outputs& out) {
      const auto y = in_place ? out.copy<T>("y", xs) : out.tensor<T>("y", x);
      ops::multiply<T>(on, in_place ? TensorView<const T>(y) : xs, factor, y);
      ops::multiply_backward<T>(on, xs, dy, out.tensor<T>("dfactor", f));
    });
    const double terms = double(x.size()) / double(f.size());
    c.close<T>("y", y_.span(), share_of_sum(1), 1);
    c.close<T>("dfactor", df_.span(), share_of_sum(terms), std::sqrt(terms) / 3);
  });
}
