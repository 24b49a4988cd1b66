#pragma once

// Definitions of what logistic_regression.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/train/linear_classifier.hpp"
#include "brindle/train/logistic_regression.hpp"

namespace brindle::detail {

/// Minimum of a smooth convex function by L-BFGS with a memory of ten steps and backtracking. value(w, gradient).
template <class Value>
void minimize(std::vector<double>& w, double tolerance, std::int64_t most_steps, Value&& value) {
  const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
    return sum;
  };
  std::vector<double> gradient(w.size()), next(w.size()), next_gradient(w.size());
  std::vector<std::pair<std::vector<double>, std::vector<double>>> memory;  // steps, and what they did to the gradient
  double f = value(w, gradient);
  for (std::int64_t step = 0; step < most_steps; ++step) {
    double largest = 0;
    for (const double g : gradient) largest = std::max(largest, std::abs(g));
    if (largest <= tolerance) return;
    std::vector<double> direction = gradient, share(memory.size());
    for (std::size_t m = memory.size(); m-- > 0;) {
      const auto& [s, y] = memory[m];
      share[m] = dot(s, direction) / dot(s, y);
      for (std::size_t k = 0; k < w.size(); ++k) direction[k] -= share[m] * y[k];
    }
    if (!memory.empty()) {
      const auto& [s, y] = memory.back();
      const double length = dot(s, y) / dot(y, y);
      for (double& d : direction) d *= length;
    }
    for (std::size_t m = 0; m < memory.size(); ++m) {
      const auto& [s, y] = memory[m];
      const double back = share[m] - dot(y, direction) / dot(s, y);
      for (std::size_t k = 0; k < w.size(); ++k) direction[k] += back * s[k];
    }
    const double slope = dot(gradient, direction);
    double length = memory.empty() ? std::min(1.0, 1.0 / std::sqrt(dot(gradient, gradient))) : 1.0;
    double found = f;
    for (int halved = 0;; ++halved) {
      if (halved == 60) return;  // as near as double can tell
      for (std::size_t k = 0; k < w.size(); ++k) next[k] = w[k] - length * direction[k];
      found = value(next, next_gradient);
      if (found <= f - 1e-4 * length * slope) break;
      length *= 0.5;
    }
    std::vector<double> s(w.size()), y(w.size());
    for (std::size_t k = 0; k < w.size(); ++k) s[k] = next[k] - w[k], y[k] = next_gradient[k] - gradient[k];
    if (dot(s, y) > 0) {
      if (memory.size() == 10) memory.erase(memory.begin());
      memory.emplace_back(std::move(s), std::move(y));
    }
    std::swap(w, next);
    std::swap(gradient, next_gradient);
    f = found;
  }
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE LinearClassifier logistic_regression(TensorView<const float> x, TensorView<const float> labels,
                                                    const LogisticRegressionOptions& options) {
  detail::check_linear_options("logistic_regression", options.c, options.tolerance, options.most_steps, "most_steps");
  const std::vector<std::int64_t> classes = detail::class_numbers("logistic_regression", x, labels);
  const std::int64_t features = x.shape.sample().size();
  const auto count = static_cast<std::size_t>(features);
  return detail::one_against_rest(features, classes, [&](const std::vector<double>& t, std::span<double> w, double& b) {
    std::vector<double> both(count + 1, 0.0);  // the weights, then the bias
    detail::minimize(both, options.tolerance, options.most_steps,
                     [&](const std::vector<double>& at, std::vector<double>& gradient) {
                       double loss = 0;
                       for (std::size_t k = 0; k < count; ++k) {
                         gradient[k] = at[k];
                         loss += at[k] * at[k] / 2;
                       }
                       gradient[count] = 0;
                       for (std::size_t i = 0; i < t.size(); ++i) {
                         const float* sample = x.data + static_cast<std::int64_t>(i) * features;
                         double score = at[count];
                         for (std::size_t k = 0; k < count; ++k) score += at[k] * static_cast<double>(sample[k]);
                         const double margin = t[i] * score, small = std::exp(-std::abs(margin));
                         loss += options.c * (std::max(-margin, 0.0) + std::log1p(small));
                         const double g = -options.c * t[i] * (margin > 0 ? small : 1.0) / (1.0 + small);
                         for (std::size_t k = 0; k < count; ++k) gradient[k] += g * static_cast<double>(sample[k]);
                         gradient[count] += g;
                       }
                       return loss;
                     });
    std::copy(both.begin(), both.end() - 1, w.begin());
    b = both.back();
  });
}

}  // namespace brindle
