// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle {

/// Two samples whose features point in nearly the same direction.
struct SimilarPair {
  std::int64_t first = 0;   ///< row
  std::int64_t second = 0;  ///< row, a later one
  double cosine = 0;        ///< of the angle between their features, at most 1
};

/// All pairs of samples whose cosine is at least `least`, the most similar first, of equals by their rows.
///
///     x (N, ...)
///
/// Each of the N (N - 1) / 2 pairs is compared, in blocks of a matrix product. The same bits for any number of threads.
/// Throws ShapeError unless x has samples, ValueError unless 0 < least <= 1, DataError for features that are no finite
/// numbers, and for more than a million pairs: then `least` is too low to tell pictures apart.
std::vector<SimilarPair> similar_samples(const Cpu& on, TensorView<const float> x, double least);

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/similar_samples_inl.hpp"
#endif
