#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/float_picture.hpp"
#include "brindle/report/font.hpp"

namespace brindle::report {

struct GalleryOptions {
  std::string title = {};    ///< above the pictures; empty: none
  std::int64_t columns = 0;  ///< 0: as many as look well
  double side = 150;         ///< of the square that holds a picture, in pixels of the drawing
  double low = 0;            ///< of float pictures: the value that is black
  double high = 1;           ///< and the one that is white
  PaintOptions paint = {};   ///< of PNG
};

namespace internal {

inline void check_gallery(const char* who, std::size_t pictures, std::size_t captions) {
  if (pictures == 0) detail::raise<ValueError>(std::string(who) + ": expected at least one picture, got none");
  if (captions != 0 && captions != pictures)
    detail::raise<ValueError>(std::string(who) + ": expected a caption for each of the " + std::to_string(pictures) +
                              " pictures, or none, got " + std::to_string(captions));
}

}  // namespace internal

/// A grid of pictures with a caption below each; pictures keep their proportions.
///
/// Throws ValueError without pictures, or if there are captions but not one for each.
inline Drawing gallery_drawing(const std::vector<image::Picture>& pictures,
                               const std::vector<std::string>& captions = {}, const GalleryOptions& options = {}) {
  internal::check_gallery("gallery", pictures.size(), captions.size());
  if (!(options.side >= 8)) detail::raise<ValueError>("gallery: the side must be at least 8 pixels");
  const auto count = static_cast<std::int64_t>(pictures.size());
  const auto even = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(count) * 1.6)));
  const std::int64_t columns = std::clamp<std::int64_t>(options.columns > 0 ? options.columns
                                                        : count <= 6        ? count
                                                                            : even,
                                                        1, count);
  const std::int64_t rows = (count + columns - 1) / columns;
  const double border = 20, space = 14, caption = captions.empty() ? 0 : 22, head = options.title.empty() ? border : 52;
  const auto across = static_cast<double>(columns), down = static_cast<double>(rows);
  Drawing out{.width = 2 * border + across * options.side + (across - 1) * space,
              .height = head + down * (options.side + caption) + (down - 1) * space + border - (caption > 0 ? 6 : 0),
              .title = options.title};
  if (!options.title.empty())
    out.add(DrawnText{.at = {border, 33},
                      .text = fitted(options.title, 16, out.width - 2 * border),
                      .ink = Ink::strong,
                      .size = 16,
                      .bold = true});
  for (std::int64_t i = 0; i < count; ++i) {
    const image::Picture& picture = pictures[static_cast<std::size_t>(i)];
    image::internal::check_picture(picture, "gallery");
    const double left = border + static_cast<double>(i % columns) * (options.side + space);
    const double top = head + static_cast<double>(i / columns) * (options.side + caption + space);
    const double longest = static_cast<double>(std::max(picture.height, picture.width));
    const double w = options.side * static_cast<double>(picture.width) / longest;
    const double h = options.side * static_cast<double>(picture.height) / longest;
    out.add(DrawnPicture{picture, left + (options.side - w) / 2, top + (options.side - h) / 2, w, h, longest >= 48});
    if (!captions.empty())
      out.add(DrawnText{.at = {left + options.side / 2, top + options.side + 16},
                        .text = fitted(captions[static_cast<std::size_t>(i)], 12, options.side),
                        .anchor = Anchor::middle});
  }
  return out;
}

/// Writes them as a PNG or SVG picture, by the ending of the path, whole or not at all.
///
///     report::gallery(pictures, {"as it is", "turned"}, "gallery.png")
inline void gallery(const std::vector<image::Picture>& pictures, const std::vector<std::string>& captions,
                    const std::filesystem::path& path, const GalleryOptions& options = {}) {
  write_drawing(gallery_drawing(pictures, captions, options), path, options.paint, "gallery");
}

/// The same for floats, as a network sees them.
///
///     pictures (N, H, W, 1) or (N, H, W, 3), options.low to options.high
inline void gallery(TensorView<const float, Cpu> pictures, const std::vector<std::string>& captions,
                    const std::filesystem::path& path, const GalleryOptions& options = {}) {
  if (pictures.shape.rank() != 4)
    detail::raise<ShapeError>("gallery: expected pictures (N, H, W, C), got " + to_string(pictures.shape));
  std::vector<image::Picture> bytes;
  for (std::int64_t i = 0; i < pictures.shape[0]; ++i)
    bytes.push_back(float_picture({pictures.data + i * pictures.shape.sample().size(), pictures.shape.sample()},
                                  options.low, options.high));
  gallery(bytes, captions, path, options);
}

}  // namespace brindle::report
