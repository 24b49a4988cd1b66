// SPDX-License-Identifier: MIT
// Convolutions of sizes that are drawn, by the op, which chooses a kernel.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/kernels.hpp"
#include "support/random_conv2d.hpp"
#include "support/random_gradient_prologue.hpp"
#include "support/random_prologue.hpp"
#include "support/random_sizes.hpp"

using namespace brindle;
using namespace brindle::test;
namespace kernel = ops::kernel;

namespace {

Sizes draw_convolution(RandomCase& c) {
  Sizes s;
  switch (c.below(8)) {
    case 0:
    case 1:
      s.w.kh = s.w.kw = 1;
      if (c.chance(0.2)) s.o.stride = {c.between(1, 3), c.between(1, 3)};
      break;
    case 2:
    case 3:
    case 4:
      s.w.kh = s.w.kw = 3;
      if (c.chance(0.25)) s.o.stride = {c.between(1, 3), c.between(1, 3)};
      break;
    case 5:
      s.w.kh = s.w.kw = c.pick<std::int64_t>({2, 5, 7});
      s.o.stride = c.between(1, 3);
      break;
    case 6:
      s.w.kh = c.between(1, 5), s.w.kw = c.between(1, 7);
      s.o.stride = {c.between(1, 4), c.between(1, 4)};
      break;
    default:
      s.w.kh = c.between(1, 4), s.w.kw = c.between(1, 4);
      s.o.stride = {c.between(1, 3), c.between(1, 3)};
      if (c.chance(0.6)) s.o.dilation = {c.between(1, 3), c.between(1, 4)};
      if (c.chance(0.6)) s.o.groups = c.size(40, {4});
  }
  draw_sizes(c, s, c.chance(0.05) ? 2000 : 300);
  draw_padding(c, s);
  return s;
}

double winograd_errors(ops::Conv2DKernel kernel) {
  const bool large = kernel == ops::Conv2DKernel::winograd_f4 || kernel == ops::Conv2DKernel::winograd_f3 ||
                     kernel == ops::Conv2DKernel::amx_winograd;
  return large ? 20 : kernel == ops::Conv2DKernel::winograd_f2 ? 3 : 1;
}

/// y is f((sum - mean) factor + shift + residual) of the sums, up to the roundings of that.
template <class T>
void expect_normalized(RandomCase& c, const TensorView<T>& y, const TensorView<T>& sums,
                       const ops::ChannelNormalization<T, Cpu>& by, const TensorView<const T>& residual,
                       ActivationFunction f) {
  const double rounding = sizeof(T) == 4 ? 4e-7 : 1e-15;
  for (std::int64_t i = 0; i < y.size(); ++i) {
    const std::int64_t o = i % by.mean.size();
    const double product = (double(sums.data[i]) - double(by.mean.data[o])) * double(by.factor.data[o]);
    const double added = residual.empty() ? 0 : double(residual.data[i]);
    const double expected =
        ops::kernel::activations::value(f, product + double(by.shift.data[o]) + added);  // the activation in double
    const double off = rounding * (std::abs(double(sums.data[i])) + std::abs(product) + std::abs(added) + 4);
    const bool right = std::abs(double(y.data[i]) - expected) <= off;
    c.expect(right, "normalized y[", i, "] of ", y.size(), ": got ", double(y.data[i]), ", expected ", expected);
    if (!right) return;
  }
}

}  // namespace

