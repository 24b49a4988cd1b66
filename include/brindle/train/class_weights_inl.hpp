// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what class_weights.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/train/class_weights.hpp"

namespace brindle::detail {

BRINDLE_INLINE std::string class_name(const data::Source& source, std::int64_t number) {
  const std::vector<std::string> names = source.class_names();
  return number >= 0 && static_cast<std::size_t>(number) < names.size() ? names[static_cast<std::size_t>(number)]
                                                                        : std::to_string(number);
}

BRINDLE_INLINE bool is_class(const float* row, std::int64_t labels) {
  if (labels == 1)
    return row[0] >= 0 && row[0] < 1e9f && row[0] == static_cast<float>(static_cast<std::int64_t>(row[0]));
  std::int64_t ones = 0;
  for (std::int64_t k = 0; k < labels; ++k) {
    if (row[k] != 0.0f && row[k] != 1.0f) return false;
    ones += row[k] == 1.0f ? 1 : 0;
  }
  return ones == 1;
}

BRINDLE_INLINE void check_class_weight(const std::string& who, const std::map<std::int64_t, double>& class_weight,
                                       std::int64_t classes) {
  for (const auto& [label, weight] : class_weight) {
    if (!(weight >= 0) || !std::isfinite(weight))
      raise<ValueError>(who + ": the weight of class " + std::to_string(label) +
                        " must be finite and at least 0, got " + number_text(weight));
    if (label < 0 || label >= classes)
      raise<ValueError>(who + ": class_weight has a weight for class " + std::to_string(label) +
                        ", and there are classes 0 to " + std::to_string(classes - 1) +
                        "; name classes by their numbers, in the order of class_names()");
  }
}

BRINDLE_INLINE std::int64_t class_count(const std::string& who, const data::Source& source) {
  const TensorView<const float> labels = source.labels();
  const std::int64_t size = labels.shape.sample().size();
  std::int64_t most = size - 1;
  for (std::int64_t i = 0; i < labels.shape[0]; ++i) {
    const float* row = labels.data + i * size;
    if (!is_class(row, size))
      raise<DataError>(who + " need labels that are classes, and " + source.describe(i) + " has " +
                       (size == 1 ? number_text(static_cast<double>(row[0]))
                                  : "a row that is not 1 at one place and 0 at the others") +
                       "; give .sample_weight instead");
    most = std::max(most, class_of(row, size));
  }
  return most + 1;
}

}  // namespace brindle::detail

namespace brindle {

BRINDLE_INLINE std::map<std::int64_t, double> balanced_class_weights(const data::Source& source) {
  const std::string who = "balanced_class_weights";
  const TensorView<const float> labels = source.labels();
  const std::int64_t n = source.size(), size = labels.shape.sample().size();
  if (n < 1) detail::raise<DataError>(who + ": the data has no samples");
  const std::int64_t found = detail::class_count(who + ": balanced weights", source);
  const std::int64_t classes =
      std::max({found, static_cast<std::int64_t>(source.class_names().size()), std::int64_t{2}});
  std::map<std::int64_t, std::int64_t> counts;
  for (std::int64_t i = 0; i < n; ++i) ++counts[detail::class_of(labels.data + i * size, size)];
  std::map<std::int64_t, double> weights;
  for (std::int64_t c = 0; c < classes; ++c) {
    if (counts[c] == 0)
      detail::raise<DataError>(who + ": there is no sample of class " + detail::class_name(source, c) +
                               "; add some, or leave the class out");
    weights[c] = static_cast<double>(n) / (static_cast<double>(classes) * static_cast<double>(counts[c]));
  }
  return weights;
}

}  // namespace brindle
