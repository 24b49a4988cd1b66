// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "brindle/nn/classification_metrics.hpp"
#include "brindle/report/drawing.hpp"

namespace brindle::report {

struct ConfusionMatrixOptions {
  std::string title = "Confusion matrix";  ///< above the table; empty: none
  PaintOptions paint = {};                 ///< of PNG
  /// (classes * classes), row after row: where the square of a true and a predicted class leads, empty: nowhere; or
  /// none.
  std::vector<std::string> links = {};
};

namespace internal {

/// How strongly the grid's colour covers the ground below a square.
inline constexpr double square_ground = 0.45;

}  // namespace internal

/// Squares, the bluer the larger the share of their row; each with its count and share.
///
/// Throws ShapeError unless there is a name for each class, and for links that are not one a square.
Drawing confusion_matrix_drawing(const ConfusionMatrix& m, const std::vector<std::string>& class_names,
                                 const ConfusionMatrixOptions& options = {});

/// Writes it as an SVG or PNG picture, by the ending of the path, whole or not at all.
/// Throws ValueError for another ending, FileError that begins with the path, ShapeError as
/// confusion_matrix_drawing().
void confusion_matrix(const ConfusionMatrix& m, const std::vector<std::string>& class_names,
                      const std::filesystem::path& path, const ConfusionMatrixOptions& options = {});

}  // namespace brindle::report

namespace brindle::report::internal {

/// What a square of that share looks like.
Rgb square_colour(double share, Theme theme);

/// Words on such a square: in each theme black or white, whichever is read better.
Ink ink_on_square(double share);

}  // namespace brindle::report::internal

#ifndef BRINDLE_COMPILED
#include "brindle/report/confusion_matrix_inl.hpp"
#endif
