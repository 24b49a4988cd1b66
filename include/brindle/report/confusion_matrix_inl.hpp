// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what confusion_matrix.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/nn/classification_metrics.hpp"
#include "brindle/report/colour.hpp"
#include "brindle/report/confusion_matrix.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/font.hpp"
#include "brindle/report/number_text.hpp"

namespace brindle::report::internal {

BRINDLE_INLINE Rgb square_colour(double share, Theme theme) {
  const Rgb ground = mix(colour(Ink::ground, theme), colour(Ink::grid, theme), square_ground);
  return mix(ground, colour(Ink::first, theme), share);
}

BRINDLE_INLINE Ink ink_on_square(double share) {
  constexpr Rgb black{0, 0, 0}, white{255, 255, 255};
  const auto is_black = [&](Theme theme) {
    const Rgb square = square_colour(share, theme);
    return contrast(black, square) >= contrast(white, square);
  };
  if (!is_black(Theme::light)) return Ink::on_first;
  return is_black(Theme::dark) ? Ink::on_middle : Ink::on_pale;
}

}  // namespace brindle::report::internal

namespace brindle::report {

BRINDLE_INLINE Drawing confusion_matrix_drawing(const ConfusionMatrix& m, const std::vector<std::string>& class_names,
                                                const ConfusionMatrixOptions& options) {
  const std::size_t k = class_names.size();
  if (static_cast<std::int64_t>(k) != m.classes())
    detail::raise<ShapeError>("confusion matrix: " + std::to_string(k) + " names for " + std::to_string(m.classes()) +
                              " classes");
  if (!options.links.empty() && options.links.size() != k * k)
    detail::raise<ShapeError>("confusion matrix: " + std::to_string(options.links.size()) + " links for " +
                              std::to_string(k * k) + " squares; give one for each, or none");
  // Numbers in squares up to a dozen classes; beyond that squares only, with the shares in their colour.
  const bool numbers = k <= 12;
  const double side = k <= 3 ? 112 : k <= 6 ? 84 : numbers ? 62 : std::max(8.0, 600.0 / static_cast<double>(k));
  const double longest = 150, size = side < 13 ? side * 0.85 : 12;
  double names = 0;
  for (const std::string& name : class_names) names = std::max(names, font::width(name, size));
  names = std::min(names, longest);
  // Names above the columns stand upright where they do not fit.
  const bool upright = names > side - 8;
  const double left = 20 + 20 + names + 10, head = options.title.empty() ? 12 : 52;
  const double top = head + 20 + (upright ? names + 8 : 22);
  const double grid = side * static_cast<double>(k);
  Drawing out{.width = std::max(left + grid + 20, 40 + font::width(options.title, 16) * 1.1),
              .height = top + grid + 20,
              .title = options.title};
  if (!options.title.empty())
    out.add(DrawnText{.at = {20, 33}, .text = options.title, .ink = Ink::strong, .size = 16, .bold = true});
  out.add(
      DrawnText{.at = {left + grid / 2, head + 12}, .text = "predicted", .ink = Ink::faint, .anchor = Anchor::middle});
  out.add(DrawnText{
      .at = {30, top + grid / 2}, .text = "true", .ink = Ink::faint, .anchor = Anchor::middle, .upwards = true});
  for (std::size_t i = 0; i < k; ++i) {
    const double middle = side * (static_cast<double>(i) + 0.5);
    const std::string name = internal::fitted(class_names[i], size, longest);
    out.add(DrawnText{.at = {left - 10, top + middle + size / 3}, .text = name, .size = size, .anchor = Anchor::end});
    if (upright)
      out.add(DrawnText{.at = {left + middle + size / 3, top - 8}, .text = name, .size = size, .upwards = true});
    else
      out.add(DrawnText{.at = {left + middle, top - 8}, .text = name, .size = size, .anchor = Anchor::middle});
  }
  const double gap = side > 40 ? 2 : side > 16 ? 1 : 0;
  for (std::size_t truth = 0; truth < k; ++truth)
    for (std::size_t guess = 0; guess < k; ++guess) {
      const auto row = static_cast<std::int64_t>(truth), column = static_cast<std::int64_t>(guess);
      const std::int64_t of = m.support(row);
      const double share = of ? static_cast<double>(m.count(row, column)) / static_cast<double>(of) : 0;
      const double x = left + side * static_cast<double>(guess), y = top + side * static_cast<double>(truth);
      out.add(DrawnRectangle{x + gap / 2, y + gap / 2, side - gap, side - gap, Ink::grid, internal::square_ground});
      out.add(DrawnRectangle{x + gap / 2, y + gap / 2, side - gap, side - gap, Ink::first, share});
      if (!numbers) continue;
      const Ink ink = internal::ink_on_square(share);
      const double large = side > 80 ? 20 : side > 70 ? 16 : 13;
      out.add(DrawnText{.at = {x + side / 2, y + side / 2 + (side > 80 ? 2 : 1)},
                        .text = thousands(m.count(row, column)),
                        .ink = ink,
                        .size = large,
                        .bold = truth == guess,
                        .anchor = Anchor::middle});
      out.add(DrawnText{.at = {x + side / 2, y + side / 2 + (side > 80 ? 22 : 17)},
                        .text = of ? fixed(100 * share, 1) + " %" : "\u2013",
                        .ink = ink,
                        .size = side > 70 ? 12.0 : 10.5,
                        .anchor = Anchor::middle});
    }
  for (std::size_t i = 0; i < options.links.size(); ++i) {
    const std::size_t truth = i / k, guess = i % k;
    if (options.links[i].empty()) continue;
    out.add(DrawnLink{left + side * static_cast<double>(guess), top + side * static_cast<double>(truth), side, side,
                      options.links[i],
                      class_names[truth] + (truth == guess ? " found: " : " taken for " + class_names[guess] + ": ") +
                          thousands(m.count(static_cast<std::int64_t>(truth), static_cast<std::int64_t>(guess)))});
  }
  return out;
}

BRINDLE_INLINE void confusion_matrix(const ConfusionMatrix& m, const std::vector<std::string>& class_names,
                                     const std::filesystem::path& path, const ConfusionMatrixOptions& options) {
  write_drawing(confusion_matrix_drawing(m, class_names, options), path, options.paint, "confusion_matrix");
}

}  // namespace brindle::report
