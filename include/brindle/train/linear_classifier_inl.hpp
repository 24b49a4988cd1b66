// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what linear_classifier.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/train/linear_classifier.hpp"

namespace brindle::detail {

BRINDLE_INLINE void check_features(const std::string& who, TensorView<const float> x) {
  for (std::int64_t i = 0; i < x.size(); ++i)
    if (!std::isfinite(x.data[i]))
      raise<DataError>(who + ": sample " + std::to_string(i / x.shape.sample().size()) + " is not finite: it has " +
                       number_text(static_cast<double>(x.data[i])));
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE Tensor<double> LinearClassifier::scores(TensorView<const float> x) const {
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

BRINDLE_INLINE std::vector<std::int64_t> LinearClassifier::predict(TensorView<const float> x) const {
  const Tensor<double> s = scores(x);
  const std::int64_t rows = bias.size();
  std::vector<std::int64_t> found;
  for (std::int64_t i = 0; i < s.shape()[0]; ++i) {
    const double* row = s.data() + i * rows;
    found.push_back(rows == 1 ? row[0] > 0 : std::max_element(row, row + rows) - row);
  }
  return found;
}

}  // namespace brindle

namespace brindle::detail {

BRINDLE_INLINE std::vector<std::int64_t> class_labels(const std::string& who, TensorView<const float> labels,
                                                      std::int64_t samples) {
  if (labels.size() != samples || labels.shape.rank() < 1 || labels.shape[0] != samples)
    raise<ShapeError>(who + ": expected one label for each of " + std::to_string(samples) + " samples, got " +
                      to_string(labels.shape));
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < labels.size(); ++i) {
    const float label = labels.data[i];
    if (!(label >= 0 && label < 65536) || label != std::floor(label))
      raise<DataError>(who + ": the label of sample " + std::to_string(i) + " is " +
                       number_text(static_cast<double>(label)) + ", expected the number of a class");
    numbers.push_back(static_cast<std::int64_t>(label));
  }
  return numbers;
}

BRINDLE_INLINE std::vector<std::int64_t> class_numbers(const std::string& who, TensorView<const float> x,
                                                       TensorView<const float> labels) {
  if (x.shape.rank() < 2 || x.size() == 0)
    raise<ShapeError>(who + ": expected samples (N, features), got " + to_string(x.shape));
  const std::vector<std::int64_t> numbers = class_labels(who, labels, x.shape[0]);
  check_features(who, x);
  const auto most = *std::max_element(numbers.begin(), numbers.end());
  for (std::int64_t c = 0; c <= std::max<std::int64_t>(most, 1); ++c)
    if (std::find(numbers.begin(), numbers.end(), c) == numbers.end())
      raise<DataError>(who + ": there is no sample of class " + std::to_string(c));
  return numbers;
}

BRINDLE_INLINE CentredFeatures centred_features(TensorView<const float> x) {
  const std::int64_t n = x.shape[0], features = x.shape.sample().size();
  CentredFeatures centred{Tensor<float>({n, features}), std::vector<double>(static_cast<std::size_t>(features), 0.0)};
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t f = 0; f < features; ++f)
      centred.mean[static_cast<std::size_t>(f)] +=
          static_cast<double>(x.data[i * features + f]) / static_cast<double>(n);
  double square = 0;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t f = 0; f < features; ++f) {
      const double value = static_cast<double>(x.data[i * features + f]) - centred.mean[static_cast<std::size_t>(f)];
      square += value * value / static_cast<double>(n);
      centred.rows[i * features + f] = static_cast<float>(value);
    }
  centred.scale = square > 0 ? 1 / std::sqrt(square) : 0;
  for (float& value : centred.rows.span()) value = static_cast<float>(static_cast<double>(value) * centred.scale);
  return centred;
}

BRINDLE_INLINE void check_linear_options(const std::string& who, double c, double tolerance, std::int64_t most,
                                         const std::string& name_of_most) {
  if (!(c > 0) || !std::isfinite(c) || !(tolerance > 0) || !std::isfinite(tolerance))
    raise<ValueError>(who + ": c and tolerance must be above 0 and finite, got " + number_text(c) + " and " +
                      number_text(tolerance));
  if (most < 1) raise<ValueError>(who + ": " + name_of_most + " must be at least 1, got " + std::to_string(most));
}

}  // namespace brindle::detail
