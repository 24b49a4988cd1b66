// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/tensor.hpp"
#include "brindle/data/source.hpp"
#include "brindle/data/source_view.hpp"

namespace brindle::data {

/// The samples of a source with rows for labels: 1 at the number of the class, else 0. For CategoricalCrossentropy;
/// Keras: to_categorical().
///
///     const data::OneHot rows(photos);
///     trainer.fit(rows, {.batch = 32, .epochs = 10, .validation = data::OneHot(holdout)});
class OneHot final : public SourceView {
 public:
  /// classes: how many; 0: as many as the source has names. The source must outlive this. Throws DataError for labels
  /// that are no class numbers below `classes`, ValueError for less than two classes.
  explicit OneHot(const Source& source, std::int64_t classes = 0);
  explicit OneHot(const Source&& gone_too_soon, std::int64_t classes = 0) = delete;

  TensorView<const float> labels() const override { return labels_; }

 private:
  Tensor<float> labels_;  // (size(), classes)
};

}  // namespace brindle::data

#ifndef BRINDLE_COMPILED
#include "brindle/data/one_hot_inl.hpp"
#endif
