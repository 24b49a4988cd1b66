// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/output_options.hpp"

namespace brindle {

/// How often a sample of each class was taken for each class.
class ConfusionMatrix {
 public:
  /// Nothing counted yet. Throws ValueError for fewer than two classes.
  explicit ConfusionMatrix(std::int64_t classes);

  /// counts (classes, classes): true classes in rows, predicted ones in columns. Throws ValueError for fewer than two
  /// classes and for a count below 0, ShapeError for another number of counts.
  ConfusionMatrix(std::int64_t classes, std::vector<std::int64_t> counts);

  /// Throws DataError for a class out of range.
  void add(std::int64_t truth, std::int64_t predicted);

  std::int64_t classes() const { return classes_; }  ///< how many
  /// Samples of class `truth` that were taken for class `predicted`. Here and below classes are 0 to classes() - 1,
  /// which is not checked.
  std::int64_t count(std::int64_t truth, std::int64_t predicted) const;
  /// Samples of a class.
  std::int64_t support(std::int64_t truth) const;
  /// Samples that were taken for a class.
  std::int64_t predicted(std::int64_t c) const;
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
std::vector<std::int64_t> predicted_classes(TensorView<const T, Cpu> p, const OutputOptions& options = {});

/// Counts what a model predicted.
///
///     outputs (N, 1) for two classes, or (N, K);  labels (N, 1): class numbers
///
/// Throws ShapeError if there is not a label for each row, DataError for a label that is no whole number of a class and
/// for outputs as predicted_classes() does.
ConfusionMatrix confusion_matrix(In<float, Cpu> outputs, In<float, Cpu> labels, const OutputOptions& options = {});

/// A sample whose class was not found.
struct Mistake {
  std::int64_t row = 0;        ///< of the sample
  std::int64_t label = 0;      ///< its class
  std::int64_t predicted = 0;  ///< the class that it was taken for
  double probability = 0;      ///< of the predicted class
};

/// The wrong predictions, the surest first, at most `count`; equally sure ones stay in their order.
///
/// Sizes and errors as confusion_matrix().
std::vector<Mistake> worst_mistakes(In<float, Cpu> outputs, In<float, Cpu> labels, std::size_t count,
                                    const OutputOptions& options = {});

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
  explicit ClassificationMetrics(const ConfusionMatrix& m);

 private:
  static double share(double part, double whole) { return whole == 0 ? 0 : part / whole; }
  static void add(ClassScore& sum, const ClassScore& s, double weight);
  static void divide(ClassScore& sum, double by);
};

/// Area under the receiver operating characteristic: the share of pairs of one sample of each class in which the one of
/// class 1 has the higher score, equal scores counting half. scores: probabilities or logits, of which only the order
/// counts; labels 0 or 1.
///
/// Throws DataError unless both classes are there, and for a label that is neither or a score that is no finite number,
/// as scikit-learn's roc_auc_score does; ShapeError unless there is a label for each score. J. Hanley, B. McNeil,
/// Radiology 143, 1982.
double roc_auc(std::span<const float> scores, std::span<const float> labels);

namespace detail {

/// The probability of class c by a row of outputs, k of them.
double class_probability(const float* row, std::int64_t k, std::int64_t c, const OutputOptions& o);

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/classification_metrics_inl.hpp"
#endif
