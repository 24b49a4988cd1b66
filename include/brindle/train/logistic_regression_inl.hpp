// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what logistic_regression.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/train/linear_classifier.hpp"
#include "brindle/train/logistic_regression.hpp"
#include "brindle/train/minimize.hpp"

namespace brindle {

BRINDLE_INLINE LinearClassifier logistic_regression(TensorView<const float> x, TensorView<const float> labels,
                                                    const LogisticRegressionOptions& options) {
  detail::check_linear_options("logistic_regression", options.c, options.tolerance, options.most_steps, "most_steps");
  const std::vector<std::int64_t> classes = detail::class_numbers("logistic_regression", x, labels);
  const std::int64_t features = x.shape.sample().size();
  const auto count = static_cast<std::size_t>(features);
  return detail::one_against_rest(features, classes, [&](const std::vector<double>& t, std::span<double> w, double& b) {
    std::vector<double> both(count + 1, 0.0);  // the weights, then the bias
    const std::int64_t steps = detail::minimize(
        both, options.tolerance, options.most_steps, [&](const std::vector<double>& at, std::vector<double>& gradient) {
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
    return steps < options.most_steps;
  });
}

}  // namespace brindle
