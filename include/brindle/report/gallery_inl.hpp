// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what gallery.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/report/colour_scale.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/float_picture.hpp"
#include "brindle/report/font.hpp"
#include "brindle/report/gallery.hpp"

namespace brindle::report::internal {

BRINDLE_INLINE void check_gallery(const char* who, std::size_t pictures, std::size_t captions) {
  if (pictures == 0) detail::raise<ValueError>(std::string(who) + ": expected at least one picture, got none");
  if (captions != 0 && captions != pictures)
    detail::raise<ValueError>(std::string(who) + ": expected a caption for each of the " + std::to_string(pictures) +
                              " pictures, or none, got " + std::to_string(captions));
}

}  // namespace brindle::report::internal

namespace brindle::report {

BRINDLE_INLINE Drawing gallery_drawing(const std::vector<image::Picture>& pictures,
                                       const std::vector<std::string>& captions, const GalleryOptions& options) {
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
  // A column is as wide as its widest picture, a row as high as its highest: no room is left empty for squares.
  std::vector<double> widths(static_cast<std::size_t>(columns), captions.empty() ? 8 : 0.6 * options.side);
  std::vector<double> heights(static_cast<std::size_t>(rows), 8);
  const auto size_of = [&](const image::Picture& picture) {
    const double longest = static_cast<double>(std::max(picture.height, picture.width));
    return Point{options.side * static_cast<double>(picture.width) / longest,
                 options.side * static_cast<double>(picture.height) / longest};
  };
  for (std::int64_t i = 0; i < count; ++i) {
    const image::Picture& picture = pictures[static_cast<std::size_t>(i)];
    image::internal::check_picture(picture, "gallery");
    double& width = widths[static_cast<std::size_t>(i % columns)];
    double& height = heights[static_cast<std::size_t>(i / columns)];
    width = std::max(width, size_of(picture).x), height = std::max(height, size_of(picture).y);
  }
  const double across = std::accumulate(widths.begin(), widths.end(), space * static_cast<double>(columns - 1));
  const double down = std::accumulate(heights.begin(), heights.end(),
                                      caption * static_cast<double>(rows) + space * static_cast<double>(rows - 1));
  const bool scale = !options.scale_low.empty() || !options.scale_high.empty();
  Drawing out{.width = 2 * border + across,
              .height = head + down + border - (caption > 0 ? 6 : 0) + (scale ? 30 : 0),
              .title = options.title};
  if (!options.title.empty())
    out.add(DrawnText{.at = {border, 33},
                      .text = internal::fitted(options.title, 16, out.width - 2 * border),
                      .ink = Ink::strong,
                      .size = 16,
                      .bold = true});
  double left = border, top = head;
  for (std::int64_t i = 0; i < count; ++i) {
    const image::Picture& picture = pictures[static_cast<std::size_t>(i)];
    const auto column = static_cast<std::size_t>(i % columns), row = static_cast<std::size_t>(i / columns);
    if (column == 0) left = border;
    if (column == 0 && row > 0) top += heights[row - 1] + caption + space;
    const double width = widths[column], height = heights[row];
    const Point size = size_of(picture);
    out.add(DrawnPicture{picture, left + (width - size.x) / 2, top + (height - size.y) / 2, size.x, size.y,
                         std::max(picture.height, picture.width) >= 48});
    if (!captions.empty())
      out.add(DrawnText{.at = {left + width / 2, top + height + 16},
                        .text = internal::fitted(captions[static_cast<std::size_t>(i)], 12, width),
                        .anchor = Anchor::middle});
    left += width + space;
  }
  if (scale) {
    Drawing bar = colour_scale_drawing(options.scale_low, options.scale_high);
    const double x = border, y = out.height - border - bar.height + 6;
    for (auto& item : bar.items) {
      if (auto* text = std::get_if<DrawnText>(&item)) text->at.x += x, text->at.y += y;
      if (auto* picture = std::get_if<DrawnPicture>(&item)) picture->x += x, picture->y += y;
      out.add(std::move(item));
    }
    out.width = std::max(out.width, 2 * border + bar.width);
  }
  return out;
}

BRINDLE_INLINE void gallery(const std::vector<image::Picture>& pictures, const std::vector<std::string>& captions,
                            const std::filesystem::path& path, const GalleryOptions& options) {
  write_drawing(gallery_drawing(pictures, captions, options), path, options.paint, "gallery");
}

BRINDLE_INLINE void gallery(TensorView<const float, Cpu> pictures, const std::vector<std::string>& captions,
                            const std::filesystem::path& path, const GalleryOptions& options) {
  if (pictures.shape.rank() != 4)
    detail::raise<ShapeError>("gallery: expected pictures (N, H, W, C), got " + to_string(pictures.shape));
  std::vector<image::Picture> bytes;
  for (std::int64_t i = 0; i < pictures.shape[0]; ++i)
    bytes.push_back(float_picture({pictures.data + i * pictures.shape.sample().size(), pictures.shape.sample()},
                                  options.low, options.high));
  gallery(bytes, captions, path, options);
}

}  // namespace brindle::report
