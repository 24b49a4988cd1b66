// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what answer_table.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/answer_table.hpp"
#include "brindle/nn/calibration.hpp"

namespace brindle {

BRINDLE_INLINE double AnswerThreshold::accuracy() const {
  return answered > 0 ? static_cast<double>(right) / static_cast<double>(answered) : 0;
}

BRINDLE_INLINE std::optional<AnswerThreshold> AnswerTable::at_least(double accuracy) const {
  if (!(accuracy > 0 && accuracy <= 1))
    detail::raise<ValueError>("AnswerTable: the share of right answers must be above 0 and at most 1, got " +
                              detail::number_text(accuracy));
  for (const AnswerThreshold& row : rows)
    if (row.accuracy() >= accuracy) return row;
  return std::nullopt;
}

BRINDLE_INLINE AnswerTable answer_table(In<float, Cpu> outputs, In<float, Cpu> labels,
                                        const CalibrationOptions& options) {
  const std::string who = "answer_table";
  if (options.each_output)
    detail::raise<ValueError>(who +
                              ": outputs that stand by themselves (.each_output) have no single answer; look at "
                              "each class alone, as a column (N, 1) of outputs and of labels");
  const detail::LabelledLogits all = detail::labelled_logits(who, outputs, labels, options);
  std::vector<detail::Prediction> predictions;
  const std::int64_t k = outputs.shape[1];
  for (std::int64_t i = 0; i < all.rows; ++i) {
    predictions.push_back(all.prediction(i, 1));
    // As a classifier gives it, in float: what it takes for the same is the same here.
    double& confidence = predictions.back().confidence;
    const float* y = outputs.data + i * k;
    if (options.from_logits)
      confidence = static_cast<double>(static_cast<float>(confidence));
    else
      confidence = static_cast<double>(k == 1 ? std::max(y[0], 1 - y[0]) : *std::max_element(y, y + k));
  }
  std::sort(predictions.begin(), predictions.end(),
            [](const detail::Prediction& a, const detail::Prediction& b) { return a.confidence < b.confidence; });
  AnswerTable table{.samples = all.samples};
  AnswerThreshold row{.probability = 0, .answered = all.rows};
  for (const detail::Prediction& p : predictions) row.right += p.right ? 1 : 0;
  for (std::size_t i = 0; i < predictions.size();) {
    // Compared as fractions: a rounding does not make a row.
    const bool better =
        table.rows.empty() || row.right * table.rows.back().answered > table.rows.back().right * row.answered;
    if (better) table.rows.push_back(row);
    const double confidence = predictions[i].confidence;
    for (; i < predictions.size() && predictions[i].confidence == confidence; ++i) {
      --row.answered;
      row.right -= predictions[i].right ? 1 : 0;
    }
    if (i < predictions.size()) row.probability = (confidence + predictions[i].confidence) / 2;
  }
  while (table.rows.size() > AnswerTable::most_rows) {
    // The row without which the fewest answers are lost, over all accuracies that would be asked for.
    std::size_t least = 1;
    double least_lost = 1e300;
    for (std::size_t i = 1; i + 1 < table.rows.size(); ++i) {
      const double lost = (table.rows[i].accuracy() - table.rows[i - 1].accuracy()) *
                          static_cast<double>(table.rows[i].answered - table.rows[i + 1].answered);
      if (lost < least_lost) least_lost = lost, least = i;
    }
    table.rows.erase(table.rows.begin() + static_cast<std::ptrdiff_t>(least));
  }
  return table;
}

}  // namespace brindle

namespace brindle::detail {

BRINDLE_INLINE void check_answer_table(const std::string& who, const AnswerTable& table) {
  if (table.rows.size() > AnswerTable::most_rows)
    raise<ValueError>(who + ": the table of thresholds has " + std::to_string(table.rows.size()) +
                      " rows, expected at most " + std::to_string(AnswerTable::most_rows));
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const AnswerThreshold& row = table.rows[i];
    const std::string which = who + ": row " + std::to_string(i) + " of the table of thresholds";
    if (!(row.probability >= 0 && row.probability <= 1))
      raise<ValueError>(which + " has probability " + number_text(row.probability) + ", expected 0 to 1");
    if (row.right < 0 || row.right > row.answered || row.answered < 1 || row.answered > table.samples)
      raise<ValueError>(which + " has " + std::to_string(row.right) + " right of " + std::to_string(row.answered) +
                        " answers to " + std::to_string(table.samples) + " samples");
    if (i > 0 && !(row.probability > table.rows[i - 1].probability && row.accuracy() >= table.rows[i - 1].accuracy()))
      raise<ValueError>(which + " is not above the one before it");
  }
}

}  // namespace brindle::detail
