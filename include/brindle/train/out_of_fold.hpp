// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle {

/// The number of a fold, 0 to folds - 1, for each sample: of each class as many samples in every fold as can be, drawn
/// by the seed.
///
///     labels (N) or (N, 1), numbers of classes
///
/// Throws ValueError unless there are 2 to N folds, DataError for labels that are no classes.
std::vector<std::int64_t> stratified_folds(TensorView<const float> labels, std::int64_t folds, std::uint64_t seed);

/// How the samples are cut, and how much the classifiers are held back.
struct OutOfFoldOptions {
  std::int64_t folds = 5;  ///< parts that the samples are cut into, each judged by a classifier of the others
  std::uint64_t seed = 0;  ///< of the folds
  double penalty = 1e-3;   ///< of |w|^2 / 2 against the mean loss, of features whose mean square length is 1; > 0
};

/// What linear classifiers that have not seen a sample say of it: k-fold cross-validation by logistic regression.
///
///     x (N, ...), labels (N) or (N, 1), K classes  ->  (N, K) probabilities, each row's sum 1
///
/// Features are taken less their mean, over their mean length, so that the penalty means the same for all bases; of
/// more than two classes each is told from the others. The same bits for any number of threads. Throws ShapeError,
/// ValueError or DataError as logistic_regression().
Tensor<double> out_of_fold_probabilities(const Cpu& on, TensorView<const float> x, TensorView<const float> labels,
                                         const OutOfFoldOptions& options = {});

/// A sample whose label is probably wrong.
struct LabelSuspect {
  std::int64_t row = 0;        ///< of the samples
  std::int64_t label = 0;      ///< class that it is said to be
  std::int64_t predicted = 0;  ///< most probable of the others
  double margin = 0;           ///< probability of that class less that of the label, -1 to 1
};

/// All samples by how much speaks against their labels, the most suspicious first; of equals the earlier. Where the
/// margin is above 0 another class is more probable than the label.
///
///     probabilities (N, K), of classifiers that have not seen the sample;  labels (N) or (N, 1)
///
/// Throws ShapeError for sizes that do not fit, DataError for labels that are no classes.
std::vector<LabelSuspect> label_suspects(TensorView<const double> probabilities, TensorView<const float> labels);

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/out_of_fold_inl.hpp"
#endif
