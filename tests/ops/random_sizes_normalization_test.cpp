// SPDX-License-Identifier: MIT
// Normalizations and what else works on rows of channels, of sizes that are drawn.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "support/kernels.hpp"
#include "support/random_sizes.hpp"
#include "support/tensors.hpp"

using namespace brindle;
using namespace brindle::test;
namespace kernel = ops::kernel;

namespace {

/// Rows of channels: blocks of 16384 elements, 64 channels at a time, four packets at a time, 32 parts of the rows, 16
/// sums by turns, 512 channels that repeat.
Shape draw_rows(RandomCase& c, std::int64_t most_channels) {
  std::int64_t n = 1, positions = 1, channels = 1;
  c.sizes(
      {{&n, 40, {32}}, {&positions, 5000, {16, 128, 256}}, {&channels, most_channels, {4, 8, 16, 32, 64, 128, 512}}},
      double(c.spread(2, 600000)), [&] { return double(n * positions * channels); });
  return c.chance(0.3) ? Shape{n * positions, channels} : Shape{n, positions, 1, channels};
}

}  // namespace

TEMPLATE_TEST_CASE("batch normalization agrees with its reference at random sizes",
                   "[ops][batch_normalization][random_sizes]", float, double) {
  using T = TestType;
  random_cases(200, [](RandomCase& c) {
    const Shape shape = draw_rows(c, 1100), row{shape.back()};
    const double rows = double(shape.size()) / double(shape.back()), epsilon = 1e-3;
    const ActivationFunction f = c.pick({linear, relu, relu6});
    const bool of_batch = c.chance(0.6), has_gamma = c.chance(0.7), has_beta = c.chance(0.7), in_place = c.chance(0.4);
    c.says("x ", to_string(shape), ", ", to_string(f), ", of the batch ", of_batch, ", gamma ", has_gamma, ", beta ",
           has_beta, ", in place ", in_place);
    const auto x = c.input<T>(shape, -1, 3), dy = c.input<T>(shape);
    const auto gamma = has_gamma ? c.input<T>(row, 0.5, 2) : TensorView<const T>();
    const auto beta = has_beta ? c.input<T>(row) : TensorView<const T>();
    // Those of the moving averages, or of the batch, rounded to T once, for all.
    const Tensor<double> x_ = as_double(x);
    Tensor<double> batch_mean(row), batch_variance(row);
    ops::reference::batch_statistics<double>(x_, batch_mean, batch_variance);
    const auto mean = c.input<T>(row, 0, 2), variance = c.input<T>(row, 0.5, 2);
    if (of_batch)
      for (std::int64_t i = 0; i < row.size(); ++i) {
        const_cast<T*>(mean.data)[i] = static_cast<T>(batch_mean[i]);
        const_cast<T*>(variance.data)[i] = static_cast<T>(batch_variance[i]);
      }
    const auto average = c.input<T>(row);
    c.compute([&](const Cpu& on, Outputs& out) {
      const auto space = [&] { return out.workspace(ops::batch_normalization_workspace<T>(on, shape)); };
      ops::batch_statistics<T>(on, x, out.tensor<T>("mean", row), out.tensor<T>("variance", row), space());
      const auto y = in_place ? out.copy<T>("y", x) : out.tensor<T>("y", shape);
      ops::batch_normalization<T>(on, in_place ? TensorView<const T>(y) : x, mean, variance, gamma, beta, y, epsilon,
                                  f);
      const auto dx = in_place ? out.copy<T>("dx", dy) : out.tensor<T>("dx", shape);
      ops::batch_normalization_backward<T>(on, of_batch, x, mean, variance, gamma,
                                           in_place ? TensorView<const T>(dx) : dy, dx, out.tensor<T>("dgamma", row),
                                           out.tensor<T>("dbeta", row), epsilon, space(), beta, f);
      ops::batch_normalization_backward<T>(on, of_batch, x, mean, variance, gamma, dy, {},
                                           out.tensor<T>("dgamma alone", row), {}, epsilon, space(), beta, f);
      ops::follow<T>(on, out.copy<T>("average", average), mean, 0.99);
    });
    c.close<T>("mean", batch_mean.span(), share_of_sum(rows), 1);
    c.close<T>("variance", batch_variance.span(), share_of_sum(rows), 1);
    const Tensor<double> mean_ = as_double(mean), variance_ = as_double(variance), dy_ = as_double(dy);
    const Tensor<double> gamma_ = has_gamma ? as_double(gamma) : Tensor<double>(),
                         beta_ = has_beta ? as_double(beta) : Tensor<double>();
    Tensor<double> y_(shape), passed(shape), dx_(shape), dgamma_(row), dbeta_(row);
    ops::reference::batch_normalization<double>(x_, mean_, variance_, gamma_, beta_, y_, epsilon);
    for (std::int64_t i = 0; i < y_.size(); ++i) {
      // Where y is so near to where f bends that rounding decides, either side is right: take that of the kernel.
      const double y = double(c.result<T>("y")[static_cast<std::size_t>(i)]);
      const double z = std::abs(y_[i]) < 1e-4 || std::abs(y_[i] - 6) < 1e-4 ? y : y_[i];
      passed[i] = f == linear || (z > 0 && (f == relu || z < 6)) ? dy_[i] : 0;
      y_[i] = kernel::activations::value(f, y_[i]);
    }
    ops::reference::batch_normalization_backward<double>(of_batch, x_, mean_, variance_, gamma_, passed, dx_, dgamma_,
                                                         dbeta_, epsilon);
    c.close<T>("y", y_.span(), share_of_sum(1, 4), 10);
    // A variance of 0 (one row) divides by sqrt(epsilon).
    double factor = 1;
    for (std::int64_t i = 0; i < row.size(); ++i) factor = std::max(factor, 1 / std::sqrt(variance_[i] + epsilon));
    c.close<T>("dx", dx_.span(), share_of_sum(rows, 4), 2 * factor);
    c.close<T>("dgamma", dgamma_.span(), share_of_sum(rows, 4), std::sqrt(rows) * factor);
    c.close<T>("dbeta", dbeta_.span(), share_of_sum(rows), std::sqrt(rows / 3));
    c.same("dgamma alone", c.result<T>("dgamma alone").data(), c.result<T>("dgamma").data(), row.size());
    std::vector<double> followed;
    for (std::int64_t i = 0; i < row.size(); ++i) followed.push_back(0.99 * double(average.data[i]) + 0.01 * mean_[i]);
    c.close<T>("average", followed, share_of_sum(2), 1);
    if (shape.rank() == 4) {  // in inference a sample's bits are its own
      const std::int64_t n = c.below(shape[0]);
      Outputs alone(0);
      const auto one = alone.tensor<T>("y", shape.sample().batch(1));
      ops::batch_normalization<T>(c.cpu(1), x.slice(n, n + 1), mean, variance, gamma, beta, one, epsilon, f);
      c.same("y of a sample alone", one.data, c.result<T>("y").data() + n * one.size(), one.size());
    }
  });
}

