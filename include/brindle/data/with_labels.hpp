// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <utility>

#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/data/source_view.hpp"

namespace brindle::data {

/// The samples of a source with other labels: what another model says of them, a second opinion, numbers.
class WithLabels final : public SourceView {
 public:
  /// labels (size(), L). The source must outlive this. Throws ShapeError if there is not a row for each sample,
  /// ValueError for samples that are mixed with each other: mix those that have their labels.
  WithLabels(const Source& source, Tensor<float> labels);
  WithLabels(const Source&& gone_too_soon, Tensor<float> labels) = delete;

  TensorView<const float> labels() const override { return labels_; }

 private:
  Tensor<float> labels_;
};

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/with_labels_inl.hpp"
#endif
