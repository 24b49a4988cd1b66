// SPDX-License-Identifier: MIT
// Losses of sizes that are drawn.
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

namespace {

/// What every loss has: samples (N, K), weights or none, tasks of 1024 elements.
template <class T>
struct Samples {
  std::int64_t n = 1, k = 1;
  bool weighted, in_place, inference;
  TensorView<const T> x, weight;

  Samples(RandomCase& c, double low, double high) {
    c.sizes({{&n, 3000, {64, 256, 1024}}, {&k, 3000, {8, 16, 512, 1024}}}, double(c.spread(1, 60000)),
            [&] { return double(n) * double(k); });
    weighted = c.chance(0.5), in_place = c.chance(0.4), inference = c.chance(0.2);
    x = c.input<T>({n, k}, low, high);
    if (weighted) weight = c.input<T>({n}, 0, 2);
    c.says("(", n, ", ", k, "), weights ", weighted, ", in place ", in_place, ", no gradient ", inference);
  }

  /// op(x, each, gradient) by the kernel; row(x of a sample, factor, gradient of it) gives the sample's loss in double.
  template <class Op, class Row>
  void check(RandomCase& c, bool mean_of_row, const Op& op, const Row& row) const {
    c.compute([&](const Cpu& on, Outputs& out) {
      const auto each = out.tensor<T>("each", {n});
      const auto dx = inference  ? TensorView<T>()
                      : in_place ? out.copy<T>("gradient", x)
                                 : out.tensor<T>("gradient", {n, k});
      op(on, in_place && !inference ? TensorView<const T>(dx) : x, each, dx);
    });
    const std::vector<double> xs = doubles(x);
    std::vector<double> each, gradient(xs.size());
    for (std::int64_t i = 0; i < n; ++i) {
      const double factor = (weighted ? double(weight.data[i]) : 1) / double(mean_of_row ? n * k : n);
      each.push_back(row(i, xs.data() + i * k, factor, gradient.data() + i * k));
    }
    const Share share = share_of_sum(double(k), 4);
    c.close<T>("each", each, share, 1);
    if (!inference) c.close<T>("gradient", gradient, share, 3.0 / double(mean_of_row ? n * k : n));
  }
};

}  // namespace

TEMPLATE_TEST_CASE("binary cross-entropy agrees with its formula at random sizes",
                   "[ops][binary_crossentropy][random_sizes]", float, double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    ops::BinaryCrossentropyOptions o;
    if (c.chance(0.3)) o.label_smoothing = c.uniform(0, 1);
    if (c.chance(0.3)) o.gamma = c.uniform(1, 3);
    if (c.chance(0.3)) o.alpha = c.uniform(0, 1);
    if (c.chance(0.2)) o = {.keras2 = true, .label_smoothing = o.label_smoothing};
    const bool logits = c.chance(0.5);
    const Samples<T> s(c, logits ? -6 : 0.05, logits ? 6 : 0.95);
    const auto t = c.input<T>({s.n, s.k}, 0, 1);
    c.says(", logits ", logits, ", smoothing ", o.label_smoothing, ", gamma ", o.gamma, ", alpha ", o.alpha,
           ", keras2 ", o.keras2);
    s.check(
        c, true,
        [&](const Cpu& on, TensorView<const T> x, TensorView<T> each, TensorView<T> dx) {
          if (logits)
            ops::binary_crossentropy_logits<T>(on, x, t, s.weight, each, dx, o);
          else
            ops::binary_crossentropy<T>(on, x, t, s.weight, each, dx, o);
        },
        [&](std::int64_t i, const double* x, double factor, double* dx) {
          double sum = 0;
          for (std::int64_t j = 0; j < s.k; ++j) {
            const double label = double(t.data[i * s.k + j]);
            const auto at = logits ? ops::LossElement<double>::logit(x[j], label, o)
                                   : ops::LossElement<double>::probability(x[j], label, o);
            sum += at.loss;
            dx[j] = factor * at.derivative;
          }
          return sum / double(s.k);
        });
  });
}

