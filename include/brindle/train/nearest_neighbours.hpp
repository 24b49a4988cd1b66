// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle {

/// The class that most of the k nearest samples have, by Euclidean distance.
///
///     const NearestNeighbours neighbours(features.x.view(), features.labels.view(), 5);
///     neighbours.predict(on, others.x.view());
///
/// Of samples that are equally near the earlier counts; of classes with equally many the one whose nearest is nearer.
/// Exact: each pair is compared, in double. The samples x are not copied and must outlive this.
class NearestNeighbours {
 public:
  /// x (N, ...), labels (N) or (N, 1). Throws ShapeError, DataError for labels that are no classes, ValueError unless
  /// 1 <= k <= N.
  NearestNeighbours(TensorView<const float> x, TensorView<const float> labels, std::int64_t k = 5);

  /// x (M, ...) of as many features  ->  the rows of the k nearest samples of each, the nearest first. Throws
  /// ShapeError for another number of features, DataError for features that are no finite numbers.
  std::vector<std::vector<std::int64_t>> nearest(const Cpu& on, TensorView<const float> x) const;

  /// The number of each sample's class. Throws as nearest().
  std::vector<std::int64_t> predict(const Cpu& on, TensorView<const float> x) const;

 private:
  TensorView<const float> x_;
  std::vector<std::int64_t> classes_;
  std::int64_t k_;
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/nearest_neighbours_inl.hpp"
#endif
