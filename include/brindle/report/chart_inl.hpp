// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what chart.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/report/chart.hpp"
#include "brindle/report/colour.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/font.hpp"
#include "brindle/report/number_text.hpp"

namespace brindle::report {

BRINDLE_INLINE Axis nice_axis(double low, double high, int most, bool whole, bool tight) {
  if (!(high > low)) {
    const double room = low == 0 ? 1 : std::abs(low) * 0.1;
    high = low + (whole ? 1 : room);
    low -= whole ? 0 : room;
  }
  double step = std::pow(10.0, std::floor(std::log10((high - low) / most)));
  for (const double factor : {2.0, 2.5, 2.0, 1.0}) {  // 1, 2, 5, 10
    if ((high - low) / step <= most) break;
    step *= factor;
  }
  if (whole) step = std::max(1.0, std::round(step));
  Axis axis;
  axis.digits = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  const double first = tight ? std::ceil(low / step - 1e-9) : std::floor(low / step + 1e-9);
  const double last = tight ? std::floor(high / step + 1e-9) : std::ceil(high / step - 1e-9);
  axis.low = tight ? low : first * step;
  axis.high = tight ? high : last * step;
  for (double k = first; k <= last + 0.5; ++k) axis.ticks.push_back(k * step);
  return axis;
}

}  // namespace brindle::report

namespace brindle::report::internal::chart {

BRINDLE_INLINE DrawnDisc dot(Point centre, Tint tint) {
  if (tint == Tint::first) return {.centre = centre, .radius = 2.6, .ink = Ink::first};
  return {.centre = centre, .radius = 2.6, .ink = Ink::ground, .line = 1.8, .edge = Ink::second};
}

BRINDLE_INLINE DrawnLine curve(std::vector<std::vector<Point>> pieces, Tint tint) {
  DrawnLine line{.pieces = std::move(pieces), .ink = ink(tint), .width = 2.2};
  if (tint == Tint::second) line.dash = 7, line.gap = 4.5;
  return line;
}

/// Labels that occur, with a piece of their line, from `right` to the left at the height y.
BRINDLE_INLINE void legend(Drawing& out, const std::vector<Panel>& panels, double right, double y) {
  std::vector<Series> entries;
  for (const Panel& p : panels)
    for (const Series& s : p.series)
      if (std::none_of(entries.begin(), entries.end(), [&](const Series& e) { return e.label == s.label; }))
        entries.push_back({s.label, {}, {}, s.tint});
  for (auto it = entries.rbegin(); it != entries.rend(); ++it) {
    right -= font::width(it->label, 12);
    out.add(DrawnText{.at = {right, y}, .text = it->label});
    out.add(curve({{{right - 35, y - 4}, {right - 9, y - 4}}}, it->tint));
    out.add(dot({right - 22, y - 4}, it->tint));
    right -= 56;
  }
}

BRINDLE_INLINE void panel(Drawing& out, const Panel& p, double left, double top, double width, double height) {
  double x_low = std::numeric_limits<double>::infinity(), x_high = -x_low, y_low = x_low, y_high = -x_low;
  std::size_t most_points = 0;
  for (const Series& s : p.series) {
    if (s.x.size() != s.y.size())
      detail::raise<ShapeError>("chart \"" + p.title + "\": series \"" + s.label + "\" has " +
                                std::to_string(s.x.size()) + " x and " + std::to_string(s.y.size()) + " y");
    most_points = std::max(most_points, s.x.size());
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      if (!std::isfinite(s.x[i]) || !std::isfinite(s.y[i])) continue;
      x_low = std::min(x_low, s.x[i]), x_high = std::max(x_high, s.x[i]);
      y_low = std::min(y_low, s.y[i]), y_high = std::max(y_high, s.y[i]);
    }
  }
  if (!(x_low <= x_high)) x_low = 0, x_high = 1, y_low = 0, y_high = 1;
  if (p.from_zero) y_low = std::min(y_low, 0.0);
  const Axis xs = nice_axis(x_low, x_high, 8, p.whole_x, true);
  Axis ys = nice_axis(y_low, y_high, 6);
  if (p.least_y <= y_low) ys.low = std::max(ys.low, p.least_y);
  if (p.most_y >= y_high) ys.high = std::min(ys.high, p.most_y);

  const double plot_left = left + 58, plot_right = left + width - 14, plot_top = top + 30,
               plot_bottom = top + height - 44;
  const double inset = 10;  // so that the first and the last point do not sit on the frame
  const auto place = [&](double x, double y) {
    return Point{plot_left + inset + (x - xs.low) / (xs.high - xs.low) * (plot_right - plot_left - 2 * inset),
                 plot_bottom - (y - ys.low) / (ys.high - ys.low) * (plot_bottom - plot_top)};
  };

