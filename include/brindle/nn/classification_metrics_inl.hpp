// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what classification_metrics.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/stable_sort.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/classification_metrics.hpp"
#include "brindle/nn/output_options.hpp"

namespace brindle {

BRINDLE_INLINE ConfusionMatrix::ConfusionMatrix(std::int64_t classes)
    : classes_(classes), counts_(static_cast<std::size_t>(classes * classes), 0) {
  if (classes < 2)
    detail::raise<ValueError>("confusion matrix: expected at least 2 classes, got " + std::to_string(classes));
}

BRINDLE_INLINE ConfusionMatrix::ConfusionMatrix(std::int64_t classes, std::vector<std::int64_t> counts)
    : ConfusionMatrix(classes) {
  if (counts.size() != counts_.size())
    detail::raise<ShapeError>("confusion matrix: expected " + std::to_string(counts_.size()) + " counts for " +
                              std::to_string(classes) + " classes, got " + std::to_string(counts.size()));
  for (const std::int64_t n : counts)
    if (n < 0) detail::raise<ValueError>("confusion matrix: counts must be at least 0, got " + std::to_string(n));
  counts_ = std::move(counts);
}

BRINDLE_INLINE void ConfusionMatrix::add(std::int64_t truth, std::int64_t predicted) {
  if (truth < 0 || truth >= classes_ || predicted < 0 || predicted >= classes_)
    detail::raise<DataError>("confusion matrix: class " + std::to_string(truth) + " taken for class " +
                             std::to_string(predicted) + ", there are classes 0 to " + std::to_string(classes_ - 1));
  ++counts_[static_cast<std::size_t>(truth * classes_ + predicted)];
}

BRINDLE_INLINE std::int64_t ConfusionMatrix::count(std::int64_t truth, std::int64_t predicted) const {
  return counts_[static_cast<std::size_t>(truth * classes_ + predicted)];
}

BRINDLE_INLINE std::int64_t ConfusionMatrix::support(std::int64_t truth) const {
  std::int64_t sum = 0;
  for (std::int64_t c = 0; c < classes_; ++c) sum += count(truth, c);
  return sum;
}

BRINDLE_INLINE std::int64_t ConfusionMatrix::predicted(std::int64_t c) const {
  std::int64_t sum = 0;
  for (std::int64_t truth = 0; truth < classes_; ++truth) sum += count(truth, c);
  return sum;
}

template <class T>
std::vector<std::int64_t> predicted_classes(TensorView<const T, Cpu> p, const OutputOptions& options) {
  detail::check_outputs<T>("predicted_classes", p, options);
  const std::int64_t n = p.shape[0], outputs = p.shape.sample().size();
  std::vector<std::int64_t> classes(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = p.data + i * outputs;
    classes[static_cast<std::size_t>(i)] = outputs == 1 ? (row[0] > detail::class_threshold<T>(options) ? 1 : 0)
                                                        : std::max_element(row, row + outputs) - row;
  }
  return classes;
}

}  // namespace brindle

namespace brindle::detail {

/// The class of each sample, for outputs (N, K) and labels (N, 1) that fit together; throws as confusion_matrix().
BRINDLE_INLINE std::vector<std::int64_t> true_classes(const std::string& who, In<float, Cpu> outputs,
                                                      In<float, Cpu> labels) {
  const std::int64_t n = outputs.shape.rank() == 2 ? outputs.shape[0] : 0;
  if (outputs.shape.rank() != 2 || outputs.shape[1] < 1 || n != labels.size())
    raise<ShapeError>(who + ": expected outputs (" + std::to_string(labels.size()) + ", K), one row a label, got " +
                      to_string(outputs.shape) +
                      (n > 0 && labels.shape.rank() == 2 && labels.shape[0] == n && labels.shape[1] > 1
                           ? " and labels " + to_string(labels.shape) + "; give the number of each sample's class"
                           : ""));
  const std::int64_t classes = std::max<std::int64_t>(outputs.shape[1], 2);
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    const float label = labels.data[i];
    if (!(label >= 0 && label < static_cast<float>(classes)) || label != std::floor(label))
      raise<DataError>(who + ": label " + std::to_string(i) + " is " + number_text(static_cast<double>(label)) +
                       ", expected a class number from 0 to " + std::to_string(classes - 1));
    numbers[static_cast<std::size_t>(i)] = static_cast<std::int64_t>(label);
  }
  return numbers;
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE ConfusionMatrix confusion_matrix(In<float, Cpu> outputs, In<float, Cpu> labels,
                                                const OutputOptions& options) {
  const std::vector<std::int64_t> truth = detail::true_classes("confusion matrix", outputs, labels);
  const std::vector<std::int64_t> predicted = predicted_classes<float>(outputs, options);
  ConfusionMatrix matrix(std::max<std::int64_t>(outputs.shape[1], 2));
  for (std::size_t i = 0; i < predicted.size(); ++i) matrix.add(truth[i], predicted[i]);
  return matrix;
}

}  // namespace brindle

