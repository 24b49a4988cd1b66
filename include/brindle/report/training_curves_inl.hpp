// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what training_curves.hpp declares.
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/report/chart.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/number_text.hpp"
#include "brindle/report/training_curves.hpp"
#include "brindle/train/history.hpp"

namespace brindle::report::internal {

BRINDLE_INLINE std::vector<double>::const_iterator best_epoch(const std::vector<double>& values, bool larger) {
  auto best = values.end();
  for (auto at = values.begin(); at != values.end(); ++at)
    if (!std::isnan(*at) && (best == values.end() || (larger ? *at > *best : *at < *best))) best = at;
  return best;
}

}  // namespace brindle::report::internal

namespace brindle::report {

BRINDLE_INLINE Chart training_curves_chart(const History& history, const std::string& title) {
  if (history.epochs() == 0) detail::raise<ValueError>("training_curves: the history has no epochs; call fit() first");
  const auto series = [](const char* label, const std::vector<double>& values, Tint tint) {
    Series s{label, {}, values, tint};
    for (std::size_t i = 0; i < values.size(); ++i) s.x.push_back(static_cast<double>(i + 1));
    return s;
  };
  const auto panel = [&](const char* name, const char* axis, const std::vector<double>& training,
                         const std::vector<double>& validation) {
    Panel p;
    p.title = name;
    p.x_label = "epoch";
    p.y_label = axis;
    p.whole_x = true;
    if (!training.empty()) p.series.push_back(series("training", training, Tint::first));
    if (!validation.empty()) p.series.push_back(series("validation", validation, Tint::second));
    return p;
  };
  const auto mark = [](const std::vector<double>& values, std::vector<double>::const_iterator best) {
    const double epoch = static_cast<double>(best - values.begin()) + 1;
    return Mark{epoch, *best, "best " + fixed(*best, 3) + ", epoch " + fixed(epoch, 0), Tint::second};
  };

  Chart chart;
  chart.title = title;
  if (!history.accuracy.empty()) {
    chart.panels.push_back(panel("Accuracy", "share of pictures", history.accuracy, history.val_accuracy));
    chart.panels.back().least_y = 0;
    chart.panels.back().most_y = 1;
  }
  if (const auto best = internal::best_epoch(history.val_accuracy, true);
      !chart.panels.empty() && best != history.val_accuracy.end())
    chart.panels.back().marks.push_back(mark(history.val_accuracy, best));
  chart.panels.push_back(panel("Loss", "loss", history.loss, history.val_loss));
  chart.panels.back().from_zero = true;
  if (const auto best = internal::best_epoch(history.val_loss, false); best != history.val_loss.end())
    chart.panels.back().marks.push_back(mark(history.val_loss, best));
  return chart;
}

BRINDLE_INLINE void training_curves(const History& history, const std::filesystem::path& path, const std::string& title,
                                    const PaintOptions& options) {
  write_drawing(chart_drawing(training_curves_chart(history, title)), path, options, "training_curves");
}

}  // namespace brindle::report
