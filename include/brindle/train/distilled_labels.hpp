// SPDX-License-Identifier: MIT
#pragma once

#include "brindle/core/tensor.hpp"
#include "brindle/nn/output_options.hpp"

namespace brindle {

/// How soft the labels are, and how much of them is the teacher's.
struct DistilledLabelsOptions {
  double temperature = 2;  ///< the teacher's logits over this, 0.01 to 100; above 1 softer
  double share = 0.7;      ///< of the teacher in a label, the rest is the sample's own class; 0 to 1
};

/// Rows of labels for a small model that is to learn what a large one says: knowledge distillation (Hinton et al.,
/// 2015), of which this is the teacher's side; the student's outputs keep the temperature 1.
///
///     const Tensor<float> outputs = teacher.predict(photos);  // the Trainer of the large model
///     const Tensor<float> soft = distilled_labels(outputs, photos.labels());
///     Trainer trainer{small, Adam{}, CategoricalCrossentropy{}};
///     trainer.fit(data::WithLabels(photos, soft), {.epochs = 20});
///
///     outputs (N, K), K >= 2, probabilities or, where `are` says so, logits;  labels (N, 1) class numbers
///       ->  (N, K), rows with the sum 1
///
/// Throws ShapeError for other sizes, ValueError for settings out of range, DataError for labels that are no
/// classes or outputs that are no probabilities.
Tensor<float> distilled_labels(In<float, Cpu> outputs, In<float, Cpu> labels,
                               const DistilledLabelsOptions& options = {}, const OutputOptions& are = {});

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/distilled_labels_inl.hpp"
#endif
