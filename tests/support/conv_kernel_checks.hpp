// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/tiles.hpp"
#include "support/direct_convolution.hpp"

namespace brindle::test {

/// Bounds of the relative error of a convolution kernel, by element type.
template <class T>
constexpr double conv_bound = sizeof(T) == 8 ? 1e-13 : 2e-6;

/// Checks a convolution kernel of one shape: forward, with bias and relu, with a pool behind it; both gradients, from
/// dz and from a pool's gradient; the same bits for 1, 2 and 3 threads. Kernel: built from a ConvGeometry, with
/// forward(), backward_data() and backward_weights() and their workspaces, as in conv_kernels.hpp. pools: its forward()
/// can do the pool.
template <class T, class Kernel>
void check_conv_kernel(const ops::kernel::ConvGeometry& g, bool pools = true) {
  using namespace ops::kernel;
  INFO("x (" << g.n << ", " << g.h << ", " << g.w << ", " << g.ci << ") -> y (" << g.n << ", " << g.oh << ", " << g.ow
             << ", " << g.co << "), " << g.kh << "x" << g.kw);
  const DirectConvolution direct{g};
  const auto size = [](auto n) { return static_cast<std::size_t>(n); };
  const std::int64_t pooled_size = g.n * (g.oh / 2) * (g.ow / 2) * g.co, y_size = g.n * g.oh * g.ow * g.co;
  const std::vector<T> x = noise<T>(g.n * g.h * g.w * g.ci, 1), w = noise<T>(g.kh * g.kw * g.ci * g.co, 2);
  const std::vector<T> bias = noise<T>(g.co, 3), dz = noise<T>(y_size, 4), dp = noise<T>(pooled_size, 5);
  const double bound = conv_bound<T>;
  // A sum of n products of such numbers has a root mean square of sqrt(n) / 3; few outputs may be all smaller.
  const double forward_size = std::sqrt(double(g.kh * g.kw * g.ci)) / 3,
               data_size = std::sqrt(double(g.kh * g.kw * g.co)) / 3;
  std::vector<std::vector<T>> first;
  for (const int threads : {1, 2, 3}) {
    const Cpu on(threads);
    const Kernel kernel(g);
    std::vector<std::vector<T>> results;
    const auto workspace = [&](std::int64_t bytes) { return Tensor<std::byte>(Shape{bytes}); };
    // A cell beyond the end keeps its number: nothing is written there.
    const auto output = [&](std::int64_t n) { return std::vector<T>(size(n + 1), T(77)); };
    const auto done = [&](std::vector<T>& v) {
      CHECK(v.back() == T(77));
      v.pop_back();
      results.push_back(v);
    };
    auto forward_space = workspace(kernel.forward_workspace(on));
    for (const bool relu : {false, true}) {
      std::vector<T> y = output(y_size);
      kernel.forward(
          on, {x.data(), nullptr, g.h, g.w, g.ci}, w.data(),
          {.y = y.data(), .bias = relu ? bias.data() : nullptr, .activation = relu ? ActivationFunction::relu : linear},
          forward_space);
      done(y);
      if (threads == 1)
        CHECK(relative_error(y, direct.forward(x, w, relu ? bias : std::vector<T>{}, relu), forward_size) < bound);
    }
    for (const bool relu : {false, true}) {
      if (!pools) continue;
      std::vector<T> y = output(pooled_size);
      std::vector<std::uint8_t> code(size(pooled_size + 1), 77);
      kernel.forward(on, {x.data(), nullptr, g.h, g.w, g.ci}, w.data(),
                     {.y = y.data(),
                      .code = code.data(),
                      .bias = bias.data(),
                      .activation = relu ? ActivationFunction::relu : linear,
                      .pooled = true},
                     forward_space);
      done(y);
      CHECK(code.back() == 77);
      const std::vector<T>& full = results[1];  // with relu
      bool right = true;
      if (relu) {
        std::vector<T> best(size(pooled_size), T(0));
        std::vector<int> at(size(pooled_size), 4);
        direct.each_pooled([&](std::size_t i, std::size_t p, int) { best[p] = full[i] > best[p] ? full[i] : best[p]; });
        direct.each_pooled([&](std::size_t i, std::size_t p, int q) {
          if (best[p] > 0 && full[i] == best[p] && at[p] == 4) at[p] = q;
        });
        // Two rows of a window come one after the other in each_pooled, so the first of equal values stays.
        for (std::size_t i = 0; i < best.size(); ++i) right = right && best[i] == results.back()[i] && at[i] == code[i];
        CHECK(right);
      }
    }
    std::vector<std::uint8_t> code(size(pooled_size));
    for (std::size_t i = 0; i < code.size(); ++i) code[i] = static_cast<std::uint8_t>(Random{.seed = 9}.below(i, 5));
    std::vector<T> dz_of_pool(size(y_size), T(0));
    direct.each_pooled([&](std::size_t i, std::size_t p, int q) {
      if (code[p] == q) dz_of_pool[i] = dp[p];
    });
    auto data_space = workspace(kernel.backward_data_workspace(on));
    auto weights_space = workspace(kernel.backward_weights_workspace(on));
    for (const bool pooled : {false, true}) {
      if (pooled && pooled_size == 0) continue;
      const Picture<T> gradient{pooled ? dp.data() : dz.data(), pooled ? code.data() : nullptr, g.oh, g.ow, g.co};
      const std::vector<T>& plain = pooled ? dz_of_pool : dz;
      std::vector<T> dx = output(g.n * g.h * g.w * g.ci), dw = output(g.kh * g.kw * g.ci * g.co), db = output(g.co);
      kernel.backward_data(on, gradient, w.data(), dx.data(), data_space);
      done(dx);
      if (threads == 1) CHECK(relative_error(dx, direct.backward_data(plain, w), data_size) < bound);
      kernel.backward_weights(on, {x.data(), nullptr, g.h, g.w, g.ci}, gradient, dw.data(), db.data(), weights_space);
      done(dw);
      done(db);
      if (threads == 1) {
        CHECK(relative_error(dw, direct.backward_weights(x, plain)) < bound);
        CHECK(relative_error(db, direct.backward_bias(plain), std::sqrt(double(g.n * g.oh * g.ow) / 3)) < bound);
      }
    }
    if (threads == 1) first = results;
    const bool same_bits = results == first;
    CHECK(same_bits);
  }
}

}  // namespace brindle::test
