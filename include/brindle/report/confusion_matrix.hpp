#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/font.hpp"
#include "brindle/report/number_text.hpp"

namespace brindle::report {

/// How many samples of each class were taken for which.
struct ConfusionCounts {
  std::vector<std::string> classes = {};  ///< K names
  std::vector<std::int64_t> counts = {};  ///< (K, K): true classes in rows, predicted ones in columns

  std::int64_t at(std::size_t truth, std::size_t predicted) const { return counts[truth * classes.size() + predicted]; }
  /// Samples of a class.
  std::int64_t samples(std::size_t truth) const {
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < classes.size(); ++k) sum += at(truth, k);
    return sum;
  }
};

namespace internal {

inline void check_confusion_matrix(const ConfusionCounts& m) {
  if (m.classes.empty() || m.counts.size() != m.classes.size() * m.classes.size())
    detail::raise<ShapeError>("confusion_matrix: expected " + std::to_string(m.classes.size() * m.classes.size()) +
                              " counts for " + std::to_string(m.classes.size()) + " classes, got " +
                              std::to_string(m.counts.size()));
  for (const std::int64_t n : m.counts)
    if (n < 0) detail::raise<ValueError>("confusion_matrix: counts must be at least 0, got " + std::to_string(n));
}

}  // namespace internal

/// Counts what a model predicted. One output is the probability of the second class (above 0.5 predicts it); of several
/// the largest counts, the first of equals.
///
///     outputs (N, 1) or (N, K);  labels (N, 1): class numbers from 0
inline ConfusionCounts confusion_matrix(In<float, Cpu> outputs, In<float, Cpu> labels,
                                        const std::vector<std::string>& classes) {
  const auto k = static_cast<std::int64_t>(classes.size());
  const std::int64_t n = labels.size();
  if (outputs.shape.rank() != 2 || outputs.shape[0] != n || k < 2 ||
      !(outputs.shape[1] == k || (outputs.shape[1] == 1 && k == 2)))
    detail::raise<ShapeError>("confusion_matrix: expected outputs (" + std::to_string(n) + ", " + std::to_string(k) +
                              ")" + (k == 2 ? " or (" + std::to_string(n) + ", 1)" : "") + " for " + std::to_string(n) +
                              " labels and " + std::to_string(k) + " classes, got " + to_string(outputs.shape));
  ConfusionCounts m{classes, std::vector<std::int64_t>(static_cast<std::size_t>(k * k))};
  for (std::int64_t i = 0; i < n; ++i) {
    const float* row = outputs.data + i * outputs.shape[1];
    const float label = labels.data[i];
    if (!(label >= 0 && label < static_cast<float>(k)))
      detail::raise<DataError>("confusion_matrix: label " + std::to_string(i) + " is " + shortest(label) +
                               ", expected a class number from 0 to " + std::to_string(k - 1));
    const std::int64_t predicted = outputs.shape[1] == 1 ? (row[0] > 0.5f) : std::max_element(row, row + k) - row;
    ++m.counts[static_cast<std::size_t>(static_cast<std::int64_t>(label) * k + predicted)];
  }
  return m;
}

struct ConfusionMatrixOptions {
  std::string title = "Confusion matrix";
  PaintOptions paint = {};
};

/// Squares, the bluer the larger the share of their row; each with its count and share.
///
/// Throws ShapeError if there are not as many counts as the classes need.
inline Drawing confusion_matrix_drawing(const ConfusionCounts& m, const ConfusionMatrixOptions& options = {}) {
  internal::check_confusion_matrix(m);
  const std::size_t k = m.classes.size();
  // Numbers in squares up to a dozen classes; beyond that squares only, with the shares in their colour.
  const bool numbers = k <= 12;
  const double side = k <= 3 ? 112 : k <= 6 ? 84 : numbers ? 62 : std::max(8.0, 600.0 / static_cast<double>(k));
  const double longest = 150, size = side < 13 ? side * 0.85 : 12;
  double names = 0;
  for (const std::string& name : m.classes) names = std::max(names, font::width(name, size));
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
    const std::string name = fitted(m.classes[i], size, longest);
    out.add(DrawnText{.at = {left - 10, top + middle + size / 3}, .text = name, .size = size, .anchor = Anchor::end});
    if (upright)
      out.add(DrawnText{.at = {left + middle + size / 3, top - 8}, .text = name, .size = size, .upwards = true});
    else
      out.add(DrawnText{.at = {left + middle, top - 8}, .text = name, .size = size, .anchor = Anchor::middle});
  }
  const double gap = side > 40 ? 2 : side > 16 ? 1 : 0;
  for (std::size_t truth = 0; truth < k; ++truth)
    for (std::size_t guess = 0; guess < k; ++guess) {
      const std::int64_t of = m.samples(truth);
      const double share = of ? static_cast<double>(m.at(truth, guess)) / static_cast<double>(of) : 0;
      const double x = left + side * static_cast<double>(guess), y = top + side * static_cast<double>(truth);
      out.add(DrawnRectangle{x + gap / 2, y + gap / 2, side - gap, side - gap, Ink::grid, 0.45});
      out.add(DrawnRectangle{x + gap / 2, y + gap / 2, side - gap, side - gap, Ink::first, share});
      if (!numbers) continue;
      // White on blue from where blue is stronger than the ground.
      const Ink ink = share > 0.5 ? Ink::on_first : Ink::strong;
      const double large = side > 80 ? 20 : side > 70 ? 16 : 13;
      out.add(DrawnText{.at = {x + side / 2, y + side / 2 + (side > 80 ? 2 : 1)},
                        .text = thousands(m.at(truth, guess)),
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
  return out;
}

/// Writes it as an SVG or PNG picture, by the ending of the path, whole or not at all.
inline void confusion_matrix(const ConfusionCounts& m, const std::filesystem::path& path,
                             const ConfusionMatrixOptions& options = {}) {
  write_drawing(confusion_matrix_drawing(m, options), path, options.paint, "confusion_matrix");
}

}  // namespace brindle::report
