// SPDX-License-Identifier: MIT
// Convolutions of sizes that are drawn, by the op, which chooses a kernel, and by each kernel alone.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/ops/add/cpu.hpp"
#include "brindle/ops/conv2d/cpu.hpp"
#include "support/random_convolution.hpp"
#include "support/random_prologue.hpp"
#include "support/random_sizes.hpp"

using namespace brindle;
using namespace brindle::test;
namespace kernel = ops::kernel;

namespace {

constexpr double reference_budget = 1e6;  // multiplications of each array that is compared

struct Sizes {
  Shape4 x;
  ops::FilterShape w;
  ops::Conv2DOptions o;
};

/// Channels, pixels and batch for filters of a given size, with `groups` groups.
void draw_sizes(RandomCase& c, Sizes& s, std::int64_t most_channels) {
  // Channels: packets, panels of two packets, sums of 256 steps; pixels: blocks of 252 columns and 256 pixels, of 112
  // and 48 pixels of a gathered product, tiles of 2, 3 and 4.
  const std::int64_t most_columns = c.chance(0.25) ? 1100 : 70;
  const double work = c.chance(0.02) ? 4e8 : double(c.spread(3000, 30000000));
  // Half of the 3x3 filters have the channels from which on Winograd's kernels are chosen.
  const bool many = s.w.kh == 3 && s.w.kw == 3 && s.o.stride == Size2(1) && s.o.is_plain() && c.chance(0.5);
  const std::int64_t least_in = many ? c.between(12, 20) : 1, least_out = many ? c.between(12, 20) : 1;
  c.sizes({{&s.w.ci, most_channels, {4, 8, 12, 16, 64, 256}},
           {&s.w.co, most_channels, {8, 16, 32, 64}},
           {&s.x.n, 40, {2, 8}},
           {&s.x.h, 60, {2, 3, 4, 6, 8, 16}},
           {&s.x.w, most_columns, {4, 6, 8, 48, 112, 252, 256}}},
          work, [&] {
            const double pixels = double(s.x.n * s.x.h * s.x.w) * double(s.o.groups);
            const double ci = double(std::max(s.w.ci, least_in)), co = double(std::max(s.w.co, least_out));
            return pixels * std::max(double(s.w.kh * s.w.kw) * ci * co, 20 * (ci + co));
          });
  s.w.ci = std::max(s.w.ci, least_in), s.w.co = std::max(s.w.co, least_out);
  if (c.chance(0.01)) s.x.n = 0;
  s.x.c = s.w.ci * s.o.groups;
  s.w.co *= s.o.groups;
}

/// Zeros around, and pictures that the filters fit.
void draw_padding(RandomCase& c, Sizes& s) {
  const std::int64_t kh = (s.w.kh - 1) * s.o.dilation.h + 1, kw = (s.w.kw - 1) * s.o.dilation.w + 1;
  const double p = c.uniform(0, 1);
  if (p < 0.45) {
    s.o.padding = Padding::same;
  } else if (p < 0.75) {
    s.o.padding = Padding::valid;
  } else {
    s.o.padding = {c.below(kh + 1), c.below(kh + 1), c.below(kw + 1), c.below(kw + 1)};
  }
  if (s.o.padding.given || s.o.padding.rule == Padding::valid) {
    s.x.h = std::max(s.x.h, kh);
    s.x.w = std::max(s.x.w, kw);
  }
}

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
  const bool large = kernel == ops::Conv2DKernel::winograd_f4 || kernel == ops::Conv2DKernel::winograd_f3;
  return large ? 20 : kernel == ops::Conv2DKernel::winograd_f2 ? 3 : 1;
}

/// y = f(x * w + bias) at some pixels or all.
template <class T>
void check_forward(RandomCase& c, const PlainConvolution& plain, const std::string& name, const std::vector<double>& xs,
                   const std::vector<double>& ws, const TensorView<const T>& bias, ActivationFunction f, double more) {
  const double terms = plain.terms_of_y();
  each_or_some(c, plain.y.n * plain.y.h * plain.y.w, terms * double(plain.y.c), reference_budget, [&](std::int64_t at) {
    std::vector<double> expected = plain.y_pixel(at, xs, ws);
    for (std::size_t o = 0; o < expected.size(); ++o)
      expected[o] = kernel::activations::value(
          f, expected[o] + (bias.empty() ? 0 : double(bias.data[static_cast<std::int64_t>(o)])));
    c.close_from<T>(name, at * plain.y.c, expected, share_of_sum(terms, more), std::sqrt(terms) / 3 + 1);
  });
}

