// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/ops/activation/functions.hpp"
#include "support/random_convolution.hpp"

namespace brindle::test {

constexpr double reference_budget = 1e6;  // multiplications of each array that is compared

/// A convolution.
struct Sizes {
  Shape4 x;
  ops::FilterShape w;
  ops::Conv2DOptions o;
};

/// Channels, pixels and batch for filters of a given size, with `groups` groups.
inline void draw_sizes(RandomCase& c, Sizes& s, std::int64_t most_channels) {
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
inline void draw_padding(RandomCase& c, Sizes& s) {
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

/// y = f(x * w + bias) at some pixels or all.
template <class T>
void check_forward(RandomCase& c, const PlainConvolution& plain, const std::string& name, const std::vector<double>& xs,
                   const std::vector<double>& ws, const TensorView<const T>& bias, ActivationFunction f, double more) {
  const double terms = plain.terms_of_y();
  each_or_some(c, plain.y.n * plain.y.h * plain.y.w, terms * double(plain.y.c), reference_budget, [&](std::int64_t at) {
    std::vector<double> expected = plain.y_pixel(at, xs, ws);
    for (std::size_t o = 0; o < expected.size(); ++o)
      expected[o] = ops::kernel::activations::value(
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

}  // namespace brindle::test