TEMPLATE_TEST_CASE("layer normalization agrees with its reference at random sizes",
                   "[ops][layer_normalization][random_sizes]", float, double) {
  using T = TestType;
  random_cases(200, [](RandomCase& c) {
    const Shape shape = draw_rows(c, 5000), row{shape.back()};
    const double rows = double(shape.size()) / double(shape.back()), k = double(shape.back()), epsilon = 1e-3;
    const bool has_gamma = c.chance(0.7), has_beta = c.chance(0.7), in_place = c.chance(0.4);
    c.says("x ", to_string(shape), ", gamma ", has_gamma, ", beta ", has_beta, ", in place ", in_place);
    const auto x = c.input<T>(shape, -1, 3), dy = c.input<T>(shape);
    const auto gamma = has_gamma ? c.input<T>(row, 0.5, 2) : TensorView<const T>();
    const auto beta = has_beta ? c.input<T>(row) : TensorView<const T>();
    c.compute([&](const Cpu& on, Outputs& out) {
      const auto y = in_place ? out.copy<T>("y", x) : out.tensor<T>("y", shape);
      ops::layer_normalization<T>(on, in_place ? TensorView<const T>(y) : x, gamma, beta, y, epsilon);
      const auto dx = in_place ? out.copy<T>("dx", dy) : out.tensor<T>("dx", shape);
      const auto space = [&] { return out.workspace(ops::layer_normalization_workspace<T>(on, shape)); };
      ops::layer_normalization_backward<T>(on, x, gamma, in_place ? TensorView<const T>(dx) : dy, dx,
                                           out.tensor<T>("dgamma", row), out.tensor<T>("dbeta", row), epsilon, space());
      ops::layer_normalization_backward<T>(on, x, gamma, dy, {}, {}, out.tensor<T>("dbeta alone", row), epsilon,
                                           space());
    });
    const Tensor<double> x_ = as_double(x), dy_ = as_double(dy);
    const Tensor<double> gamma_ = has_gamma ? as_double(gamma) : Tensor<double>(),
                         beta_ = has_beta ? as_double(beta) : Tensor<double>();
    Tensor<double> y_(shape), dx_(shape), dgamma_(row), dbeta_(row);
    ops::reference::layer_normalization<double>(x_, gamma_, beta_, y_, epsilon);
    ops::reference::layer_normalization_backward<double>(x_, gamma_, dy_, dx_, dgamma_, dbeta_, epsilon);
    // Few numbers of a row may happen to be nearly the same, which divides by a small number: up to 1 / sqrt(epsilon).
    const double factor = k < 8 ? 32 : 2;
    c.close<T>("y", y_.span(), share_of_sum(k, factor), 5);
    c.close<T>("dx", dx_.span(), share_of_sum(k, factor * factor), 5);
    c.close<T>("dgamma", dgamma_.span(), share_of_sum(rows + k, factor), std::sqrt(rows) * 2);
    c.close<T>("dbeta", dbeta_.span(), share_of_sum(rows), std::sqrt(rows / 3));
    c.same("dbeta alone", c.result<T>("dbeta alone").data(), c.result<T>("dbeta").data(), row.size());
    const std::int64_t n = c.below(shape[0]);  // a sample's bits are its own
    Outputs alone(0);
    const auto one = alone.tensor<T>("y", shape.sample().batch(1));
    ops::layer_normalization<T>(c.cpu(1), x.slice(n, n + 1), gamma, beta, one, epsilon);
    c.same("y of a sample alone", one.data, c.result<T>("y").data() + n * one.size(), one.size());
  });
}

