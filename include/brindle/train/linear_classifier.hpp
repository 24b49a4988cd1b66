#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle {
namespace detail {

/// Throws DataError, naming the sample, for features x (N, ...) that are no finite numbers.
inline void check_features(const std::string& who, TensorView<const float> x) {
  for (std::int64_t i = 0; i < x.size(); ++i)
    if (!std::isfinite(x.data[i]))
      raise<DataError>(who + ": sample " + std::to_string(i / x.shape.sample().size()) + " is not finite: it has " +
                       number_text(static_cast<double>(x.data[i])));
}

}  // namespace detail

/// A plane between two classes, or one for each of more, on features.
struct LinearClassifier {
  Tensor<double> weights;  ///< (R, F); R = 1 for two classes, else the number of classes
  Tensor<double> bias;     ///< (R)

  std::int64_t classes() const { return bias.size() == 1 ? 2 : bias.size(); }  ///< 2 for a single row of weights

  /// On which side of each plane, and how far: x weights^T + bias.
  ///
  ///     x (N, ...), F numbers a sample  ->  (N, R);  R = 1: above 0 for class 1
  ///
  /// Throws ShapeError for another number of features, DataError for features that are no finite numbers.
  Tensor<double> scores(TensorView<const float> x) const {
    const std::int64_t n = x.shape.rank() > 0 ? x.shape[0] : 0, features = weights.shape().back();
    if (x.shape.rank() < 2 || x.shape.sample().size() != features)
      detail::raise<ShapeError>("classifier: expected samples of " + std::to_string(features) + " features, got " +
                                to_string(x.shape));
    detail::check_features("classifier", x);
    const std::int64_t rows = bias.size();
    Tensor<double> s({n, rows});
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t r = 0; r < rows; ++r) {
        double sum = bias[r];
        for (std::int64_t k = 0; k < features; ++k)
          sum += weights[r * features + k] * static_cast<double>(x.data[i * features + k]);
        s[i * rows + r] = sum;
      }
    return s;
  }

  /// The number of each sample's class.
  std::vector<std::int64_t> predict(TensorView<const float> x) const {
    const Tensor<double> s = scores(x);
    const std::int64_t rows = bias.size();
    std::vector<std::int64_t> found;
    for (std::int64_t i = 0; i < s.shape()[0]; ++i) {
      const double* row = s.data() + i * rows;
      found.push_back(rows == 1 ? row[0] > 0 : std::max_element(row, row + rows) - row);
    }
    return found;
  }
};

namespace detail {

/// What samples and labels must be: (N, ...) with N, (N, 1) whole numbers 0 .. K - 1, K of at least 2. Gives the
/// labels.
inline std::vector<std::int64_t> class_numbers(const std::string& who, TensorView<const float> x,
                                               TensorView<const float> labels) {
  if (x.shape.rank() < 2 || x.size() == 0)
    raise<ShapeError>(who + ": expected samples (N, features), got " + to_string(x.shape));
  if (labels.size() != x.shape[0] || labels.shape.rank() < 1 || labels.shape[0] != x.shape[0])
    raise<ShapeError>(who + ": expected one label for each of " + std::to_string(x.shape[0]) + " samples, got " +
                      to_string(labels.shape));
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < labels.size(); ++i) {
    const float label = labels.data[i];
    if (!(label >= 0 && label < 65536) || label != std::floor(label))
      raise<DataError>(who + ": the label of sample " + std::to_string(i) + " is " +
                       number_text(static_cast<double>(label)) + ", expected the number of a class");
    numbers.push_back(static_cast<std::int64_t>(label));
  }
  check_features(who, x);
  const auto most = *std::max_element(numbers.begin(), numbers.end());
  for (std::int64_t c = 0; c <= std::max<std::int64_t>(most, 1); ++c)
    if (std::find(numbers.begin(), numbers.end(), c) == numbers.end())
      raise<DataError>(who + ": there is no sample of class " + std::to_string(c));
  return numbers;
}

/// Settings of a fit: throws ValueError unless c and tolerance are above 0 and finite, and there is a step at least.
inline void check_linear_options(const std::string& who, double c, double tolerance, std::int64_t most,
                                 const std::string& name_of_most) {
  if (!(c > 0) || !std::isfinite(c) || !(tolerance > 0) || !std::isfinite(tolerance))
    raise<ValueError>(who + ": c and tolerance must be above 0 and finite, got " + number_text(c) + " and " +
                      number_text(tolerance));
  if (most < 1) raise<ValueError>(who + ": " + name_of_most + " must be at least 1, got " + std::to_string(most));
}

/// One plane for two classes, else one for each class against all others. fit(targets, w, b): targets are 1 and -1.
template <class Fit>
LinearClassifier one_against_rest(std::int64_t features, const std::vector<std::int64_t>& classes, Fit&& fit) {
  const std::int64_t count = *std::max_element(classes.begin(), classes.end()) + 1, rows = count == 2 ? 1 : count;
  LinearClassifier result{Tensor<double>({rows, features}), Tensor<double>({rows})};
  std::vector<double> targets(classes.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t positive = rows == 1 ? 1 : r;
    for (std::size_t i = 0; i < classes.size(); ++i) targets[i] = classes[i] == positive ? 1 : -1;
    fit(targets, std::span<double>(result.weights.data() + r * features, static_cast<std::size_t>(features)),
        result.bias[r]);
  }
  return result;
}

}  // namespace detail
}  // namespace brindle
