// SPDX-License-Identifier: MIT
// Matrix products and dense layers of sizes that are drawn.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "support/kernels.hpp"
#include "support/random_sizes.hpp"

using namespace brindle;
using namespace brindle::test;
namespace kernel = ops::kernel;

namespace {

/// a (m, k) times b (k, n), in double.
std::vector<double> product(const std::vector<double>& a, const std::vector<double>& b, std::int64_t m, std::int64_t n,
                            std::int64_t k) {
  std::vector<double> c(static_cast<std::size_t>(m * n), 0);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t t = 0; t < k; ++t) {
      const double x = a[static_cast<std::size_t>(i * k + t)];
      const double* row = b.data() + t * n;
      double* to = c.data() + i * n;
      for (std::int64_t j = 0; j < n; ++j) to[j] += x * row[j];
    }
  return c;
}

/// (rows, columns) as (columns, rows).
std::vector<double> turned(const std::vector<double>& from, std::int64_t rows, std::int64_t columns) {
  std::vector<double> to(from.size());
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t q = 0; q < columns; ++q)
      to[static_cast<std::size_t>(q * rows + r)] = from[static_cast<std::size_t>(r * columns + q)];
  return to;
}

/// Rows of a matrix that stand `stride` apart, without what is between them.
template <class T>
std::vector<double> packed(const TensorView<const T>& from, std::int64_t rows, std::int64_t columns,
                           std::int64_t stride) {
  std::vector<double> to;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t q = 0; q < columns; ++q) to.push_back(double(from.data[r * stride + q]));
  return to;
}

}  // namespace

TEMPLATE_TEST_CASE("gemm agrees with plain loops at random sizes", "[ops][gemm][random_sizes]", float, double) {
  using T = TestType;
  random_cases(200, [](RandomCase& c) {
    // Three ways by shape: at most 64 rows; pieces of 60, panels and sums of 256; parts of 65536 elements of b.
    std::int64_t m = 1, n = 1, k = 1;
    c.sizes({{&m, c.chance(0.5) ? 70 : 600, {6, 14, 64, 84}},
             {&n, 1500, {8, 16, 32, 256}},
             {&k, c.chance(0.2) ? 9000 : 1500, {60, 256}}},
            c.chance(0.03) ? 3e7 : double(c.spread(100, 6000000)),
            [&] { return double(m) * double(n) * double(k) + double(k * n); });
    if (c.chance(0.02)) k = 0;
    ops::GemmOptions o;
    o.transpose_a = c.chance(0.4), o.transpose_b = c.chance(0.4), o.accumulate = c.chance(0.4);
    o.activation = c.pick({linear, linear, relu, relu6, sigmoid});
    const std::int64_t a_rows = o.transpose_a ? k : m, a_columns = o.transpose_a ? m : k;
    const std::int64_t b_rows = o.transpose_b ? n : k, b_columns = o.transpose_b ? k : n;
    const auto apart = [&](std::int64_t columns) { return columns + (c.chance(0.3) ? c.between(1, 20) : 0); };
    const std::int64_t a_stride = apart(a_columns), b_stride = apart(b_columns), c_stride = apart(n);
    const bool has_bias = c.chance(0.5);
    c.says("m ", m, ", n ", n, ", k ", k, ", strides ", a_stride, ", ", b_stride, ", ", c_stride, ", transposed ",
           o.transpose_a, o.transpose_b, ", accumulate ", o.accumulate, ", bias ", has_bias, ", ",
           to_string(o.activation));
    const auto a = c.input<T>({a_rows, a_stride}), b = c.input<T>({b_rows, b_stride}),
               before = c.input<T>({m, c_stride});
    const auto bias = has_bias ? c.input<T>(Shape{n}) : TensorView<const T>();
    c.compute([&](const Cpu& on, Outputs& out) {
      const auto to = out.copy<T>("c", before);
      ops::gemm<T>(on, {a.data, a_rows, a_columns, a_stride}, {b.data, b_rows, b_columns, b_stride}, bias,
                   {to.data, m, n, c_stride}, o, out.workspace(ops::gemm_workspace<T>(on, m, n, k, o)));
    });
    std::vector<double> a_ = packed(a, a_rows, a_columns, a_stride), b_ = packed(b, b_rows, b_columns, b_stride);
    if (o.transpose_a) a_ = turned(a_, k, m);
    if (o.transpose_b) b_ = turned(b_, n, k);
    const std::vector<double> sums = product(a_, b_, m, n, k);
    std::vector<double> expected = doubles(before);  // what is between the rows stays
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        double& e = expected[static_cast<std::size_t>(i * c_stride + j)];
        const double sum = sums[static_cast<std::size_t>(i * n + j)] + (has_bias ? double(bias.data[j]) : 0);
        e = kernel::activations::value(o.activation, o.accumulate ? e + sum : sum);
      }
    c.close<T>("c", expected, share_of_sum(double(k)), std::sqrt(double(k)) / 3 + 1);
  });
}

