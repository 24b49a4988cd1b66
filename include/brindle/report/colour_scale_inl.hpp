// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what colour_scale.hpp declares.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "brindle/core/inline.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/report/colour.hpp"
#include "brindle/report/colour_scale.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/font.hpp"

namespace brindle::report {

BRINDLE_INLINE Rgb viridis(double share) {
  static constexpr std::array<Rgb, 33> table{{
      {68, 1, 84},    {71, 13, 96},   {72, 24, 106},  {72, 35, 116},  {71, 45, 123},  {69, 54, 129},  {66, 64, 134},
      {63, 73, 137},  {59, 82, 139},  {55, 90, 141},  {51, 99, 141},  {47, 106, 142}, {44, 114, 142}, {41, 122, 142},
      {38, 129, 142}, {35, 137, 142}, {33, 144, 140}, {31, 152, 139}, {31, 159, 136}, {33, 166, 133}, {40, 174, 128},
      {49, 181, 123}, {62, 188, 116}, {76, 194, 108}, {93, 201, 99},  {110, 206, 88}, {130, 211, 76}, {150, 216, 63},
      {171, 220, 50}, {192, 223, 36}, {213, 226, 26}, {234, 229, 26}, {253, 231, 37},
  }};
  const double position = std::clamp(share, 0.0, 1.0) * static_cast<double>(table.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(position), table.size() - 2);
  return mix(table[below], table[below + 1], position - static_cast<double>(below));
}

BRINDLE_INLINE Drawing colour_scale_drawing(const std::string& low, const std::string& high) {
  const double before = font::width(low, 12) + 8, bar = 160, height = 24;
  Drawing out{.width = before + bar + 8 + font::width(high, 12) + 4, .height = height, .title = low + " to " + high};
  image::Picture scale(1, 256, 3);
  for (std::int64_t i = 0; i < 256; ++i) {
    const Rgb c = viridis(static_cast<double>(i) / 255);
    const std::uint8_t rgb[] = {c.r, c.g, c.b};
    std::copy(rgb, rgb + 3, scale.at(0, i));
  }
  out.add(DrawnText{.at = {0, 16}, .text = low});
  out.add(DrawnPicture{std::move(scale), before, 6, bar, 12, true});
  out.add(DrawnText{.at = {before + bar + 8, 16}, .text = high});
  return out;
}

}  // namespace brindle::report
