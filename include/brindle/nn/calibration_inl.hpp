// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what calibration.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/calibration.hpp"
#include "brindle/nn/output_options.hpp"

namespace brindle::detail {

BRINDLE_INLINE double logit_of(double p, bool sigmoid) {
  p = std::max(p, static_cast<double>(std::numeric_limits<float>::min()));
  if (!sigmoid) return std::log(p);
  p = std::min(p, 1 - 0x1p-25);  // half way from 1 to the float below it
  return std::log(p) - std::log1p(-p);
}

/// log(1 + exp(z)).
BRINDLE_INLINE double soft_plus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }

BRINDLE_INLINE LabelledLogits labelled_logits(const std::string& who, In<float, Cpu> outputs, In<float, Cpu> labels,
                                              const CalibrationOptions& o) {
  if (o.bins < 1 || o.bins > 1000)
    raise<ValueError>(who + ": bins is " + std::to_string(o.bins) + ", expected 1 to 1000");
  if (outputs.shape.rank() != 2 || outputs.shape[1] < 1)
    raise<ShapeError>(who + ": expected outputs (N, 1) or (N, classes), got " + to_string(outputs.shape));
  const std::int64_t n = outputs.shape[0], k = outputs.shape[1];
  const std::int64_t expected = o.each_output ? n * k : n;
  if (labels.size() != expected || (labels.shape.rank() > 0 && labels.shape[0] != n))
    raise<ShapeError>(
        who + ": expected labels " + to_string(Shape{n, o.each_output ? k : 1}) + " for outputs " +
        to_string(outputs.shape) + ", got " + to_string(labels.shape) +
        (labels.size() == n * k ? "; for labels of several classes at once say .each_output = true" : ""));
  if (n == 0) raise<DataError>(who + ": there are no samples; expected outputs and labels of at least one");
  check_outputs<float>(who, outputs, {o.from_logits});
  const bool sigmoid = o.each_output || k == 1;
  for (std::int64_t i = 0; i < n && !sigmoid && !o.from_logits; ++i) {
    double sum = 0;
    for (std::int64_t c = 0; c < k; ++c) sum += static_cast<double>(outputs.data[i * k + c]);
    if (std::abs(sum - 1) > 1e-3)
      raise<DataError>(who + ": the outputs of sample " + std::to_string(i) + " add up to " + number_text(sum) +
                       ", expected the probabilities of a softmax; of a sigmoid each they are no single answer");
  }
  LabelledLogits all{.samples = n,
                     .rows = sigmoid ? n * k : n,
                     .columns = sigmoid ? 1 : k,
                     .logits = std::vector<double>(static_cast<std::size_t>(n * k)),
                     .labels = std::vector<std::int64_t>(static_cast<std::size_t>(expected))};
  for (std::int64_t i = 0; i < n * k; ++i) {
    const auto y = static_cast<double>(outputs.data[i]);
    all.logits[static_cast<std::size_t>(i)] = o.from_logits ? y : logit_of(y, sigmoid);
  }
  const std::int64_t classes = sigmoid ? 2 : k;
  for (std::int64_t i = 0; i < expected; ++i) {
    const float label = labels.data[i];
    if (!(label >= 0 && label < static_cast<float>(classes)) || label != std::floor(label))
      raise<DataError>(who + ": label " + std::to_string(i) + " is " + number_text(static_cast<double>(label)) +
                       ", expected a class number from 0 to " + std::to_string(classes - 1));
    all.labels[static_cast<std::size_t>(i)] = static_cast<std::int64_t>(label);
  }
  return all;
}

BRINDLE_INLINE LabelledLogits::Likelihood LabelledLogits::at(double scale) const {
  Likelihood sum;
  for (std::int64_t i = 0; i < rows; ++i) {
    const double* z = logits.data() + i * columns;
    const auto label = labels[static_cast<std::size_t>(i)];
    if (columns == 1) {
      const double p = 1 / (1 + std::exp(-scale * *z));
      sum.value += soft_plus(label == 1 ? -scale * *z : scale * *z);
      sum.slope += *z * (p - static_cast<double>(label));
      sum.curvature += *z * *z * p * (1 - p);
      continue;
    }
    // Against the true class's logit, so that large ones do not cancel.
    const double most = *std::max_element(z, z + columns), truth = z[label];
    double total = 0, mean = 0, square = 0;
    for (std::int64_t c = 0; c < columns; ++c) {
      const double e = std::exp(scale * (z[c] - most)), d = z[c] - truth;
      total += e;
      mean += e * d;
      square += e * d * d;
    }
    mean /= total;
    sum.value += std::log(total) + scale * (most - truth);
    sum.slope += mean;
    sum.curvature += std::max(square / total - mean * mean, 0.0);
  }
  const auto n = static_cast<double>(rows);
  return {sum.value / n, sum.slope / n, sum.curvature / n};
}

BRINDLE_INLINE Prediction LabelledLogits::prediction(std::int64_t i, double scale) const {
  const double* z = logits.data() + i * columns;
  const auto label = labels[static_cast<std::size_t>(i)];
  if (columns == 1) {
    const double p = 1 / (1 + std::exp(-scale * *z));  // exactly one half is class 0
    return {std::max(p, 1 - p), (p > 0.5) == (label == 1)};
  }
  const double* most = std::max_element(z, z + columns);
  double total = 0;
  for (std::int64_t k = 0; k < columns; ++k) total += std::exp(scale * (z[k] - *most));
  return {1 / total, most - z == label};
}

BRINDLE_INLINE Calibration LabelledLogits::calibration(double scale, std::int64_t bin_count) const {
  Calibration c{.samples = samples, .bins = std::vector<CalibrationBin>(static_cast<std::size_t>(bin_count))};
  c.negative_log_likelihood = at(scale).value;
  for (std::int64_t i = 0; i < rows; ++i) {
    const double* z = logits.data() + i * columns;
    const auto label = labels[static_cast<std::size_t>(i)];
    const Prediction said = prediction(i, scale);
    if (columns == 1) {
      const double d = 1 / (1 + std::exp(-scale * *z)) - static_cast<double>(label);
      c.brier_score += d * d;
    } else {
      // The confidence is the share of the largest one.
      const double most = *std::max_element(z, z + columns);
      double squares = 0;
      for (std::int64_t k = 0; k < columns; ++k) {
        const double d = std::exp(scale * (z[k] - most)) * said.confidence - (k == label ? 1 : 0);
        squares += d * d;
      }
      c.brier_score += columns == 2 ? squares / 2 : squares;
    }
    const double at = std::ceil(said.confidence * static_cast<double>(bin_count)) - 1;
    CalibrationBin& bin = c.bins[static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(bin_count - 1)))];
    ++bin.count;
    bin.confidence += said.confidence;
    bin.accuracy += said.right ? 1 : 0;
  }
  const auto n = static_cast<double>(rows);
  c.brier_score /= n;
  for (CalibrationBin& bin : c.bins) {
    if (bin.count == 0) continue;
    const auto count = static_cast<double>(bin.count);
    bin.confidence /= count;
    bin.accuracy /= count;
    c.expected_calibration_error += count / n * std::abs(bin.accuracy - bin.confidence);
  }
  return c;
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE Calibration calibration(In<float, Cpu> outputs, In<float, Cpu> labels,
                                       const CalibrationOptions& options) {
  return detail::labelled_logits("calibration", outputs, labels, options).calibration(1, options.bins);
}

}  // namespace brindle
