// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what reliability_diagram.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "brindle/core/inline.hpp"
#include "brindle/nn/calibration.hpp"
#include "brindle/report/colour.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/number_text.hpp"
#include "brindle/report/reliability_diagram.hpp"

namespace brindle::report {

BRINDLE_INLINE Drawing reliability_diagram_drawing(const Calibration& calibration,
                                                   const ReliabilityDiagramOptions& options) {
  const double side = 280, left = 62, top = options.title.empty() ? 14 : 52, bottom = top + side;
  Drawing out{.width = left + side + 20, .height = bottom + 66, .title = options.title};
  if (!options.title.empty())
    out.add(DrawnText{.at = {20, 33}, .text = options.title, .ink = Ink::strong, .size = 16, .bold = true});
  const auto place = [&](double x, double y) { return Point{left + x * side, bottom - y * side}; };
  for (int tick = 0; tick <= 5; ++tick) {
    const double at = tick / 5.0;
    out.line(place(0, at), place(1, at), tick == 0 ? Ink::axis : Ink::grid);
    out.add(DrawnText{.at = {left - 8, place(0, at).y + 4}, .text = fixed(at, 1), .anchor = Anchor::end});
    out.line(place(at, 0), {place(at, 0).x, bottom + 5}, Ink::axis);
    out.add(DrawnText{.at = {place(at, 0).x, bottom + 19}, .text = fixed(at, 1), .anchor = Anchor::middle});
  }
  std::int64_t most = 0;
  for (const CalibrationBin& bin : calibration.bins) most = std::max(most, bin.count);
  const auto bins = static_cast<double>(calibration.bins.size());
  for (std::size_t b = 0; b < calibration.bins.size(); ++b) {
    const CalibrationBin& bin = calibration.bins[b];
    if (bin.count == 0) continue;
    const Point corner = place(static_cast<double>(b) / bins, bin.accuracy);
    // The root, so that a bin of few predictions can be seen beside one that has most of them.
    const double share = std::sqrt(static_cast<double>(bin.count) / static_cast<double>(most));
    out.add(
        DrawnRectangle{corner.x + 0.5, corner.y, side / bins - 1, bottom - corner.y, Ink::first, 0.15 + 0.75 * share});
  }
  out.add(DrawnLine{.pieces = {{place(0, 0), place(1, 1)}}, .ink = Ink::faint, .width = 1.4, .dash = 5, .gap = 4});
  for (const CalibrationBin& bin : calibration.bins) {
    if (bin.count == 0) continue;
    const Point at = place(bin.confidence, bin.accuracy);
    out.add(DrawnDisc{.centre = at, .radius = 2.6, .ink = Ink::ground, .line = 1.8, .edge = Ink::second});
  }
  out.add(DrawnText{.at = {left + side / 2, bottom + 38},
                    .text = "probability of the predicted class",
                    .ink = Ink::faint,
                    .anchor = Anchor::middle});
  out.add(DrawnText{.at = {left + side / 2, bottom + 58},
                    .text = "expected calibration error " + fixed(calibration.expected_calibration_error, 4) + ", " +
                            thousands(calibration.samples) + (calibration.samples == 1 ? " sample" : " samples"),
                    .anchor = Anchor::middle});
  out.add(DrawnText{.at = {18, top + side / 2},
                    .text = "share of right predictions",
                    .ink = Ink::faint,
                    .anchor = Anchor::middle,
                    .upwards = true});
  return out;
}

BRINDLE_INLINE void reliability_diagram(const Calibration& calibration, const std::filesystem::path& path,
                                        const ReliabilityDiagramOptions& options) {
  write_drawing(reliability_diagram_drawing(calibration, options), path, options.paint, "reliability_diagram");
}

}  // namespace brindle::report
