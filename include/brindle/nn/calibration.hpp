// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"

namespace brindle {

/// What the outputs are whose probabilities are looked at.
struct CalibrationOptions {
  bool from_logits = false;  ///< numbers before a sigmoid or softmax, of any size; else probabilities, 0..1
  bool each_output = false;  ///< a sigmoid each, also of several outputs: labels (N, K) of 0 and 1 (multi-label)
  std::int64_t bins = 15;    ///< of equal width, 1..1000
};

/// The predictions whose probability lies between two bounds.
struct CalibrationBin {
  std::int64_t count = 0;  ///< predictions in it
  double confidence = 0;   ///< mean probability of the predicted class; 0 without predictions
  double accuracy = 0;     ///< share of them that are right; 0 without predictions
};

/// How far probabilities can be taken at their word. A prediction is a sample's most probable class; where each output
/// stands by itself, every output of every sample is one, for or against its class. The confidence of a prediction is
/// the probability of what it says.
struct Calibration {
  std::int64_t samples = 0;  ///< rows of outputs

  /// Mean of -log(probability of the true class), over the outputs, too, where each stands by itself: Keras's
  /// crossentropy. The smaller the better; it is what a temperature makes smallest.
  double negative_log_likelihood = 0;

  /// The sum over bins b of count_b / count |accuracy_b - confidence_b|: how many points, on average, confidence and
  /// accuracy lie apart; 0..1. Bin b of B has the confidences in (b / B, (b + 1) / B]. C. Guo, G. Pleiss, Y. Sun,
  /// K. Weinberger, "On Calibration of Modern Neural Networks", 2017.
  double expected_calibration_error = 0;

  /// Mean over samples of the sum over classes of (probability - 1 for the true class, 0 for others)^2, halved for two
  /// classes: 0..1 of these and where each output stands by itself (mean over the outputs), else 0..2. scikit-learn's
  /// brier_score_loss. G. Brier, 1950.
  double brier_score = 0;

  std::vector<CalibrationBin> bins = {};  ///< by rising confidence
};

/// Compares probabilities with what was true.
///
///     outputs (N, 1) for two classes, or (N, K);  labels (N, 1): class numbers, or (N, K) where each output stands by
///     itself
///
/// Computed in double. A probability of 0 counts as the smallest normal float (1.2e-38), and one output of 1 as
/// 1 - 2^-25. Throws ValueError for options without a meaning, ShapeError for sizes that do not fit, DataError without
/// samples, for a label that is no class and for outputs that are not what the options say.
Calibration calibration(In<float, Cpu> outputs, In<float, Cpu> labels, const CalibrationOptions& options = {});

namespace detail {

/// What a sigmoid or softmax has made a probability of; of a softmax up to a number that all outputs share.
double logit_of(double p, bool sigmoid);

/// What a row of outputs says.
struct Prediction {
  double confidence = 0;  ///< the probability of the class that it is for
  bool right = false;     ///< whether that is the true one
};

/// Outputs as logits with their labels, checked. Of one output, or where each stands by itself, logit i belongs to
/// label i, 0 or 1 (columns is 1 then); else rows of `columns` logits each have one label, a class number.
struct LabelledLogits {
  std::int64_t samples = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 1;
  std::vector<double> logits;
  std::vector<std::int64_t> labels;

  /// Mean negative log-likelihood of logits times `scale`, and its first two derivatives by that.
  struct Likelihood {
    double value = 0, slope = 0, curvature = 0;
  };
  Likelihood at(double scale) const;
  /// Of row i of the logits times `scale`.
  Prediction prediction(std::int64_t i, double scale) const;
  /// Of all of them.
  Calibration calibration(double scale, std::int64_t bins) const;
};

/// Throws as brindle::calibration() does; `who` begins the messages.
LabelledLogits labelled_logits(const std::string& who, In<float, Cpu> outputs, In<float, Cpu> labels,
                               const CalibrationOptions& options);

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/calibration_inl.hpp"
#endif