TEMPLATE_TEST_CASE("categorical cross-entropy agrees with its formula at random sizes",
                   "[ops][categorical_crossentropy][random_sizes]", float, double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    ops::CategoricalCrossentropyOptions o;
    if (c.chance(0.3)) o.label_smoothing = c.uniform(0, 1);
    if (c.chance(0.3)) o.gamma = c.uniform(1, 3), o.alpha = c.uniform(0, 1);
    const bool logits = c.chance(0.5);
    const Samples<T> s(c, logits ? -6 : 0.05, logits ? 6 : 0.95);
    const auto t = c.input<T>({s.n, s.k}, 0, 2.0 / double(s.k));
    c.says(", logits ", logits, ", smoothing ", o.label_smoothing, ", gamma ", o.gamma, ", alpha ", o.alpha);
    s.check(
        c, false,
        [&](const Cpu& on, TensorView<const T> x, TensorView<T> each, TensorView<T> dx) {
          if (logits)
            ops::categorical_crossentropy_logits<T>(on, x, t, s.weight, each, dx, o);
          else
            ops::categorical_crossentropy<T>(on, x, t, s.weight, each, dx, o);
        },
        [&](std::int64_t i, const double* x, double factor, double* dx) {
          std::vector<double> labels;
          for (std::int64_t j = 0; j < s.k; ++j) labels.push_back(double(t.data[i * s.k + j]));
          return logits ? ops::reference::categorical_crossentropy_logits<double>(x, labels.data(), s.k, factor, dx, o)
                        : ops::reference::categorical_crossentropy<double>(x, labels.data(), s.k, factor, dx, o);
        });
  });
}

TEMPLATE_TEST_CASE("sparse categorical cross-entropy agrees with its formula at random sizes",
                   "[ops][sparse_categorical_crossentropy][random_sizes]", float, double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    ops::SparseCategoricalCrossentropyOptions o;
    if (c.chance(0.3)) o.label_smoothing = c.uniform(0, 1);
    const bool logits = c.chance(0.5);
    const Samples<T> s(c, logits ? -6 : 0.05, logits ? 6 : 0.95);
    const auto classes = c.whole_numbers<std::int32_t>({s.n}, s.k);
    Tensor<T> labels({s.n, 1});
    for (std::int64_t i = 0; i < s.n; ++i) labels[i] = static_cast<T>(classes.data[i]);
    c.says(", logits ", logits, ", smoothing ", o.label_smoothing);
    c.compute([&](const Cpu& on, Outputs& out) {
      ops::class_numbers<T>(on, labels, out.tensor<std::int32_t>("classes", {s.n}));
    });
    c.same("classes", c.result<std::int32_t>("classes").data(), classes.data, s.n);
    s.check(
        c, false,
        [&](const Cpu& on, TensorView<const T> x, TensorView<T> each, TensorView<T> dx) {
          if (logits)
            ops::sparse_categorical_crossentropy_logits<T>(on, x, classes, s.weight, each, dx, o);
          else
            ops::sparse_categorical_crossentropy<T>(on, x, classes, s.weight, each, dx, o);
        },
        [&](std::int64_t i, const double* x, double factor, double* dx) {
          const auto row = logits ? ops::reference::sparse_categorical_crossentropy_logits<double>
                                  : ops::reference::sparse_categorical_crossentropy<double>;
          return row(x, s.k, classes.data[i], o.label_smoothing, factor, dx);
        });
  });
}

TEMPLATE_TEST_CASE("regression errors agree with their formula at random sizes",
                   "[ops][regression_error][random_sizes]", float, double) {
  using T = TestType;
  random_cases(150, [](RandomCase& c) {
    ops::RegressionErrorOptions o;
    o.error = c.pick({ops::RegressionError::squared, ops::RegressionError::absolute, ops::RegressionError::huber});
    o.delta = c.pick({0.5, 1.0});
    const Samples<T> s(c, -2, 2);
    const auto t = c.input<T>({s.n, s.k}, -2, 2);
    c.says(", error ", static_cast<int>(o.error), ", delta ", o.delta);
    s.check(
        c, true,
        [&](const Cpu& on, TensorView<const T> x, TensorView<T> each, TensorView<T> dx) {
          ops::regression_error<T>(on, x, t, s.weight, each, dx, o);
        },
        [&](std::int64_t i, const double* x, double factor, double* dx) {
          std::vector<double> targets;
          for (std::int64_t j = 0; j < s.k; ++j) targets.push_back(double(t.data[i * s.k + j]));
          return ops::reference::regression_error<double>(x, targets.data(), s.k, factor, dx, o);
        });
  });
}
