#pragma once

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
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/output_options.hpp"

namespace brindle {

/// How often a sample of each class was taken for each class.
class ConfusionMatrix {
 public:
  /// Nothing counted yet. Throws ValueError for fewer than two classes.
  explicit ConfusionMatrix(std::int64_t classes)
      : classes_(classes), counts_(static_cast<std::size_t>(classes * classes), 0) {
    if (classes < 2)
      detail::raise<ValueError>("confusion matrix: expected at least 2 classes, got " + std::to_string(classes));
  }

  /// counts (classes, classes): true classes in rows, predicted ones in columns.
  ConfusionMatrix(std::int64_t classes, std::vector<std::int64_t> counts) : ConfusionMatrix(classes) {
    if (counts.size() != counts_.size())
      detail::raise<ShapeError>("confusion matrix: expected " + std::to_string(counts_.size()) + " counts for " +
                                std::to_string(classes) + " classes, got " + std::to_string(counts.size()));
    for (const std::int64_t n : counts)
      if (n < 0) detail::raise<ValueError>("confusion matrix: counts must be at least 0, got " + std::to_string(n));
    counts_ = std::move(counts);
  }

  /// Throws DataError for a class out of range.
  void add(std::int64_t truth, std::int64_t predicted) {
    if (truth < 0 || truth >= classes_ || predicted < 0 || predicted >= classes_)
      detail::raise<DataError>("confusion matrix: class " + std::to_string(truth) + " taken for class " +
                               std::to_string(predicted) + ", there are classes 0 to " + std::to_string(classes_ - 1));
    ++counts_[static_cast<std::size_t>(truth * classes_ + predicted)];
  }

  std::int64_t classes() const { return classes_; }  ///< how many
  /// Samples of class `truth` that were taken for class `predicted`.
  std::int64_t count(std::int64_t truth, std::int64_t predicted) const {
    return counts_[static_cast<std::size_t>(truth * classes_ + predicted)];
  }
  /// Samples of a class.
  std::int64_t support(std::int64_t truth) const {
    std::int64_t sum = 0;
    for (std::int64_t c = 0; c < classes_; ++c) sum += count(truth, c);
    return sum;
  }
  /// Samples that were taken for a class.
  std::int64_t predicted(std::int64_t c) const {
    std::int64_t sum = 0;
    for (std::int64_t truth = 0; truth < classes_; ++truth) sum += count(truth, c);
    return sum;
  }
  /// Samples counted.
  std::int64_t total() const { return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0}); }

 private:
  std::int64_t classes_;
  std::vector<std::int64_t> counts_;
};

/// The class that each row of outputs names: 1 where a single output is over 0.5 (a single logit over 0), else the
/// first largest output.
///
///     p (N, 1) or (N, K)  ->  N numbers
///
/// Throws DataError, naming the row, for outputs that are NaN or, unless the options say that they are logits, are no
/// probabilities.
template <class T>
std::vector<std::int64_t> predicted_classes(TensorView<const T, Cpu> p, const OutputOptions& options = {}) {
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

namespace detail {

/// The class of each sample, for outputs (N, K) and labels (N, 1) that fit together; throws as confusion_matrix().
inline std::vector<std::int64_t> true_classes(const std::string& who, In<float, Cpu> outputs, In<float, Cpu> labels) {
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

}  // namespace detail

/// Counts what a model predicted.
///
///     outputs (N, 1) for two classes, or (N, K);  labels (N, 1): class numbers
///
/// Throws ShapeError if there is not a label for each row, DataError for a label that is no whole number of a class and
/// for outputs as predicted_classes() does.
inline ConfusionMatrix confusion_matrix(In<float, Cpu> outputs, In<float, Cpu> labels,
                                        const OutputOptions& options = {}) {
  const std::vector<std::int64_t> truth = detail::true_classes("confusion matrix", outputs, labels);
  const std::vector<std::int64_t> predicted = predicted_classes<float>(outputs, options);
  ConfusionMatrix matrix(std::max<std::int64_t>(outputs.shape[1], 2));
  for (std::size_t i = 0; i < predicted.size(); ++i) matrix.add(truth[i], predicted[i]);
  return matrix;
}

/// A sample whose class was not found.
struct Mistake {
  std::int64_t row = 0;        ///< of the sample
  std::int64_t label = 0;      ///< its class
  std::int64_t predicted = 0;  ///< the class that it was taken for
  double probability = 0;      ///< of the predicted class
};

namespace detail {

/// The probability of class c by a row of outputs, k of them.
inline double class_probability(const float* row, std::int64_t k, std::int64_t c, const OutputOptions& o) {
  if (k == 1) {
    const double y = static_cast<double>(row[0]);
    if (!o.from_logits) return c == 1 ? y : 1 - y;
    return 1 / (1 + std::exp(c == 1 ? -y : y));
  }
  const double y = static_cast<double>(row[c]);
  if (!o.from_logits) return y;
  double sum = 0;
  for (std::int64_t i = 0; i < k; ++i) sum += std::exp(static_cast<double>(row[i]) - y);
  return 1 / sum;
}

}  // namespace detail

/// The wrong predictions, the surest first, at most `count`; equally sure ones stay in their order.
///
/// Sizes and errors as confusion_matrix().
inline std::vector<Mistake> worst_mistakes(In<float, Cpu> outputs, In<float, Cpu> labels, std::size_t count,
                                           const OutputOptions& options = {}) {
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
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.probability > b.probability; });
  if (mistakes.size() > count) mistakes.resize(count);
  return mistakes;
}

/// Shares of one class, or means over classes; a share of nothing is 0.
///
/// precision: of the samples taken for the class, those of it; recall: of the samples of the class, those taken for it;
/// f1: 2 precision recall / (precision + recall).
struct ClassScore {
  double precision = 0;      ///< 0..1; 0 where no sample was taken for the class
  double recall = 0;         ///< 0..1; 0 where there is no sample of the class
  double f1 = 0;             ///< 0..1; 0 where both are
  std::int64_t support = 0;  ///< samples
};

/// scikit-learn's figures (metrics/_classification.py, zero_division 0).
struct ClassificationMetrics {
  double accuracy = 0;              ///< share of the samples that were taken for their class, 0..1
  std::vector<ClassScore> classes;  ///< by number
  ClassScore macro;                 ///< every class counts the same
  ClassScore weighted;              ///< every sample counts the same

  /// Of what was counted; all 0 if nothing was.
  explicit ClassificationMetrics(const ConfusionMatrix& m) {
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

 private:
  static double share(double part, double whole) { return whole == 0 ? 0 : part / whole; }
  static void add(ClassScore& sum, const ClassScore& s, double weight) {
    sum.precision += weight * s.precision;
    sum.recall += weight * s.recall;
    sum.f1 += weight * s.f1;
  }
  static void divide(ClassScore& sum, double by) {
    for (double* value : {&sum.precision, &sum.recall, &sum.f1}) *value = share(*value, by);
  }
};

/// Area under the receiver operating characteristic: the share of pairs of one sample of each class in which the one of
/// class 1 has the higher score, equal scores counting half. scores: probabilities or logits, of which only the order
/// counts; labels 0 or 1.
///
/// Throws DataError unless both classes are there, and for a label that is neither or a score that is no finite number,
/// as scikit-learn's roc_auc_score does. J. Hanley, B. McNeil, Radiology 143, 1982.
inline double roc_auc(std::span<const float> scores, std::span<const float> labels) {
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
