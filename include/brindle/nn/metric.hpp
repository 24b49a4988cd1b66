// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/output_options.hpp"

namespace brindle {

/// A figure of all outputs of a data set, computed beside loss and accuracy: by fit() of the validation data after each
/// epoch, and by evaluate().
///
///     trainer.fit(photos, {.validation = holdout, .metrics = {metrics::auc(), metrics::top_k_accuracy(2)}})
///
/// One of your own is its name and a function; it throws a brindle::Error where it cannot be computed, and is tried
/// before the first step with the labels and with outputs that are all alike.
struct Metric {
  std::string name;  ///< "auc": in History::val_metrics, and for Monitor::val_metric()

  /// outputs (N, K), probabilities, or logits where the options say so; labels (N, L) -> the figure
  std::function<double(TensorView<const float> outputs, TensorView<const float> labels, const OutputOptions& options)>
      value;
  bool larger_is_better = true;  ///< false for errors
};

/// Metrics for FitOptions::metrics and EvaluateOptions::metrics. Labels are class numbers (N, 1) with one output or one
/// a class, or (N, K), a label for each output. Each function throws ShapeError for labels of another size and
/// DataError where the figure has no meaning, as an AUC of samples of one class.
namespace metrics {

/// When an output is a yes.
struct F1ScoreOptions {
  /// Above which an output by itself is a yes, for labels (N, K) of several classes at once, in the numbers of the
  /// outputs: of logits it is a logit. NaN: the largest output names the class (Keras's threshold=None), and a single
  /// output is a yes above 0.5 (of logits above 0).
  double threshold = std::numeric_limits<double>::quiet_NaN();
  std::string name = "f1_score";  ///< to tell several apart
};

/// "top_2_accuracy": the share of samples whose class is among the k largest outputs; an equal output does not push it
/// out. Throws ValueError for k < 1; of samples of several classes it has no meaning. Keras:
/// metrics/accuracy_metrics.py, (Sparse)TopKCategoricalAccuracy.
Metric top_k_accuracy(std::int64_t k = 5);

/// "f1_score": twice precision times recall over their sum, of class 1 where there is one output, else the mean over
/// the classes, of which one that is neither there nor predicted counts 0. Keras: metrics/f_score_metrics.py, F1Score
/// with average="macro".
Metric f1_score(const F1ScoreOptions& options = {});

/// "auc": the area below the ROC curve, which is the share of pairs of a sample of the class and another whose outputs
/// are in the right order, equal ones counting half. Of several classes the mean of each against the rest, by their
/// probabilities where the outputs are logits of a softmax. Exact, where Keras's AUC takes 200 thresholds.
Metric auc();

/// "average_precision": the sum of precisions at each output that is a hit, weighted by the recall that it adds; of
/// several classes the mean over them. As scikit-learn's average_precision_score.
Metric average_precision();

/// "mean_absolute_error" over all outputs. Keras: metrics/regression_metrics.py.
Metric mean_absolute_error();

/// "root_mean_squared_error" over all outputs. Keras: metrics/regression_metrics.py.
Metric root_mean_squared_error();

}  // namespace metrics

/// The threshold of each output at which its F1 score is the largest, for labels of several classes at once.
///
///     outputs, probabilities, and labels (N, K)  ->  K thresholds: an output is a yes from there on
///
/// F1ScoreOptions::threshold, as Keras's, counts what lies above it: of a threshold from here give it the next smaller
/// number, std::nextafter(static_cast<float>(threshold), 0.0f).
///
/// Chosen on validation data, as any threshold is. Throws ShapeError for sizes that differ, DataError for labels other
/// than 0 and 1, or a class of which no sample is.
std::vector<double> f1_thresholds(In<float, Cpu> outputs, In<float, Cpu> labels);

namespace detail {

/// Figures by the names of their metrics, in their order. Throws what a metric throws, beginning with `who` and its
/// name.
std::vector<double> metric_values(const std::string& who, const std::vector<Metric>& metrics,
                                  TensorView<const float> outputs, TensorView<const float> labels,
                                  const OutputOptions& options);

/// Throws ValueError for a metric without a name or function, or two of one name, and what metric_values() throws for
/// outputs that are all alike: K of them for each of the labels.
void check_metrics(const std::string& who, const std::vector<Metric>& metrics, std::int64_t outputs,
                   TensorView<const float> labels);

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/metric_inl.hpp"
#endif
