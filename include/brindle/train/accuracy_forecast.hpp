// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/tensor.hpp"

namespace brindle {

/// The accuracy that a run is likely to reach.
struct AccuracyForecast {
  double accuracy = 0;      ///< share of right answers, 0..1
  double low = 0;           ///< 95 times of 100 that of the validation data is at least this,
  double high = 0;          ///< and at most this
  std::int64_t judged = 0;  ///< samples that it was counted on
};

/// What classifiers that had not seen a sample said of it (out_of_fold_probabilities(), on a base's features) tells of
/// the accuracy that a head on these features will have on other samples.
///
///     probabilities (N, K);  labels (N) or (N, 1);  validation: samples that the accuracy will be measured on
///
/// Both accuracies are counted, on N and on `validation` samples, so with M of these the bounds are Wilson's
/// interval of N M / (N + M) samples (E. B. Wilson, 1927). What it cannot know: near copies among the samples make it
/// too high, and fine-tuning changes the features. Throws ShapeError or DataError as label_suspects(), ValueError
/// unless there are samples and validation is at least 1.
AccuracyForecast accuracy_forecast(TensorView<const double> probabilities, TensorView<const float> labels,
                                   std::int64_t validation);

/// The same where it was counted already that `right` of `judged` samples were answered right. Throws ValueError unless
/// right is 0 to judged, and judged and validation are at least 1.
AccuracyForecast accuracy_forecast(std::int64_t right, std::int64_t judged, std::int64_t validation);

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/accuracy_forecast_inl.hpp"
#endif