/// The pool's y is the largest of its window, and its code says where that is.
template <class T>
void check_pooled(RandomCase& c, const PlainConvolution& plain, const std::vector<double>& xs,
                  const std::vector<double>& ws, const TensorView<const T>& bias, bool relu, double more) {
  const double terms = plain.terms_of_y();
  const std::int64_t ph = plain.y.h / 2, pw = plain.y.w / 2, channels = plain.y.c;
  const auto y = c.result<T>("pooled y");
  const auto code = c.result<std::uint8_t>("pooled code");
  const double off = share_of_sum(terms, more).of<T>() * (std::sqrt(terms) * 2 + 1);
  each_or_some(c, plain.y.n * ph * pw, 4 * terms * double(channels), reference_budget, [&](std::int64_t at) {
    std::vector<double> z[4];
    for (int q = 0; q < 4; ++q)
      z[q] = plain.y_pixel((at / pw / ph * plain.y.h + at / pw % ph * 2 + q / 2) * plain.y.w + at % pw * 2 + q % 2, xs,
                           ws);
    for (std::int64_t o = 0; o < channels; ++o) {
      const auto k = static_cast<std::size_t>(o), i = static_cast<std::size_t>(at * channels + o);
      const double most = std::max({z[0][k], z[1][k], z[2][k], z[3][k]}) + (bias.empty() ? 0 : double(bias.data[o]));
      const double best = relu ? std::max(most, 0.0) : most, got = double(y[i]);
      const int place = code[i];
      const bool dead = relu && got == 0;
      const bool right =
          std::abs(got - best) <= off &&
          (dead ? place == 4 : place < 4 && z[place][k] + (bias.empty() ? 0 : double(bias.data[o])) >= most - 2 * off);
      c.expect(right, "pooled y[", i, "] of ", y.size(), ": got ", got, " at ", place, ", expected ", best);
      if (!right) return;
    }
  });
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

namespace {

/// A kernel at sizes for which the op would choose another one.
template <class T, class Kernel>
void check_kernel(RandomCase& c, Sizes s, bool pools, double more) {
  s.o.activation = c.pick({linear, relu, relu6, ActivationFunction::gelu});
  const kernel::ConvGeometry g =
      kernel::ConvGeometry::of(s.x, Shape4{s.w.kh, s.w.kw, s.w.ci, s.w.co}, s.o.stride, s.o.padding);
  const PlainConvolution plain(s.x, s.w, s.o);
  c.says("x ", to_string(s.x), ", w ", to_string(s.w), ", stride ", to_string(s.o.stride), ", padding ",
         to_string(s.o.padding), ", ", to_string(s.o.activation));
  const Shape4 p{plain.y.n, plain.y.h / 2, plain.y.w / 2, plain.y.c};
  const auto x = c.input<T>(s.x), w = c.input<T>(s.w), dz = c.input<T>(plain.y), dp = c.input<T>(p);
  const auto bias = c.input<T>(Shape{s.w.co});
  const auto given_code = c.whole_numbers<std::uint8_t>(p, 5);
  const bool relu_before = c.chance(0.5);
  pools = pools && plain.y.h > 1 && plain.y.w > 1;
  c.compute([&](const Cpu& on, Outputs& out) {
    const Kernel of(g);
    const kernel::Picture<T> picture{.data = x.data, .h = g.h, .w = g.w, .c = g.ci};
    const auto forward_space = out.workspace(of.forward_workspace(on)),
               data_space = out.workspace(of.backward_data_workspace(on)),
               weights_space = out.workspace(of.backward_weights_workspace(on));
    of.forward(on, picture, w.data,
               {.y = out.tensor<T>("y", plain.y).data, .bias = bias.data, .activation = s.o.activation}, forward_space);
    if (pools)
      of.forward(on, picture, w.data,
                 {.y = out.tensor<T>("pooled y", p).data,
                  .code = out.tensor<std::uint8_t>("pooled code", p).data,
                  .bias = bias.data,
                  .activation = relu_before ? relu : linear,
                  .pooled = true},
                 forward_space);
    const auto gradients = [&](const kernel::Picture<T>& gradient, const std::string& suffix) {
      of.backward_data(on, gradient, w.data, out.tensor<T>("dx" + suffix, s.x).data, data_space);
      of.backward_weights(on, picture, gradient, out.tensor<T>("dw" + suffix, s.w).data,
                          out.tensor<T>("db" + suffix, {s.w.co}).data, weights_space);
    };
    gradients({dz.data, nullptr, g.oh, g.ow, g.co}, "");
    if (pools) gradients({dp.data, given_code.data, g.oh, g.ow, g.co}, " of a pool");
  });
  const std::vector<double> xs = doubles(x), ws = doubles(w);
  check_forward<T>(c, plain, "y", xs, ws, bias, s.o.activation, more);
  check_conv_gradients<T>(c, plain, xs, ws, doubles(dz), "", reference_budget, more);
  if (!pools) return;
  check_pooled<T>(c, plain, xs, ws, bias, relu_before, more);
  check_conv_gradients<T>(c, plain, xs, ws, plain.unpooled(dp, given_code), " of a pool", reference_budget, more);
}

}  // namespace

TEMPLATE_TEST_CASE("each kernel of conv2d agrees with plain loops at random sizes", "[ops][conv2d][random_sizes]",
                   float, double) {
  using T = TestType;
  random_cases(sizeof(T) == 4 ? 160 : 60, [](RandomCase& c) {
    Sizes s;
    s.w.kh = s.w.kw = 3;
    const std::int64_t which = c.below(4);
    draw_sizes(c, s, c.chance(0.1) ? 2600 : 300);
    s.x.n = std::max<std::int64_t>(s.x.n, 1);
    // Winograd's kernels take what is between valid and same.
    s.o.padding =
        c.chance(0.5) ? Conv2DPadding(Padding::same) : Conv2DPadding(c.below(3), c.below(3), c.below(3), c.below(3));
    s.x.h = std::max<std::int64_t>(s.x.h, 3), s.x.w = std::max<std::int64_t>(s.x.w, 3);
    switch (which) {
      case 0:
        c.says("winograd 4: ");
        return check_kernel<T, kernel::WinogradConvolution<T, 4>>(c, s, true, 20);
      case 1:
        c.says("winograd 3: ");
        return check_kernel<T, kernel::WinogradConvolution<T, 3>>(c, s, false, 20);
      case 2:
        c.says("winograd 2: ");
        return check_kernel<T, kernel::WinogradConvolution<T, 2>>(c, s, true, 3);
      default:
        c.says("implicit gemm: ");
        if (c.chance(0.3)) s.o.stride = {c.between(1, 2), c.between(1, 2)};
        check_kernel<T, kernel::ImplicitGemmConvolution<T>>(c, s, true, 1);
    }
  });
}