TEMPLATE_TEST_CASE("dense agrees with plain loops at random sizes", "[ops][dense][random_sizes]", float, double) {
  using T = TestType;
  random_cases(200, [](RandomCase& c) {
    // Few samples (4), blocks of 128 samples and 512 outputs, 512 inputs a part, more than 256 samples; blocks of rows
    // of 32768 elements in the backward pass.
    std::int64_t samples = 1, inputs = 1, outputs = 1;
    c.sizes({{&samples, c.chance(0.5) ? 40 : 600, {4, 14, 128, 256}},
             {&inputs, c.chance(0.3) ? 20000 : 1500, {60, 252, 512}},
             {&outputs, 1500, {8, 16, 32, 256, 512}}},
            c.chance(0.03) ? 2e7 : double(c.spread(100, 5000000)),
            [&] { return double(samples) * double(inputs) * double(outputs) + 4 * double(inputs * outputs); });
    const ActivationFunction f = c.pick({linear, relu, relu6, sigmoid, ActivationFunction::tanh, softmax});
    const bool has_bias = c.chance(0.8), wants_dx = c.chance(0.7), has_state = c.chance(0.5);
    c.says("x (", samples, ", ", inputs, "), w (", inputs, ", ", outputs, "), ", to_string(f), ", bias ", has_bias);
    const auto x = c.input<T>({samples, inputs}), w = c.input<T>({inputs, outputs}),
               dz = c.input<T>({samples, outputs});
    const auto bias = has_bias ? c.input<T>(Shape{outputs}) : TensorView<const T>();
    c.compute([&](const Cpu& on, Outputs& out) {
      const auto space = [&] { return out.workspace(ops::dense_workspace<T>(on, x.shape, w.shape)); };
      ops::dense<T>(on, x, w, bias, out.tensor<T>("y", dz.shape), f, space());
      ops::dense_backward_data<T>(on, dz, w, out.tensor<T>("dx", x.shape), space());
      ops::dense_backward_weights<T>(on, x, dz, out.tensor<T>("dw", w.shape), out.tensor<T>("db", {outputs}), space());
      // Both in one pass: w changes under it.
      const auto moved = out.copy<T>("w", w), dw = out.tensor<T>("dw by blocks", w.shape);
      const auto update = [&](std::int64_t row, TensorView<const T> block) {
        for (std::int64_t i = 0; i < block.size(); ++i) {
          dw.data[row * outputs + i] = block.data[i];
          moved.data[row * outputs + i] -= block.data[i];
        }
      };
      ops::dense_backward_update<T>(
          on, x, dz, moved, wants_dx ? out.tensor<T>("dx by blocks", x.shape) : TensorView<T>(),
          out.tensor<T>("db by blocks", {outputs}), update, space(), has_state ? w : TensorView<const T>());
    });
    const std::vector<double> x_ = doubles(x), w_ = doubles(w), dz_ = doubles(dz);
    std::vector<double> y = product(x_, w_, samples, outputs, inputs), db(static_cast<std::size_t>(outputs), 0);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t o = i % static_cast<std::size_t>(outputs);
      if (has_bias) y[i] += double(bias.data[static_cast<std::int64_t>(o)]);
      db[o] += dz_[i];
    }
    const double terms = double(inputs), size = std::sqrt(terms) / 3 + 1;
    if (f == softmax) {
      Tensor<double> sums({samples, outputs}), p({samples, outputs});
      std::copy(y.begin(), y.end(), sums.data());
      ops::reference::softmax<double>(sums, p);
      // An error of a logit is one of the probability's logarithm.
      c.close<T>("y", p.span(), share_of_sum(terms, 3 * size), 1e-3);
    } else {
      for (double& v : y) v = kernel::activations::value(f, v);
      c.close<T>("y", y, share_of_sum(terms), size);
    }
    const std::vector<double> dx = product(dz_, turned(w_, inputs, outputs), samples, inputs, outputs);
    const std::vector<double> dw = product(turned(x_, samples, inputs), dz_, inputs, outputs, samples);
    c.close<T>("dx", dx, share_of_sum(double(outputs)), std::sqrt(double(outputs)) / 3);
    c.close<T>("dw", dw, share_of_sum(double(samples)), std::sqrt(double(samples)) / 3);
    c.close<T>("db", db, share_of_sum(double(samples)), std::sqrt(double(samples) / 3));
    c.close<T>("dw by blocks", dw, share_of_sum(double(samples)), std::sqrt(double(samples)) / 3);
    if (wants_dx) c.close<T>("dx by blocks", dx, share_of_sum(double(outputs)), std::sqrt(double(outputs)) / 3);
    c.close<T>("db by blocks", db, share_of_sum(double(samples)), std::sqrt(double(samples) / 3));
  });
}
