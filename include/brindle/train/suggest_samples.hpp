// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle {

/// How doubtful a prediction is, 0 (sure) to 1.
enum class Doubt {
  margin,   ///< 1 less how far the most probable class is ahead of the second
  entropy,  ///< - sum of p log p, over log K
};

/// Which samples are suggested.
struct SuggestOptions {
  std::int64_t count = 20;      ///< suggestions, >= 1; fewer where samples give out
  Doubt doubt = Doubt::margin;  ///< by what samples count as doubtful
  double doubtful = 3;          ///< the suggestions are spread over the count * doubtful most doubtful samples, >= 1
  double near_copy = 0.84;      ///< least cosine of the features of nearly equal pictures, of which one is suggested
};

/// A sample that is worth a label.
struct Suggestion {
  std::int64_t row = 0;        ///< of the samples
  std::int64_t predicted = 0;  ///< most probable class
  double probability = 0;      ///< of that class
  double doubt = 0;            ///< 0..1, see Doubt
  double distance = 0;  ///< 1 - cosine to the nearest labelled or earlier suggested sample, 0..2; 2: there is none
};

/// Which samples to label next: those that a classifier is in doubt about, spread over all that is doubtful, and none
/// that is nearly the same as another or as one that is labelled. The most doubtful of them comes first.
///
///     probabilities (N, 1) of class 1, or (N, K), calibrated;  features (N, ...);  labelled (M, ...) or empty
///
/// The count * doubtful most doubtful samples, without near copies, are cut into `count` groups by k-means on their
/// features of length 1, each weighing by its doubt, and of each group the one nearest to its middle is taken: F.
/// Zhdanov, "Diverse mini-batch Active Learning", 2019. It begins at the most doubtful samples instead of at random, so
/// there is no chance in it; the same for any number of threads. docs/results.md compares it with samples drawn at
/// random, with doubt alone and with the farthest samples (k-centre). Throws ShapeError for sizes that do not fit,
/// ValueError for options out of range, DataError for features that are no finite numbers and for probabilities that
/// are none.
std::vector<Suggestion> suggest_samples(const Cpu& on, TensorView<const float> probabilities,
                                        TensorView<const float> features, TensorView<const float> labelled,
                                        const SuggestOptions& options = {});

namespace detail {

/// What each sample's prediction is, in their order.
std::vector<Suggestion> predictions_with_doubt(TensorView<const float> probabilities, Doubt doubt);

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/suggest_samples_inl.hpp"
#endif
