// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "brindle/core/random.hpp"
#include "brindle/core/shape.hpp"

namespace brindle {

/// A part of a picture, in whole pixels.
struct PixelBox {
  std::int64_t top = 0;     ///< its first row
  std::int64_t left = 0;    ///< its first column
  std::int64_t height = 0;  ///< rows
  std::int64_t width = 0;   ///< columns

  friend bool operator==(const PixelBox&, const PixelBox&) = default;  ///< the same part
};

/// How large a part that is drawn may be, and of which shape.
struct BoxRange {
  double least = 1;        ///< share of the picture's area, more than 0
  double most = 1;         ///< >= least, at most 1
  double least_ratio = 1;  ///< width over height, more than 0; drawn so that 2 and 1/2 are as likely
  double most_ratio = 1;   ///< >= least_ratio
};

namespace image::internal {

inline constexpr int box_attempts = 10;
inline constexpr std::uint64_t box_numbers = 4 * box_attempts;  ///< random numbers that a box may need

/// Draws an area, a shape and a place as torchvision's RandomResizedCrop and RandomErasing do, with numbers `first`
/// and those after it. None if no attempt fits into the picture: `inside` asks for less than the whole.
inline std::optional<PixelBox> draw_box(const BoxRange& range, const Size2& size, const Random& random,
                                        std::uint64_t first, bool inside) {
  const double area = static_cast<double>(size.h) * static_cast<double>(size.w);
  for (std::uint64_t at = first; at < first + box_numbers; at += 4) {
    const double part = area * random.uniform(at, range.least, range.most);
    const double ratio = std::exp(random.uniform(at + 1, std::log(range.least_ratio), std::log(range.most_ratio)));
    const auto w = static_cast<std::int64_t>(std::nearbyint(std::sqrt(part * ratio)));
    const auto h = static_cast<std::int64_t>(std::nearbyint(std::sqrt(part / ratio)));
    const std::int64_t spare = inside ? 1 : 0;
    if (w < 1 || h < 1 || w + spare > size.w || h + spare > size.h) continue;
    const auto place = [&](std::uint64_t which, std::int64_t room) {
      return std::min(static_cast<std::int64_t>(random.uniform(which) * static_cast<double>(room + 1)), room);
    };
    return PixelBox{place(at + 2, size.h - h), place(at + 3, size.w - w), h, w};
  }
  return std::nullopt;
}

/// The largest part about the middle whose shape is in range: what RandomResizedCrop takes when no attempt fits.
inline PixelBox middle_box(const BoxRange& range, const Size2& size) {
  std::int64_t w = size.w, h = size.h;
  const double ratio = static_cast<double>(w) / static_cast<double>(h);
  const auto rounded = [](double v) { return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::nearbyint(v))); };
  if (ratio < range.least_ratio) h = std::min(h, rounded(static_cast<double>(w) / range.least_ratio));
  if (ratio > range.most_ratio) w = std::min(w, rounded(static_cast<double>(h) * range.most_ratio));
  return {(size.h - h) / 2, (size.w - w) / 2, h, w};
}

}  // namespace image::internal
}  // namespace brindle
