// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "brindle/nn/classification_metrics.hpp"

namespace brindle::report {

namespace internal {

/// Throws ShapeError unless there is a name for each class.
void check_class_names(const ConfusionMatrix& matrix, const std::vector<std::string>& class_names);

}  // namespace internal

/// The table that scikit-learn's classification_report prints: precision, recall, F1 and samples of each class, then
/// accuracy and the means. Throws ShapeError unless there is a name for each class.
std::string classification_report(const ConfusionMatrix& matrix, const std::vector<std::string>& class_names);

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/classification_report_inl.hpp"
#endif
