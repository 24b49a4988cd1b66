// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what with_labels.hpp declares.
#include <string>
#include <utility>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/data/with_labels.hpp"

namespace brindle::data {

BRINDLE_INLINE WithLabels::WithLabels(const Source& source, Tensor<float> labels)
    : SourceView(source), labels_(std::move(labels)) {
  if (labels_.shape().rank() != 2 || labels_.shape()[0] != source.size())
    detail::raise<ShapeError>("data::WithLabels: expected labels (" + std::to_string(source.size()) + ", L), got " +
                              to_string(labels_.shape()));
  internal::expect_unmixed("data::WithLabels", source);
}

}  // namespace brindle::data
