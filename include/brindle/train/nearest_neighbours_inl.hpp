// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what nearest_neighbours.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/train/linear_classifier.hpp"
#include "brindle/train/nearest_neighbours.hpp"

namespace brindle {

BRINDLE_INLINE NearestNeighbours::NearestNeighbours(TensorView<const float> x, TensorView<const float> labels,
                                                    std::int64_t k)
    : x_(x), classes_(detail::class_numbers("NearestNeighbours", x, labels)), k_(k) {
  if (k < 1 || k > x.shape[0])
    detail::raise<ValueError>("NearestNeighbours: k must be from 1 to the number of samples, " +
                              std::to_string(x.shape[0]) + ", got " + std::to_string(k));
}

BRINDLE_INLINE std::vector<std::vector<std::int64_t>> NearestNeighbours::nearest(const Cpu& on,
                                                                                 TensorView<const float> x) const {
  const std::int64_t features = x_.shape.sample().size();
  if (x.shape.rank() < 2 || x.shape.sample().size() != features)
    detail::raise<ShapeError>("NearestNeighbours: expected samples of " + std::to_string(features) + " features, got " +
                              to_string(x.shape));
  detail::check_features("NearestNeighbours", x);
  std::vector<std::vector<std::int64_t>> all(static_cast<std::size_t>(x.shape[0]));
  on.parallel(x.shape[0], [&](std::int64_t i, int) {
    std::vector<std::pair<double, std::int64_t>> distances;
    for (std::int64_t j = 0; j < x_.shape[0]; ++j) {
      double square = 0;
      for (std::int64_t f = 0; f < features; ++f) {
        const double d = static_cast<double>(x.data[i * features + f]) - static_cast<double>(x_.data[j * features + f]);
        square += d * d;
      }
      distances.emplace_back(square, j);
    }
    std::partial_sort(distances.begin(), distances.begin() + k_, distances.end());
    for (std::int64_t k = 0; k < k_; ++k)
      all[static_cast<std::size_t>(i)].push_back(distances[static_cast<std::size_t>(k)].second);
  });
  return all;
}

BRINDLE_INLINE std::vector<std::int64_t> NearestNeighbours::predict(const Cpu& on, TensorView<const float> x) const {
  std::vector<std::int64_t> found;
  for (const auto& rows : nearest(on, x)) {
    std::int64_t best = 0, most = 0;
    for (const std::int64_t row : rows) {
      const std::int64_t c = classes_[static_cast<std::size_t>(row)];
      const auto votes = std::count_if(
          rows.begin(), rows.end(), [&](std::int64_t other) { return classes_[static_cast<std::size_t>(other)] == c; });
      if (votes > most) best = c, most = votes;
    }
    found.push_back(best);
  }
  return found;
}

}  // namespace brindle
