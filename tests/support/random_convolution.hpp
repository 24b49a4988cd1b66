// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brindle/ops/conv2d/conv2d.hpp"
#include "support/random_sizes.hpp"

namespace brindle::test {

/// A convolution of any kind and its gradients as plain loops in double, an output pixel or a row of a filter at a
/// time: of large ones a part is compared, whole pixels and rows that are drawn.
struct PlainConvolution {
  Shape4 x, y;
  ops::FilterShape w;
  Size2 stride, dilation;
  std::int64_t top, left, groups, outputs;  // outputs: channels of a group

  PlainConvolution(const Shape4& x_, const ops::FilterShape& w_, const ops::Conv2DOptions& o)
      : x(x_),
        y(ops::conv2d_shape(x_, w_, o)),
        w(w_),
        stride(o.stride),
        dilation(o.dilation),
        top(ops::conv2d_windows(x_, w_, o).rows.before),
        left(ops::conv2d_windows(x_, w_, o).columns.before),
        groups(o.groups),
        outputs(w_.co / o.groups) {}

  /// Multiplications.
  double work() const { return double(y.n * y.h * y.w) * double(w.size()); }
  /// Terms of an element's sum.
  double terms_of_y() const { return double(w.kh * w.kw * w.ci); }
  double terms_of_dx() const { return double(w.kh * w.kw * outputs); }
  double terms_of_dw() const { return double(y.n * y.h * y.w); }

  /// Pixel number `at` of y, without a bias.
  std::vector<double> y_pixel(std::int64_t at, const std::vector<double>& xs, const std::vector<double>& ws) const {
    std::vector<double> to(static_cast<std::size_t>(y.c), 0);
    const std::int64_t n = at / (y.h * y.w), r = at / y.w % y.h, q = at % y.w;
    for (std::int64_t i = 0; i < w.kh; ++i)
      for (std::int64_t j = 0; j < w.kw; ++j) {
        const std::int64_t h = r * stride.h - top + i * dilation.h, c = q * stride.w - left + j * dilation.w;
        if (h < 0 || h >= x.h || c < 0 || c >= x.w) continue;
        const double* from = xs.data() + ((n * x.h + h) * x.w + c) * x.c;
        for (std::int64_t k = 0; k < w.ci; ++k) {
          const double* row = ws.data() + ((i * w.kw + j) * w.ci + k) * w.co;
          for (std::int64_t g = 0; g < groups; ++g)
            for (std::int64_t o = g * outputs; o < (g + 1) * outputs; ++o)
              to[static_cast<std::size_t>(o)] += from[g * w.ci + k] * row[o];
        }
      }
    return to;
  }

  /// Pixel number `at` of dx.
  std::vector<double> dx_pixel(std::int64_t at, const std::vector<double>& dz, const std::vector<double>& ws) const {
    std::vector<double> to(static_cast<std::size_t>(x.c), 0);
    const std::int64_t n = at / (x.h * x.w), h = at / x.w % x.h, c = at % x.w;
    for (std::int64_t i = 0; i < w.kh; ++i)
      for (std::int64_t j = 0; j < w.kw; ++j) {
        const std::int64_t r = h + top - i * dilation.h, q = c + left - j * dilation.w;
        if (r < 0 || r % stride.h != 0 || r / stride.h >= y.h || q < 0 || q % stride.w != 0 || q / stride.w >= y.w)
          continue;
        const double* from = dz.data() + ((n * y.h + r / stride.h) * y.w + q / stride.w) * y.c;
        for (std::int64_t k = 0; k < w.ci; ++k) {
          const double* row = ws.data() + ((i * w.kw + j) * w.ci + k) * w.co;
          for (std::int64_t g = 0; g < groups; ++g) {
            double sum = 0;
            for (std::int64_t o = g * outputs; o < (g + 1) * outputs; ++o) sum += from[o] * row[o];
            to[static_cast<std::size_t>(g * w.ci + k)] += sum;
          }
        }
      }
    return to;
  }

  /// Row number `at` of dw, of KH KW CI.
  std::vector<double> dw_row(std::int64_t at, const std::vector<double>& xs, const std::vector<double>& dz) const {
    std::vector<double> to(static_cast<std::size_t>(w.co), 0);
    const std::int64_t i = at / w.ci / w.kw, j = at / w.ci % w.kw, k = at % w.ci;
    for (std::int64_t n = 0; n < y.n; ++n)
      for (std::int64_t r = 0; r < y.h; ++r)
        for (std::int64_t q = 0; q < y.w; ++q) {
          const std::int64_t h = r * stride.h - top + i * dilation.h, c = q * stride.w - left + j * dilation.w;
          if (h < 0 || h >= x.h || c < 0 || c >= x.w) continue;
          const double* from = xs.data() + ((n * x.h + h) * x.w + c) * x.c;
          const double* row = dz.data() + ((n * y.h + r) * y.w + q) * y.c;
          for (std::int64_t g = 0; g < groups; ++g)
            for (std::int64_t o = g * outputs; o < (g + 1) * outputs; ++o)
              to[static_cast<std::size_t>(o)] += from[g * w.ci + k] * row[o];
        }
    return to;
  }

