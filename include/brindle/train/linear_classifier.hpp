// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"

namespace brindle {
namespace detail {

/// Throws DataError, naming the sample, for features x (N, ...) that are no finite numbers.
void check_features(const std::string& who, TensorView<const float> x);

}  // namespace detail

/// A plane between two classes, or one for each of more, on features.
struct LinearClassifier {
  Tensor<double> weights;  ///< (R, F); R = 1 for two classes, else the number of classes
  Tensor<double> bias;     ///< (R)
  bool converged = true;   ///< all planes were within the tolerance before the most steps, or passes, were done

  std::int64_t classes() const { return bias.size() == 1 ? 2 : bias.size(); }  ///< 2 for a single row of weights

  /// On which side of each plane, and how far: x weights^T + bias.
  ///
  ///     x (N, ...), F numbers a sample  ->  (N, R);  R = 1: above 0 for class 1
  ///
  /// Throws ShapeError for another number of features, DataError for features that are no finite numbers.
  Tensor<double> scores(TensorView<const float> x) const;

  /// The number of each sample's class: with one row 1 for a score above 0, else that of the largest score. Throws as
  /// scores().
  std::vector<std::int64_t> predict(TensorView<const float> x) const;
};

namespace detail {

/// Numbers of classes as whole numbers, one for each of `samples`: labels (N) or (N, 1). Throws ShapeError for other
/// sizes, DataError for a label that is no class.
std::vector<std::int64_t> class_labels(const std::string& who, TensorView<const float> labels, std::int64_t samples);

/// What samples and labels must be: (N, ...) with N, (N, 1) whole numbers 0 .. K - 1, K of at least 2. Gives the
/// labels.
std::vector<std::int64_t> class_numbers(const std::string& who, TensorView<const float> x,
                                        TensorView<const float> labels);

/// Features less their means, over the root mean square length of what is left; zeros where nothing is.
///
///     x (N, ...), F numbers a sample
struct CentredFeatures {
  Tensor<float> rows;        ///< (N, F)
  std::vector<double> mean;  ///< (F)
  double scale = 0;          ///< one over that length
};

CentredFeatures centred_features(TensorView<const float> x);

/// Settings of a fit: throws ValueError unless c and tolerance are above 0 and finite, and there is a step at least.
void check_linear_options(const std::string& who, double c, double tolerance, std::int64_t most,
                          const std::string& name_of_most);

/// One plane for two classes, else one for each class against all others. fit(targets, w, b): targets are 1 and -1;
/// gives whether it has converged.
template <class Fit>
LinearClassifier one_against_rest(std::int64_t features, const std::vector<std::int64_t>& classes, Fit&& fit) {
  const std::int64_t count = *std::max_element(classes.begin(), classes.end()) + 1, rows = count == 2 ? 1 : count;
  LinearClassifier result{Tensor<double>({rows, features}), Tensor<double>({rows})};
  std::vector<double> targets(classes.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t positive = rows == 1 ? 1 : r;
    for (std::size_t i = 0; i < classes.size(); ++i) targets[i] = classes[i] == positive ? 1 : -1;
    const bool found =
        fit(targets, std::span<double>(result.weights.data() + r * features, static_cast<std::size_t>(features)),
            result.bias[r]);
    result.converged = result.converged && found;
  }
  return result;
}

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/linear_classifier_inl.hpp"
#endif
