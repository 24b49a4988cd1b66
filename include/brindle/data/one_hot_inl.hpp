// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what one_hot.hpp declares.
#include <cmath>
#include <cstdint>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/data/one_hot.hpp"

namespace brindle::data {

BRINDLE_INLINE OneHot::OneHot(const Source& source, std::int64_t classes) : SourceView(source) {
  const TensorView<const float> numbers = source.labels();
  if (classes == 0) classes = static_cast<std::int64_t>(source.class_names().size());
  if (classes < 2)
    detail::raise<ValueError>(
        "data::OneHot: expected at least two classes, got " + std::to_string(classes) +
        (source.class_names().empty() ? "; the data have no names for classes, so say how many" : ""));
  if (numbers.size() != source.size())
    detail::raise<DataError>("data::OneHot: expected class numbers (" + std::to_string(source.size()) +
                             ", 1), the labels are " + to_string(numbers.shape));
  labels_ = Tensor<float>({source.size(), classes});
  for (std::int64_t i = 0; i < source.size(); ++i) {
    const float label = numbers.data[i];
    if (!(label >= 0 && label < static_cast<float>(classes)) || label != std::floor(label))
      detail::raise<DataError>("data::OneHot: " + source.describe(i) + " has label " +
                               detail::number_text(static_cast<double>(label)) + ", expected a class from 0 to " +
                               std::to_string(classes - 1));
    labels_[i * classes + static_cast<std::int64_t>(label)] = 1;
  }
}

}  // namespace brindle::data
