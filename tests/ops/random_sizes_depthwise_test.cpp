// SPDX-License-Identifier: MIT
// Depthwise convolutions of sizes that are drawn.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "support/kernels.hpp"
#include "support/random_convolution.hpp"
#include "support/random_gradient_prologue.hpp"
#include "support/random_prologue.hpp"
#include "support/random_sizes.hpp"

using namespace brindle;
using namespace brindle::test;

TEMPLATE_TEST_CASE("depthwise_conv2d agrees with plain loops at random sizes", "[ops][depthwise_conv2d][random_sizes]",
                   float, double) {
  using T = TestType;
  random_cases(sizeof(T) == 4 ? 200 : 100, [](RandomCase& c) {
    ops::DepthwiseConv2DOptions o;
    ops::FilterShape w(3, 3, 1, 1);
    Shape4 x;
    // Filters that have loops of their own, those that nearly are such, and any.
    if (c.chance(0.7)) {
      w.kh = w.kw = c.pick<std::int64_t>({3, 5});
      o.stride = c.between(1, 2);
      if (c.chance(0.1)) o.stride.w = c.between(1, 3);
      if (c.chance(0.1)) o.dilation = {c.between(1, 3), c.between(1, 3)};
      if (c.chance(0.1)) w.kw = c.between(1, 6);
    } else {
      w.kh = c.between(1, 7), w.kw = c.between(1, 7);
      o.stride = {c.between(1, 4), c.between(1, 4)};
      o.dilation = {c.between(1, 3), c.between(1, 3)};
    }
    if (c.chance(0.2)) w.co = c.between(2, 5);
    // Rows of 16384 elements, 16 parts of the rows, four pixels at a time.
    c.sizes({{&x.n, 40, {16}},
             {&x.h, 70, {2, 4, 16}},
             {&x.w, c.chance(0.2) ? 600 : 70, {2, 4, 8}},
             {&x.c, 300, {8, 16, 64}}},
            double(c.spread(300, 1000000)), [&] { return double(x.size() * w.co); });
    w.ci = x.c;
    const std::int64_t kh = (w.kh - 1) * o.dilation.h + 1, kw = (w.kw - 1) * o.dilation.w + 1;
    const double p = c.uniform(0, 1);
    if (p < 0.5)
      o.padding = Padding::same;
    else if (p < 0.8)
      o.padding = {c.below(kh + 2), c.below(kh + 2), c.below(kw + 2), c.below(kw + 2)};
    if (p >= 0.5) x.h = std::max(x.h, kh), x.w = std::max(x.w, kw);
    o.activation = c.pick({linear, relu, relu6, sigmoid, silu});
    const bool has_bias = c.chance(0.8), wants_db = c.chance(0.8),
               prologue = ops::depthwise_conv2d_takes_prologue<Cpu>(w) && x.size() > 0 && c.chance(0.4);
    c.says("x ", to_string(x), ", w ", to_string(w), ", stride ", to_string(o.stride), ", padding ",
           to_string(o.padding), ", dilation ", to_string(o.dilation), ", ", to_string(o.activation), ", bias ",
           has_bias);
    const PlainConvolution plain(x, {w.kh, w.kw, 1, w.ci * w.co}, o.by_groups(x.c));
    const auto xs = c.input<T>(x), ws = c.input<T>(w), dz = c.input<T>(plain.y);
    const auto bias = has_bias ? c.input<T>(Shape{plain.y.c}) : TensorView<const T>();
    const RandomPrologue<T> before(c, x);
    const RandomGradientPrologue<T> around(c, plain.y);
    const bool at_once =
        ops::depthwise_conv2d_takes_gradient_prologue<Cpu>(w, o) && plain.y.size() > 0 && c.chance(0.7);
    c.compute([&](const Cpu& on, Outputs& out) {
      if (prologue) {
        const auto y = out.tensor<T>("y behind a prologue", plain.y),
                   apart = out.tensor<T>("y, prologue apart", plain.y);
        ops::depthwise_conv2d<T>(on, xs, ws, bias, y, o,
                                 out.workspace(ops::depthwise_conv2d_forward_workspace<T>(on, x, w, o, true)),
                                 before.prologue);
        ops::depthwise_conv2d<T>(on, before.x_behind(on, xs), ws, bias, apart, o,
                                 out.workspace(ops::depthwise_conv2d_forward_workspace<T>(on, x, w, o)));
        c.same("y behind a prologue", y.data, apart.data, y.size());
        const auto dw = out.tensor<T>("dw behind a prologue", w), dw_apart = out.tensor<T>("dw, prologue apart", w);
        ops::depthwise_conv2d_backward_weights<T>(on, xs, dz, dw, {}, o,
                                                  out.workspace(ops::depthwise_conv2d_workspace<T>(on, x, w, o, true)),
                                                  before.prologue);
        ops::depthwise_conv2d_backward_weights<T>(on, before.x_behind(on, xs), dz, dw_apart, {}, o,
                                                  out.workspace(ops::depthwise_conv2d_workspace<T>(on, x, w, o)));
        c.same("dw behind a prologue", dw.data, dw_apart.data, dw.size());
      }
      if (at_once) {
        const auto all_space = out.workspace(ops::depthwise_conv2d_workspace<T>(on, x, w, o, true));
        const ops::Prologue<T, Cpu> in_front = prologue ? before.prologue : ops::Prologue<T, Cpu>{};
        around.check(
            c, on, out, in_front, xs, dz, Shape(w),
            [&](auto dw, auto db, auto dx, const auto& sums, const auto& behind) {
              ops::depthwise_conv2d_backward<T>(on, xs, dz, ws, dw, db, dx, o, all_space, in_front, behind, sums);
            },
            [&](auto of_sum, auto dw, auto db, auto dx) {
              ops::depthwise_conv2d_backward_weights<T>(on, xs, of_sum, dw, db, o, all_space, in_front);
              ops::depthwise_conv2d_backward_data<T>(on, of_sum, ws, dx, o, all_space);
            });
      }
      const auto y = out.tensor<T>("y", plain.y);
      ops::depthwise_conv2d<T>(on, xs, ws, bias, y, o,
                               out.workspace(ops::depthwise_conv2d_forward_workspace<T>(on, x, w, o)));
      const auto space = [&] { return out.workspace(ops::depthwise_conv2d_workspace<T>(on, x, w, o)); };
      ops::depthwise_conv2d_backward_data<T>(on, dz, ws, out.tensor<T>("dx", x), o, space());
      const auto db = out.tensor<T>("db", {plain.y.c});
      ops::depthwise_conv2d_backward_weights<T>(on, xs, dz, out.tensor<T>("dw", w), db, o, space());
      if (!wants_db)
        ops::depthwise_conv2d_backward_weights<T>(on, xs, dz, out.tensor<T>("dw alone", w), {}, o, space());
    });
    const std::vector<double> dxs = doubles(xs), dws = doubles(ws);
    std::vector<double> y;
    for (std::int64_t at = 0; at < plain.y.n * plain.y.h * plain.y.w; ++at) {
      const std::vector<double> pixel = plain.y_pixel(at, dxs, dws);
      y.insert(y.end(), pixel.begin(), pixel.end());
    }
    for (std::size_t i = 0; i < y.size(); ++i)
      y[i] = ops::kernel::activations::value(
          o.activation, y[i] + (has_bias ? double(bias.data[static_cast<std::int64_t>(i) % plain.y.c]) : 0));
    c.close<T>("y", y, share_of_sum(plain.terms_of_y()), std::sqrt(plain.terms_of_y()) / 3 + 1);
    check_conv_gradients<T>(c, plain, dxs, dws, doubles(dz), "", 1e7, 1);
    if (!wants_db) c.same("dw alone", c.result<T>("dw alone").data(), c.result<T>("dw").data(), w.size());
    const std::int64_t n = c.below(x.n);  // a picture's bits are its own
    Outputs alone(0);
    const auto one = alone.tensor<T>("y", Shape4{1, plain.y.h, plain.y.w, plain.y.c});
    ops::depthwise_conv2d<T>(
        c.cpu(1), xs.slice(n, n + 1), ws, bias, one, o,
        alone.workspace(ops::depthwise_conv2d_forward_workspace<T>(c.cpu(1), {1, x.h, x.w, x.c}, w, o)));
    c.same("y of a picture alone", one.data, c.result<T>("y").data() + n * one.size(), one.size());
  });
}