  std::vector<double> db(const std::vector<double>& dz) const {
    std::vector<double> to(static_cast<std::size_t>(y.c), 0);
    for (std::size_t i = 0; i < dz.size(); ++i) to[i % to.size()] += dz[i];
    return to;
  }

  /// The gradient in front of a 2x2 pool from the one behind it.
  template <class T>
  std::vector<double> unpooled(const TensorView<const T>& dp, const TensorView<const std::uint8_t>& code) const {
    std::vector<double> dz(static_cast<std::size_t>(y.n * y.h * y.w * y.c), 0);
    const std::int64_t ph = y.h / 2, pw = y.w / 2;
    for (std::int64_t i = 0; i < dp.size(); ++i) {
      const std::int64_t c = i % y.c, q = i / y.c % pw, r = i / y.c / pw % ph, n = i / y.c / pw / ph, k = code.data[i];
      if (k < 4)
        dz[static_cast<std::size_t>(((n * y.h + 2 * r + k / 2) * y.w + 2 * q + k % 2) * y.c + c)] = double(dp.data[i]);
    }
    return dz;
  }
};

/// visit(i) for all of [0, count), or, where each costs so much that all would cost more than `budget`, for the first,
/// the last and some that are drawn.
template <class Visit>
void each_or_some(RandomCase& c, std::int64_t count, double cost, double budget, Visit&& visit) {
  if (double(count) * cost <= budget) {
    for (std::int64_t i = 0; i < count; ++i) visit(i);
    return;
  }
  visit(std::int64_t{0});
  visit(count - 1);
  for (auto k = static_cast<std::int64_t>(budget / std::max(cost, 1.0)) + 8; k > 0; --k) visit(c.below(count));
}

/// Inner products of the gradients, which must be the same numbers: <dz, y> = <x, dx> = <w, dw>. No element of any of
/// them can be wrong unseen, also where only some are compared.
inline void expect_adjoint(RandomCase& c, const std::string& what, double one, double other, double terms,
                           double bound) {
  c.expect(std::abs(one - other) <= bound * std::sqrt(terms), what, ": inner products ", one, " and ", other);
}

template <class A>
double inner(const std::vector<double>& a, std::span<const A> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * static_cast<double>(b[i]);
  return sum;
}

/// Compares the outputs `dx`, `dw` and `db` (names) with the gradients of dz.
template <class T>
void check_conv_gradients(RandomCase& c, const PlainConvolution& plain, const std::vector<double>& xs,
                          const std::vector<double>& ws, const std::vector<double>& dz, const std::string& suffix,
                          double budget, double more) {
  const double of_y = plain.terms_of_y(), of_dx = plain.terms_of_dx(), of_dw = plain.terms_of_dw();
  each_or_some(c, plain.x.n * plain.x.h * plain.x.w, of_dx * double(plain.x.c), budget, [&](std::int64_t at) {
    c.close_from<T>("dx" + suffix, at * plain.x.c, plain.dx_pixel(at, dz, ws), share_of_sum(of_dx, more),
                    std::sqrt(of_dx) / 3);
  });
  each_or_some(c, plain.w.kh * plain.w.kw * plain.w.ci, of_dw * double(plain.w.co), budget, [&](std::int64_t at) {
    c.close_from<T>("dw" + suffix, at * plain.w.co, plain.dw_row(at, xs, dz), share_of_sum(of_dw, more),
                    std::sqrt(of_dw) / 3);
  });
  c.close<T>("db" + suffix, plain.db(dz), share_of_sum(of_dw), std::sqrt(of_dw / 3));
  // Of products of one more number in [-1, 1) each; errors as those of the elements, which add up at random.
  const double bound = share_of_sum(std::max({of_y, of_dx, of_dw}), 4 * more).template of<T>();
  expect_adjoint(c, "<x, dx> and <w, dw>" + suffix, inner<T>(xs, c.result<T>("dx" + suffix)),
                 inner<T>(ws, c.result<T>("dw" + suffix)), plain.work() + 1, bound);
}

}  // namespace brindle::test