namespace brindle::detail {

BRINDLE_INLINE double class_probability(const float* row, std::int64_t k, std::int64_t c, const OutputOptions& o) {
  if (k == 1) {
    const double y = static_cast<double>(row[0]);
    if (!o.from_logits) return c == 1 ? y : 1 - y;
    return 1 / (1 + std::exp(c == 1 ? -y : y));
  }
  const double y = static_cast<double>(row[c]);
  if (!o.from_logits) return y;
  if (o.each_output) return 1 / (1 + std::exp(-y));
  double sum = 0;
  for (std::int64_t i = 0; i < k; ++i) sum += std::exp(static_cast<double>(row[i]) - y);
  return 1 / sum;
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE std::vector<Mistake> worst_mistakes(In<float, Cpu> outputs, In<float, Cpu> labels, std::size_t count,
                                                   const OutputOptions& options) {
  const std::vector<std::int64_t> truth = detail::true_classes("worst_mistakes", outputs, labels);
  const std::vector<std::int64_t> predicted = predicted_classes<float>(outputs, options);
  const std::int64_t k = outputs.shape[1];
  std::vector<Mistake> mistakes;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    if (predicted[i] == truth[i]) continue;
    const auto row = static_cast<std::int64_t>(i);
    mistakes.push_back(
        {row, truth[i], predicted[i], detail::class_probability(outputs.data + row * k, k, predicted[i], options)});
  }
  detail::stable_sort(mistakes, [](const Mistake& a, const Mistake& b) { return a.probability > b.probability; });
  if (mistakes.size() > count) mistakes.resize(count);
  return mistakes;
}

BRINDLE_INLINE ClassificationMetrics::ClassificationMetrics(const ConfusionMatrix& m) {
  const auto total = static_cast<double>(m.total());
  double right = 0;
  for (std::int64_t c = 0; c < m.classes(); ++c) {
    const auto hits = static_cast<double>(m.count(c, c));
    ClassScore s;
    s.support = m.support(c);
    s.precision = share(hits, static_cast<double>(m.predicted(c)));
    s.recall = share(hits, static_cast<double>(s.support));
    s.f1 = share(2 * hits, static_cast<double>(m.predicted(c) + s.support));
    right += hits;
    add(macro, s, 1);
    add(weighted, s, static_cast<double>(s.support));
    classes.push_back(s);
  }
  divide(macro, static_cast<double>(m.classes()));
  divide(weighted, total);
  macro.support = weighted.support = m.total();
  accuracy = share(right, total);
}

BRINDLE_INLINE void ClassificationMetrics::add(ClassScore& sum, const ClassScore& s, double weight) {
  sum.precision += weight * s.precision;
  sum.recall += weight * s.recall;
  sum.f1 += weight * s.f1;
}

BRINDLE_INLINE void ClassificationMetrics::divide(ClassScore& sum, double by) {
  for (double* value : {&sum.precision, &sum.recall, &sum.f1}) *value = share(*value, by);
}

BRINDLE_INLINE double roc_auc(std::span<const float> scores, std::span<const float> labels) {
  if (scores.size() != labels.size())
    detail::raise<ShapeError>("roc_auc: " + std::to_string(scores.size()) + " scores for " +
                              std::to_string(labels.size()) + " labels");
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (labels[i] != 0.0f && labels[i] != 1.0f)
      detail::raise<DataError>("roc_auc: label " + std::to_string(i) + " is " +
                               detail::number_text(static_cast<double>(labels[i])) +
                               ", expected 0 or 1; of several classes take one against the others");
    if (!std::isfinite(scores[i]))
      detail::raise<DataError>("roc_auc: score " + std::to_string(i) + " is " +
                               detail::number_text(static_cast<double>(scores[i])) +
                               ", expected a finite number; look for the cause in the weights or the data");
  }
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  double rank_sum = 0, ones = 0;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && scores[order[end]] == scores[order[i]]) ++end;
    const double rank = static_cast<double>(i + 1 + end) / 2;  // the mean of ranks i + 1 .. end
    for (; i < end; ++i)
      if (labels[order[i]] == 1.0f) rank_sum += rank, ++ones;
  }
  const double zeros = static_cast<double>(order.size()) - ones;
  if (ones == 0 || zeros == 0)
    detail::raise<DataError>("roc_auc: expected samples of both classes, got one class only");
  return (rank_sum - ones * (ones + 1) / 2) / (ones * zeros);
}

}  // namespace brindle
