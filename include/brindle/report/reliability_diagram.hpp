// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "brindle/nn/calibration.hpp"
#include "brindle/report/drawing.hpp"

namespace brindle::report {

/// What stands around the diagram.
struct ReliabilityDiagramOptions {
  std::string title = "Reliability";  ///< above the diagram; empty: none
  PaintOptions paint = {};            ///< of PNG
};

/// How right predictions are, by how sure they are: for each bin of confidence a column as high as its accuracy, the
/// deeper in colour the more predictions it has, and a tick at its mean confidence. Columns that end on the diagonal
/// can be taken at their word; those below it are too sure of themselves. Below, the expected calibration error.
Drawing reliability_diagram_drawing(const Calibration& calibration, const ReliabilityDiagramOptions& options = {});

/// Writes it as an SVG or PNG picture, by the ending of the path, whole or not at all.
/// Throws ValueError for another ending, FileError that begins with the path.
void reliability_diagram(const Calibration& calibration, const std::filesystem::path& path,
                         const ReliabilityDiagramOptions& options = {});

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/reliability_diagram_inl.hpp"
#endif
