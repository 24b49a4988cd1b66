// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what classification_report.hpp declares.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/nn/classification_metrics.hpp"
#include "brindle/report/classification_report.hpp"
#include "brindle/report/number_text.hpp"

namespace brindle::report::internal {

BRINDLE_INLINE void check_class_names(const ConfusionMatrix& matrix, const std::vector<std::string>& class_names) {
  if (static_cast<std::int64_t>(class_names.size()) != matrix.classes())
    brindle::detail::raise<ShapeError>("classification report: " + std::to_string(class_names.size()) + " names for " +
                                       std::to_string(matrix.classes()) + " classes");
}

}  // namespace brindle::report::internal

namespace brindle::report {

BRINDLE_INLINE std::string classification_report(const ConfusionMatrix& matrix,
                                                 const std::vector<std::string>& class_names) {
  const ClassificationMetrics metrics(matrix);
  internal::check_class_names(matrix, class_names);
  std::size_t width = std::string("weighted avg").size();
  for (const std::string& name : class_names) width = std::max(width, name.size());
  const auto right = [](const std::string& text, std::size_t size) {
    return std::string(size > text.size() ? size - text.size() : 0, ' ') + text;
  };
  const auto row = [&](const std::string& name, const ClassScore& s) {
    std::string line = right(name, width) + " ";
    for (const double value : {s.precision, s.recall, s.f1}) line += right(fixed(value, 2), 10);
    return line + right(std::to_string(s.support), 10) + "\n";
  };
  std::string text = right("", width) + " " + right("precision", 10) + right("recall", 10) + right("f1-score", 10) +
                     right("support", 10) + "\n\n";
  for (std::size_t c = 0; c < class_names.size(); ++c) text += row(class_names[c], metrics.classes[c]);
  text += "\n" + right("accuracy", width) + " " + right("", 20) + right(fixed(metrics.accuracy, 2), 10) +
          right(std::to_string(matrix.total()), 10) + "\n";
  return text + row("macro avg", metrics.macro) + row("weighted avg", metrics.weighted);
}

}  // namespace brindle::report
