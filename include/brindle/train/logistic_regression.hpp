// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/tensor.hpp"
#include "brindle/train/linear_classifier.hpp"

namespace brindle {

struct LogisticRegressionOptions {
  double c = 1;                    ///< weight of the samples against |w|^2 / 2, > 0
  double tolerance = 1e-8;         ///< of the largest entry of the gradient, when to stop
  std::int64_t most_steps = 1000;  ///< after which it stops unconverged
};

/// Logistic regression with a penalty on the weights, not on the bias:
///
///     minimum over w, b of  |w|^2 / 2 + c sum of log(1 + exp(-t (w x + b))),  t = 1 or -1
///
///     x (N, ...), labels (N) or (N, 1), numbers of classes; more than two: each against the others
///
/// For two classes what scikit-learn's LogisticRegression(C=c) has; 1 / (1 + exp(-score)) is the probability of
/// class 1. L-BFGS (Liu and Nocedal, 1989) in double. Throws ShapeError, ValueError, or DataError for labels that are
/// no classes.
LinearClassifier logistic_regression(TensorView<const float> x, TensorView<const float> labels,
                                     const LogisticRegressionOptions& options = {});

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/logistic_regression_inl.hpp"
#endif