TEMPLATE_TEST_CASE("conv2d agrees with plain loops at random sizes", "[ops][conv2d][random_sizes]", float, double) {
  using T = TestType;
  random_cases(sizeof(T) == 4 ? 300 : 100, [](RandomCase& c) {
    Sizes s = draw_convolution(c);
    const bool precise = c.chance(0.3), has_bias = c.chance(0.8), prepares = c.chance(0.3), adds = c.chance(0.4),
               without_db = c.chance(0.1), normalizes = c.chance(0.4),
               prologue = ops::conv2d_takes_prologue<Cpu>(s.w, s.o) && s.x.size() > 0 && c.chance(0.6);
    s.o.activation = c.pick({linear, relu, relu6, sigmoid, silu, leaky_relu, ActivationFunction::hard_silu});
    const PlainConvolution plain(s.x, s.w, s.o);
    const bool pools = s.o.is_plain() && plain.y.h > 1 && plain.y.w > 1 && s.x.n > 0;
    c.says("x ", to_string(s.x), ", w ", to_string(s.w), ", stride ", to_string(s.o.stride), ", padding ",
           to_string(s.o.padding), ", dilation ", to_string(s.o.dilation), ", ", s.o.groups, " groups, ",
           to_string(s.o.activation), ", bias ", has_bias, ", precise ", precise, ": ",
           ops::conv2d_kernel_name<T>(c.cpu(1, precise), s.x, s.w, s.o));
    const auto x = c.input<T>(s.x), w = c.input<T>(s.w), dz = c.input<T>(plain.y), residual = c.input<T>(plain.y);
    const auto bias = has_bias ? c.input<T>(Shape{s.w.co}) : TensorView<const T>();
    const Shape channels{s.w.co};
    const auto mean = c.input<T>(channels), factor = c.input<T>(channels), shift = c.input<T>(channels);
    ops::Conv2DOptions pooled_o = s.o;
    pooled_o.activation = c.pick({linear, relu});
    const Shape4 p = pools ? ops::conv2d_maxpool2d_shape(s.x, s.w, pooled_o) : Shape4();
    const auto dp = c.input<T>(p);
    const auto given_code = c.whole_numbers<std::uint8_t>(p, 5);
    const RandomPrologue<T> before(c, s.x);
    const RandomGradientPrologue<T> around(c, plain.y);
    const bool at_once = ops::conv2d_takes_gradient_prologue<T, Cpu>(s.w, s.o) && s.x.size() > 0 && c.chance(0.7);
    c.compute(
        [&](const Cpu& on, Outputs& out) {
          const auto forward_space = out.workspace(ops::conv2d_forward_workspace<T>(on, s.x, s.w, s.o));
          const auto space = out.workspace(ops::conv2d_workspace<T>(on, s.x, s.w, s.o));
          const auto prepared = [&](bool pooled) {
            // By one picture, for any number.
            const Shape4 one{1, s.x.h, s.x.w, s.x.c};
            const auto of_w = out.bytes(pooled ? "prepared for a pool" : "prepared",
                                        ops::conv2d_prepared_bytes<T>(on, one, s.w, s.o, pooled));
            ops::conv2d_prepare<T>(on, one, w, s.o, pooled, of_w);
            return of_w;
          };
          const auto y = out.tensor<T>("y", plain.y);
          ops::conv2d<T>(on, x, w, bias, y, s.o, forward_space);
          if (prepares) {
            const auto again = out.tensor<T>("y of prepared filters", plain.y);
            ops::conv2d<T>(on, x, w, bias, again, s.o, forward_space, prepared(false));
            c.same("y of prepared filters", again.data, y.data, y.size());
          }
          if (adds) {
            const auto sum = out.tensor<T>("y with a residual", plain.y), apart = out.tensor<T>("y, then add", plain.y);
            ops::conv2d_add<T>(on, x, w, bias, residual, sum, s.o, forward_space);
            ops::Conv2DOptions plain_o = s.o;
            plain_o.activation = linear;
            ops::conv2d<T>(on, x, w, bias, apart, plain_o, forward_space);
            ops::add<T>(on, apart, residual, apart);
            ops::activate<T>(on, s.o.activation, apart, apart);
            c.same("y with a residual", sum.data, apart.data, apart.size());
          }
          if (normalizes) {
            const auto y_n = out.tensor<T>("normalized y", plain.y), apart = out.tensor<T>("y, normalized", plain.y);
            const TensorView<const T> added = adds ? residual : TensorView<const T>();
            ops::conv2d_normalized<T>(on, x, w, bias, {mean, factor, shift}, added, y_n, s.o, forward_space);
            ops::Conv2DOptions linear_o = s.o;
            linear_o.activation = linear;
            ops::conv2d<T>(on, x, w, bias, apart, linear_o, forward_space);
            expect_normalized<T>(c, y_n, apart, {mean, factor, shift}, added, s.o.activation);
          }
          if (prologue) {
            const auto y_p = out.tensor<T>("y behind a prologue", plain.y),
                       apart = out.tensor<T>("y, prologue apart", plain.y);
            ops::conv2d<T>(on, x, w, bias, y_p, s.o, forward_space, {}, before.prologue);
            ops::conv2d<T>(on, before.x_behind(on, x), w, bias, apart, s.o, forward_space);
            c.same("y behind a prologue", y_p.data, apart.data, apart.size());
            const auto dw = out.tensor<T>("dw behind a prologue", s.w), dw_apart = out.tensor<T>("dw, apart", s.w);
            const auto db = out.tensor<T>("db behind a prologue", {s.w.co}),
                       db_apart = out.tensor<T>("db, apart", {s.w.co});
            ops::conv2d_backward_weights<T>(on, x, dz, dw, db, s.o,
                                            out.workspace(ops::conv2d_workspace<T>(on, s.x, s.w, s.o, true)),
                                            before.prologue);
            ops::conv2d_backward_weights<T>(on, before.x_behind(on, x), dz, dw_apart, db_apart, s.o, space);
            c.same("dw behind a prologue", dw.data, dw_apart.data, dw.size());
            c.same("db behind a prologue", db.data, db_apart.data, db.size());
          }
          if (at_once) {
            const auto all_space = out.workspace(ops::conv2d_workspace<T>(on, s.x, s.w, s.o, true));
            const ops::Prologue<T, Cpu> in_front = prologue ? before.prologue : ops::Prologue<T, Cpu>{};
            around.check(
                c, on, out, in_front, x, dz, Shape(s.w),
                [&](auto dw, auto db, auto dx, const auto& sums, const auto& behind) {
                  ops::conv2d_backward<T>(on, x, dz, w, dw, db, dx, s.o, all_space, in_front, behind, sums);
                },
                [&](auto of_sum, auto dw, auto db, auto dx) {
                  ops::conv2d_backward_weights<T>(on, x, of_sum, dw, db, s.o, all_space, in_front);
                  ops::conv2d_backward_data<T>(on, of_sum, w, dx, s.o, space);
                });
          }
          if (pools) {
            const auto pooled = out.tensor<T>("pooled y", p);
            ops::conv2d_maxpool2d<T>(on, x, w, bias, pooled, out.tensor<std::uint8_t>("pooled code", p), pooled_o,
                                     forward_space);
            if (prepares) {
              const auto again = out.tensor<T>("pooled y of prepared filters", p);
              ops::conv2d_maxpool2d<T>(on, x, w, bias, again, {}, pooled_o, forward_space, prepared(true));
              c.same("pooled y of prepared filters", again.data, pooled.data, again.size());
            }
            ops::conv2d_maxpool2d_backward_data<T>(on, dp, given_code, w, out.tensor<T>("dx of a pool", s.x), pooled_o,
                                                   space);
            ops::conv2d_maxpool2d_backward_weights<T>(on, x, dp, given_code, out.tensor<T>("dw of a pool", s.w),
                                                      out.tensor<T>("db of a pool", {s.w.co}), pooled_o, space);
          }
          ops::conv2d_backward_data<T>(on, dz, w, out.tensor<T>("dx", s.x), s.o, space);
          ops::conv2d_backward_weights<T>(on, x, dz, out.tensor<T>("dw", s.w), out.tensor<T>("db", {s.w.co}), s.o,
                                          space);
          if (without_db) {
            const auto dw = out.tensor<T>("dw alone", s.w);
            ops::conv2d_backward_weights<T>(on, x, dz, dw, {}, s.o, space);
            c.same("dw alone", dw.data, out.of<T>("dw").data(), dw.size());
          }
        },
        precise);
    const std::vector<double> xs = doubles(x), ws = doubles(w);
    const double more = winograd_errors(ops::choose_conv2d_kernel<T>(s.x, s.w, s.o, precise));
    const double pooled_more =
        std::max(more, winograd_errors(ops::choose_conv2d_kernel<T>(s.x, s.w, s.o, precise, true)));
    check_forward<T>(c, plain, "y", xs, ws, bias, s.o.activation, more);
    check_conv_gradients<T>(c, plain, xs, ws, doubles(dz), "", reference_budget, more);
    if (pools) {
      check_pooled<T>(c, plain, xs, ws, bias, pooled_o.activation == relu, pooled_more);
      check_conv_gradients<T>(c, plain, xs, ws, plain.unpooled(dp, given_code), " of a pool", reference_budget,
                              pooled_more);
    }
    if (s.x.n > 1) {  // a picture's bits are its own
      const std::int64_t n = c.below(s.x.n);
      Outputs alone(0);
      const Shape4 one{1, s.x.h, s.x.w, s.x.c};
      const auto y = alone.tensor<T>("y", Shape4{1, plain.y.h, plain.y.w, plain.y.c});
      ops::conv2d<T>(c.cpu(1, precise), x.slice(n, n + 1), w, bias, y, s.o,
                     alone.workspace(ops::conv2d_forward_workspace<T>(c.cpu(1, precise), one, s.w, s.o)));
      c.same("y of a picture alone", y.data, c.result<T>("y").data() + n * y.size(), y.size());
    }
  });
}