  out.add(DrawnText{.at = {plot_left, top + 14}, .text = p.title, .ink = Ink::strong, .size = 13, .bold = true});
  for (const double tick : ys.ticks) {
    if (tick < ys.low - 1e-9 || tick > ys.high + 1e-9) continue;
    const double y = place(xs.low, tick).y;
    out.line({plot_left, y}, {plot_right, y}, Ink::grid);
    out.add(DrawnText{.at = {plot_left - 8, y + 4}, .text = fixed(tick, ys.digits), .anchor = Anchor::end});
  }
  out.line({plot_left, plot_bottom}, {plot_right, plot_bottom}, Ink::axis);
  for (const double tick : xs.ticks) {
    const double x = place(tick, ys.low).x;
    out.line({x, plot_bottom}, {x, plot_bottom + 5}, Ink::axis);
    out.add(DrawnText{.at = {x, plot_bottom + 19}, .text = fixed(tick, xs.digits), .anchor = Anchor::middle});
  }
  // In the middle, or where marks have their words, to the left of these.
  const double x_label = p.marks.empty() ? (plot_left + plot_right) / 2 : plot_left + 0.36 * (plot_right - plot_left);
  out.add(DrawnText{.at = {x_label, plot_bottom + 37}, .text = p.x_label, .ink = Ink::faint, .anchor = Anchor::middle});
  out.add(DrawnText{.at = {left + 14, (plot_top + plot_bottom) / 2},
                    .text = p.y_label,
                    .ink = Ink::faint,
                    .anchor = Anchor::middle,
                    .upwards = true});

  for (const Series& s : p.series) {
    std::vector<std::vector<Point>> pieces;
    bool drawing = false;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      const bool finite = std::isfinite(s.x[i]) && std::isfinite(s.y[i]);
      if (finite && !drawing) pieces.emplace_back();
      if (finite) pieces.back().push_back(place(s.x[i], s.y[i]));
      drawing = finite;
    }
    if (pieces.empty()) continue;
    if (most_points <= 40) {
      out.add(curve(pieces, s.tint));
      for (const auto& piece : pieces)
        for (const Point& at : piece) out.add(dot(at, s.tint));
    } else {
      out.add(curve(std::move(pieces), s.tint));
    }
  }
  double words_right = plot_right;
  for (const Mark& m : p.marks) {
    if (!std::isfinite(m.x) || !std::isfinite(m.y)) continue;
    out.add(DrawnDisc{.centre = place(m.x, m.y), .radius = 6, .filled = false, .line = 1.6, .edge = ink(m.tint)});
    const double width_of_words = font::width(m.text, 12);
    out.add(DrawnDisc{.centre = {words_right - width_of_words - 22, plot_bottom + 33},
                      .radius = 5,
                      .filled = false,
                      .line = 1.6,
                      .edge = ink(m.tint)});
    out.add(DrawnText{.at = {words_right, plot_bottom + 37},
                      .text = m.text,
                      .ink = m.tint == Tint::first ? Ink::first_text : Ink::second_text,
                      .anchor = Anchor::end});
    words_right -= width_of_words + 44;
  }
}

}  // namespace brindle::report::internal::chart

namespace brindle::report {

BRINDLE_INLINE Drawing chart_drawing(const Chart& chart) {
  Drawing out{
      .width = static_cast<double>(chart.width), .height = static_cast<double>(chart.height), .title = chart.title};
  out.add(DrawnText{.at = {20, 30}, .text = chart.title, .ink = Ink::strong, .size = 16, .bold = true});
  internal::chart::legend(out, chart.panels, out.width - 20, 30);
  const double width = (out.width - 20) / static_cast<double>(std::max<std::size_t>(chart.panels.size(), 1));
  for (std::size_t i = 0; i < chart.panels.size(); ++i)
    internal::chart::panel(out, chart.panels[i], 10 + width * static_cast<double>(i), 50, width, out.height - 56);
  return out;
}

BRINDLE_INLINE Drawing panel_drawing(const Panel& panel, double width, double height) {
  Drawing out{.width = width, .height = height, .title = panel.title};
  internal::chart::panel(out, panel, 0, 8, width, height - 14);
  internal::chart::legend(out, {panel}, width - 14, 22);
  return out;
}

BRINDLE_INLINE image::Picture chart_picture(const Chart& chart, const PaintOptions& options) {
  return paint(chart_drawing(chart), options);
}

}  // namespace brindle::report
