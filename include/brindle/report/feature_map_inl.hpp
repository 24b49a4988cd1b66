// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what feature_map.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/report/chart.hpp"
#include "brindle/report/colour_scale.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/feature_map.hpp"
#include "brindle/report/number_text.hpp"

namespace brindle::report::internal {

BRINDLE_INLINE void check_feature_map(const Shape& s, std::int64_t channel) {
  if ((s.rank() != 2 && s.rank() != 3) || s.size() < 1)
    detail::raise<ShapeError>("feature_map: expected values (H, W) or (H, W, C) of one sample, got " + to_string(s));
  const std::int64_t channels = s.rank() == 3 ? s[2] : 1;
  if (channel < 0 || channel >= channels)
    detail::raise<ValueError>("feature_map: channel " + std::to_string(channel) + " of " + to_string(s) +
                              ", expected 0 to " + std::to_string(channels - 1));
}

}  // namespace brindle::report::internal

namespace brindle::report {

BRINDLE_INLINE image::Picture feature_map_picture(In<float, Cpu> values, std::int64_t channel, double low,
                                                  double high) {
  const Shape& s = values.shape;
  internal::check_feature_map(s, channel);
  const std::int64_t channels = s.rank() == 3 ? s[2] : 1;
  image::Picture picture(s[0], s[1], 3);
  for (std::int64_t i = 0; i < s[0] * s[1]; ++i) {
    const double v = static_cast<double>(values.data[i * channels + channel]);
    const Rgb c = std::isfinite(v) ? viridis(high > low ? (v - low) / (high - low) : 0.5) : Rgb{128, 128, 128};
    const std::uint8_t rgb[] = {c.r, c.g, c.b};
    std::copy(rgb, rgb + 3, picture.pixels.begin() + 3 * i);
  }
  return picture;
}

BRINDLE_INLINE Drawing feature_map_drawing(In<float, Cpu> values, const FeatureMapOptions& options) {
  const Shape& s = values.shape;
  internal::check_feature_map(s, options.channel);
  const std::int64_t channels = s.rank() == 3 ? s[2] : 1;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (std::int64_t i = options.channel; i < s.size(); i += channels) {
    const double v = static_cast<double>(values.data[i]);
    if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
  }
  if (!(low <= high)) low = 0, high = 1;
  if (std::isfinite(options.low)) low = options.low;
  if (std::isfinite(options.high)) high = options.high;

  const double longest = static_cast<double>(std::max(s[0], s[1]));
  const double width = options.side * static_cast<double>(s[1]) / longest;
  const double height = options.side * static_cast<double>(s[0]) / longest;
  const double top = options.title.empty() ? 20 : 52, left = 20, bar = left + width + 20, bar_width = 16;
  // The bar may be taller than a flat map.
  const double bar_height = std::max(height, 120.0);
  Drawing out{.width = bar + bar_width + 70, .height = top + bar_height + 20, .title = options.title};
  if (!options.title.empty())
    out.add(DrawnText{.at = {left, 33},
                      .text = internal::fitted(options.title, 16, out.width - 40),
                      .ink = Ink::strong,
                      .size = 16,
                      .bold = true});
  out.add(DrawnPicture{feature_map_picture(values, options.channel, low, high), left, top, width, height, false});

  image::Picture scale(256, 1, 3);
  for (std::int64_t i = 0; i < 256; ++i) {
    const Rgb c = viridis(1 - static_cast<double>(i) / 255);
    const std::uint8_t rgb[] = {c.r, c.g, c.b};
    std::copy(rgb, rgb + 3, scale.at(i, 0));
  }
  out.add(DrawnPicture{scale, bar, top, bar_width, bar_height, true});
  if (high > low) {
    const Axis axis = nice_axis(low, high, 6, false, true);
    for (const double tick : axis.ticks) {
      const double y = top + bar_height - (tick - low) / (high - low) * bar_height;
      out.line({bar + bar_width, y}, {bar + bar_width + 5, y}, Ink::axis);
      const double size = std::abs(axis.high) >= 1e6 || axis.digits > 5 ? 9 : 12;
      out.add(DrawnText{.at = {bar + bar_width + 9, y + 4},
                        .text = axis.digits > 6 || std::abs(tick) >= 1e7 ? shortest(static_cast<float>(tick))
                                                                         : fixed(tick, axis.digits),
                        .size = size});
    }
  } else {
    out.add(
        DrawnText{.at = {bar + bar_width + 9, top + bar_height / 2 + 4}, .text = shortest(static_cast<float>(low))});
  }
  return out;
}

BRINDLE_INLINE void feature_map(In<float, Cpu> values, const std::filesystem::path& path,
                                const FeatureMapOptions& options) {
  write_drawing(feature_map_drawing(values, options), path, options.paint, "feature_map");
}

}  // namespace brindle::report
