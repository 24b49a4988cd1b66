// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "brindle/core/random.hpp"
#include "brindle/ops/conv2d/geometry.hpp"

namespace brindle::test {

/// Numbers in [-1, 1), the same for the same name.
template <class T>
std::vector<T> noise(std::int64_t count, std::uint32_t name) {
  const Random random{.seed = 7, .what = name};
  std::vector<T> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(random.uniform(i, -1, 1));
  return values;
}

/// A convolution and its gradients as plain loops in double, to compare kernels with.
struct DirectConvolution {
  ops::kernel::ConvGeometry g;

  /// f(index of x, of w, of y) for each product in y = x * w.
  template <class F>
  void each(F&& f) const {
    for (std::int64_t n = 0; n < g.n; ++n)
      for (std::int64_t r = 0; r < g.oh; ++r)
        for (std::int64_t c = 0; c < g.ow; ++c)
          for (std::int64_t i = 0; i < g.kh; ++i)
            for (std::int64_t j = 0; j < g.kw; ++j) {
              const std::int64_t xr = r * g.stride.h + i - g.top, xc = c * g.stride.w + j - g.left;
              if (xr < 0 || xr >= g.h || xc < 0 || xc >= g.w) continue;
              for (std::int64_t k = 0; k < g.ci; ++k)
                for (std::int64_t o = 0; o < g.co; ++o)
                  f(((n * g.h + xr) * g.w + xc) * g.ci + k, ((i * g.kw + j) * g.ci + k) * g.co + o,
                    ((n * g.oh + r) * g.ow + c) * g.co + o);
            }
  }

  template <class T>
  std::vector<double> forward(const std::vector<T>& x, const std::vector<T>& w, const std::vector<T>& bias,
                              bool relu) const {
    std::vector<double> y(static_cast<std::size_t>(g.n * g.oh * g.ow * g.co));
    for (std::size_t i = 0; i < y.size() && !bias.empty(); ++i) y[i] = bias[i % static_cast<std::size_t>(g.co)];
    each([&](auto xi, auto wi, auto yi) {
      y[static_cast<std::size_t>(yi)] +=
          double(x[static_cast<std::size_t>(xi)]) * double(w[static_cast<std::size_t>(wi)]);
    });
    if (relu)
      for (double& v : y) v = v < 0 ? 0 : v;
    return y;
  }

  template <class T>
  std::vector<double> backward_data(const std::vector<T>& dz, const std::vector<T>& w) const {
    std::vector<double> dx(static_cast<std::size_t>(g.n * g.h * g.w * g.ci));
    each([&](auto xi, auto wi, auto yi) {
      dx[static_cast<std::size_t>(xi)] +=
          double(dz[static_cast<std::size_t>(yi)]) * double(w[static_cast<std::size_t>(wi)]);
    });
    return dx;
  }

  template <class T>
  std::vector<double> backward_weights(const std::vector<T>& x, const std::vector<T>& dz) const {
    std::vector<double> dw(static_cast<std::size_t>(g.kh * g.kw * g.ci * g.co));
    each([&](auto xi, auto wi, auto yi) {
      dw[static_cast<std::size_t>(wi)] +=
          double(x[static_cast<std::size_t>(xi)]) * double(dz[static_cast<std::size_t>(yi)]);
    });
    return dw;
  }

  template <class T>
  std::vector<double> backward_bias(const std::vector<T>& dz) const {
    std::vector<double> db(static_cast<std::size_t>(g.co));
    for (std::size_t i = 0; i < dz.size(); ++i) db[i % db.size()] += double(dz[i]);
    return db;
  }

  /// Calls f(index in y, index in the pooled y, position in the window) for each pixel's channel that a window covers.
  template <class F>
  void each_pooled(F&& f) const {
    const std::int64_t ph = g.oh / 2, pw = g.ow / 2;
    for (std::int64_t n = 0; n < g.n; ++n)
      for (std::int64_t r = 0; r < 2 * ph; ++r)
        for (std::int64_t c = 0; c < 2 * pw; ++c)
          for (std::int64_t o = 0; o < g.co; ++o)
            f(static_cast<std::size_t>(((n * g.oh + r) * g.ow + c) * g.co + o),
              static_cast<std::size_t>(((n * ph + r / 2) * pw + c / 2) * g.co + o),
              static_cast<int>(r % 2 * 2 + c % 2));
  }
};

/// Root mean square of a - b over that of b, or over `least` where b happens to be smaller.
template <class A>
double relative_error(const std::vector<A>& a, const std::vector<double>& b, double least = 1e-300) {
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    error += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(error) / std::max(std::sqrt(norm), least * std::sqrt(double(b.size())));
}

}  // namespace brindle::test
