// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/tensor.hpp"
#include "brindle/train/linear_classifier.hpp"

namespace brindle {

struct LinearSvmOptions {
  double c = 1;                      ///< what a sample on the wrong side costs, > 0
  double tolerance = 1e-6;           ///< of the optimality conditions, when to stop
  std::int64_t most_passes = 10000;  ///< over the samples, after which it stops unconverged
};

/// A linear support vector machine with squared hinge loss, as scikit-learn's LinearSVC has it by default:
///
///     minimum over w, b of  (|w|^2 + b^2) / 2 + c sum of max(0, 1 - t (w x + b))^2,  t = 1 or -1
///
///     x (N, ...), labels (N) or (N, 1), numbers of classes; more than two: each against the others
///
/// Dual coordinate descent (Hsieh et al., ICML 2008), in double and in a fixed order of draws: the same bits each time.
/// Throws ShapeError, ValueError, or DataError for labels that are no classes.
LinearClassifier linear_svm(TensorView<const float> x, TensorView<const float> labels,
                            const LinearSvmOptions& options = {});

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/linear_svm_inl.hpp"
#endif
