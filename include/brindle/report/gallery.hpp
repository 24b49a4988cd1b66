// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/report/drawing.hpp"

namespace brindle::report {

struct GalleryOptions {
  std::string title = {};    ///< above the pictures; empty: none
  std::int64_t columns = 0;  ///< 0: as many as look well
  double side = 150;         ///< of the square that holds a picture, in pixels of the drawing, >= 8
  double low = 0;            ///< of float pictures: the value that is black
  double high = 1;           ///< and the one that is white
  /// What the darkest and the brightest colour of maps mean, beside a bar below the pictures; empty: no bar.
  std::string scale_low = {}, scale_high = {};
  PaintOptions paint = {};  ///< of PNG
};

namespace internal {

void check_gallery(const char* who, std::size_t pictures, std::size_t captions);

}  // namespace internal

/// A grid of pictures with a caption below each; pictures keep their proportions.
///
/// Throws ValueError without pictures, if there are captions but not one for each, or for a side below 8, ShapeError
/// for an empty picture.
Drawing gallery_drawing(const std::vector<image::Picture>& pictures, const std::vector<std::string>& captions = {},
                        const GalleryOptions& options = {});

/// Writes them as a PNG or SVG picture, by the ending of the path, whole or not at all. Throws ValueError for another
/// ending, FileError that begins with the path, and what gallery_drawing() throws.
///
///     report::gallery(pictures, {"as it is", "turned"}, "gallery.png")
void gallery(const std::vector<image::Picture>& pictures, const std::vector<std::string>& captions,
             const std::filesystem::path& path, const GalleryOptions& options = {});

/// The same for floats, as a network sees them.
///
///     pictures (N, H, W, 1) or (N, H, W, 3), options.low to options.high
///
/// Throws besides ShapeError for pictures of another shape, ValueError unless low is below high.
void gallery(TensorView<const float, Cpu> pictures, const std::vector<std::string>& captions,
             const std::filesystem::path& path, const GalleryOptions& options = {});

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/gallery_inl.hpp"
#endif