TEMPLATE_TEST_CASE("softmax agrees with its reference at random sizes", "[ops][softmax][random_sizes]", float, double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    const Shape shape = draw_rows(c, 5000);
    const double k = double(shape.back());
    const bool in_place = c.chance(0.4);
    c.says("x ", to_string(shape), ", in place ", in_place);
    const auto x = c.input<T>(shape, -9, 9), dy = c.input<T>(shape);
    const Tensor<double> x_ = as_double(x), dy_ = as_double(dy);
    Tensor<double> y_(shape), dx_(shape);
    ops::reference::softmax<double>(x_, y_);
    Tensor<T> y_of(shape);
    for (std::int64_t i = 0; i < y_.size(); ++i) y_of[i] = static_cast<T>(y_[i]), y_[i] = double(y_of[i]);
    ops::reference::softmax_backward<double>(y_, dy_, dx_);
    c.compute([&](const Cpu& on, Outputs& out) {
      const auto y = in_place ? out.copy<T>("y", x) : out.tensor<T>("y", shape);
      ops::softmax<T>(on, in_place ? TensorView<const T>(y) : x, y);
      const auto dx = in_place ? out.copy<T>("dx", dy) : out.tensor<T>("dx", shape);
      ops::softmax_backward<T>(on, y_of, in_place ? TensorView<const T>(dx) : dy, dx);
    });
    c.close<T>("y", y_.span(), share_of_sum(k, 2), 1e-6);
    c.close<T>("dx", dx_.span(), share_of_sum(1), 1);
    const std::int64_t n = c.below(shape[0]);  // a row's bits are its own
    Outputs alone(0);
    const auto one = alone.tensor<T>("y", shape.sample().batch(1));
    ops::softmax<T>(c.cpu(1), x.slice(n, n + 1), one);
    c.same("y of a sample alone", one.data, c.result<T>("y").data() + n * one.size(), one.size());
  });
}

TEMPLATE_TEST_CASE("rescale agrees with its reference at random sizes", "[ops][rescale][random_sizes]", float, double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    const Shape shape = draw_rows(c, 3000);
    const bool in_place = c.chance(0.4);
    const auto numbers = [&] { return c.input<T>(Shape{c.chance(0.7) ? shape.back() : 1}); };
    const auto x = c.input<T>(shape), centre = numbers(), factor = numbers(), offset = numbers();
    c.says("x ", to_string(shape), ", numbers ", centre.size(), ", ", factor.size(), ", ", offset.size(), ", in place ",
           in_place);
    c.compute([&](const Cpu& on, Outputs& out) {
      const auto y = in_place ? out.copy<T>("y", x) : out.tensor<T>("y", shape);
      ops::rescale<T>(on, in_place ? TensorView<const T>(y) : x, centre, factor, offset, y);
      const auto dx = in_place ? out.copy<T>("dx", x) : out.tensor<T>("dx", shape);
      ops::rescale_backward<T>(on, in_place ? TensorView<const T>(dx) : x, factor, dx);
    });
    const auto of = [&](const TensorView<const T>& all, std::int64_t i) {
      return double(all.data[all.size() == 1 ? 0 : i % shape.back()]);
    };
    std::vector<double> y, dx;
    for (std::int64_t i = 0; i < x.size(); ++i) {
      y.push_back((double(x.data[i]) - of(centre, i)) * of(factor, i) + of(offset, i));
      dx.push_back(double(x.data[i]) * of(factor, i));
    }
    c.close<T>("y", y, share_of_sum(3), 1);
    c.close<T>("dx", dx, share_of_sum(1), 1);
  });
}
