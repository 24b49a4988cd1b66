// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/calibration.hpp"

namespace brindle {

/// What comes out where a classifier answers only if its most probable class has at least a probability.
struct AnswerThreshold {
  double probability = 0;     ///< the least that is answered, 0..1
  std::int64_t answered = 0;  ///< samples that have it
  std::int64_t right = 0;     ///< of these, those whose class was found

  double accuracy() const;                                                           ///< right / answered; 0 of none
  friend bool operator==(const AnswerThreshold&, const AnswerThreshold&) = default;  ///< the same numbers
};

/// For a classifier that may leave samples to a person: how sure it must be to be right so often.
///
///     const AnswerTable table = answer_table(c.probabilities, validation.labels());
///     if (const auto at = table.at_least(0.995)) answer_where(c.probability >= at->probability);
///
/// By rising probability and rising accuracy. A threshold is in the table if no lower one is as often right, so that
/// for each accuracy the table has the threshold that answers most; of more than most_rows, those between the first and
/// the last are left out with which the fewest answers are lost.
struct AnswerTable {
  static constexpr std::size_t most_rows = 40;  ///< that answer_table() gives; files may have no more either

  std::int64_t samples = 0;                ///< all, answered or not
  std::vector<AnswerThreshold> rows = {};  ///< the first answers every sample; none: there is no table

  /// The smallest threshold whose answers were right in at least this share; none: it was never reached. Throws
  /// ValueError for a share that is not above 0 and at most 1.
  std::optional<AnswerThreshold> at_least(double accuracy) const;

  friend bool operator==(const AnswerTable&, const AnswerTable&) = default;  ///< the same rows
};

/// The table of samples that the classifier has not learned from.
///
///     outputs (N, 1) for two classes, or (N, K);  labels (N, 1): class numbers
///
/// A threshold lies half way between the probabilities of two samples. Throws as calibration() does, and ValueError for
/// outputs that stand by themselves, of which none is the answer.
AnswerTable answer_table(In<float, Cpu> outputs, In<float, Cpu> labels, const CalibrationOptions& options = {});

namespace detail {

/// Throws ValueError, beginning with `who`, for a table that answer_table() cannot have given.
void check_answer_table(const std::string& who, const AnswerTable& table);

}  // namespace detail
}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/answer_table_inl.hpp"
#endif
