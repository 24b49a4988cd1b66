// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what linear_svm.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/train/linear_classifier.hpp"
#include "brindle/train/linear_svm.hpp"

namespace brindle {

BRINDLE_INLINE LinearClassifier linear_svm(TensorView<const float> x, TensorView<const float> labels,
                                           const LinearSvmOptions& options) {
  detail::check_linear_options("linear_svm", options.c, options.tolerance, options.most_passes, "most_passes");
  const std::vector<std::int64_t> classes = detail::class_numbers("linear_svm", x, labels);
  const std::int64_t features = x.shape.sample().size(), n = x.shape[0];
  std::vector<double> diagonal(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    double square = 1 + 0.5 / options.c;  // the bias is a feature that is always 1
    for (std::int64_t k = 0; k < features; ++k) {
      const double v = static_cast<double>(x.data[i * features + k]);
      square += v * v;
    }
    diagonal[static_cast<std::size_t>(i)] = square;
  }
  return detail::one_against_rest(features, classes, [&](const std::vector<double>& t, std::span<double> w, double& b) {
    std::vector<double> alpha(t.size(), 0.0);
    std::vector<std::int64_t> order(t.size());
    for (std::int64_t pass = 0; pass < options.most_passes; ++pass) {
      detail::permute(order, Random{0, stream_id("linear_svm"), static_cast<std::uint32_t>(pass)});
      double worst = 0;
      for (const std::int64_t row : order) {
        const auto i = static_cast<std::size_t>(row);
        const float* sample = x.data + row * features;
        double score = b;
        for (std::size_t k = 0; k < w.size(); ++k) score += w[k] * static_cast<double>(sample[k]);
        const double gradient = t[i] * score - 1 + alpha[i] * 0.5 / options.c;
        const double projected = alpha[i] > 0 ? gradient : std::min(gradient, 0.0);
        worst = std::max(worst, std::abs(projected));
        if (projected == 0) continue;
        const double before = alpha[i];
        alpha[i] = std::max(before - gradient / diagonal[i], 0.0);
        const double step = (alpha[i] - before) * t[i];
        for (std::size_t k = 0; k < w.size(); ++k) w[k] += step * static_cast<double>(sample[k]);
        b += step;
      }
      if (worst <= options.tolerance) return true;
    }
    return false;
  });
}

}  // namespace brindle
