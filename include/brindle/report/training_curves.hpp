// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "brindle/report/chart.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/train/history.hpp"

namespace brindle::report {

/// Accuracy and loss by epoch, side by side, of training and validation; the best epoch of the validation is marked.
///
/// Throws ValueError if the history has no epochs.
Chart training_curves_chart(const History& history, const std::string& title = "Training");

/// Writes them as an SVG or PNG picture, by the ending of the path, whole or not at all.
///
/// Throws ValueError if the history has no epochs or the path ends otherwise, FileError that begins with the path.
void training_curves(const History& history, const std::filesystem::path& path, const std::string& title = "Training",
                     const PaintOptions& options = {});

namespace internal {

/// The first largest, or smallest, of the values that are numbers; their end if there is none. Epochs without
/// validation data have NaN in a history that was put together (History::append).
std::vector<double>::const_iterator best_epoch(const std::vector<double>& values, bool larger);

}  // namespace internal
}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/training_curves_inl.hpp"
#endif
