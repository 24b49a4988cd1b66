// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/report/drawing.hpp"

namespace brindle::report {

struct FeatureMapOptions {
  std::string title = {};                                  ///< above the map; empty: none
  std::int64_t channel = 0;                                ///< which one of the values is shown
  double low = std::numeric_limits<double>::quiet_NaN();   ///< the darkest value; not given: the smallest there is
  double high = std::numeric_limits<double>::quiet_NaN();  ///< the brightest; not given: the largest
  double side = 360;                                       ///< of the longer side, in pixels of the drawing
  PaintOptions paint = {};                                 ///< of PNG
};

/// Values as colours of viridis, without a scale beside them; what is no number is grey.
///
///     values (H, W) or (H, W, C)  ->  (H, W, 3)
image::Picture feature_map_picture(In<float, Cpu> values, std::int64_t channel, double low, double high);

/// One channel of what a layer gives for a sample, with a scale that says which colour is which value.
///
///     values (H, W) or (H, W, C)
///
/// Throws ShapeError for other sizes, ValueError for a channel that there is not.
Drawing feature_map_drawing(In<float, Cpu> values, const FeatureMapOptions& options = {});

/// Writes it as a PNG or SVG picture, by the ending of the path, whole or not at all. Throws ValueError for another
/// ending, FileError that begins with the path, and what feature_map_drawing() throws.
///
///     report::feature_map(activation, "conv2d_1.png", {.title = "conv2d_1, channel 5", .channel = 5})
void feature_map(In<float, Cpu> values, const std::filesystem::path& path, const FeatureMapOptions& options = {});

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/feature_map_inl.hpp"
#endif
