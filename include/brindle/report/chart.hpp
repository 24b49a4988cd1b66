#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/report/number_text.hpp"

namespace brindle::report {

/// What a line stands for; each has a colour that colour-blind people tell apart, and a dash of its own.
enum class Tint { first, second };

/// A line of a chart. Values that are no finite numbers leave a gap.
struct Series {
  std::string label = {};
  std::vector<double> x = {};
  std::vector<double> y = {};
  Tint tint = Tint::first;
};

/// A point that is pointed out, with a few words.
struct Mark {
  double x = 0;
  double y = 0;
  std::string text = {};
  Tint tint = Tint::first;
  bool below = false;  ///< the words stand below the point, not above
};

struct Panel {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  std::vector<Series> series = {};
  std::vector<Mark> marks = {};
  bool from_zero = false;                                     ///< the y axis begins at 0
  bool whole_x = false;                                       ///< x are whole numbers (epochs)
  double least_y = -std::numeric_limits<double>::infinity();  ///< the axis does not go below
  double most_y = std::numeric_limits<double>::infinity();    ///< nor above
};

/// A description of a drawing, without its form: panels side by side with one legend.
struct Chart {
  std::string title = {};
  std::vector<Panel> panels = {};
  int width = 960;   ///< pixels
  int height = 400;  ///< pixels
};

/// Where an axis begins and ends, and the numbers at it.
struct Axis {
  double low = 0;
  double high = 1;
  std::vector<double> ticks;
  int digits = 0;  ///< after the point
};

/// An axis around [low, high] with at most `most` steps of 1, 2 or 5 times a power of ten (at least 1 if `whole`); it
/// begins and ends at a step unless `tight`.
inline Axis nice_axis(double low, double high, int most, bool whole = false, bool tight = false) {
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

namespace svg {

inline std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

inline std::string at(double value) { return fixed(value, 1); }

inline std::string text(double x, double y, const std::string& classes, const std::string& content) {
  return "<text x=\"" + at(x) + "\" y=\"" + at(y) + "\" class=\"" + classes + "\">" + escaped(content) + "</text>\n";
}

inline std::string line(double x1, double y1, double x2, double y2, const std::string& classes) {
  return "<line x1=\"" + at(x1) + "\" y1=\"" + at(y1) + "\" x2=\"" + at(x2) + "\" y2=\"" + at(y2) + "\" class=\"" +
         classes + "\"/>\n";
}

inline std::string circle(double x, double y, double radius, const std::string& classes) {
  return "<circle cx=\"" + at(x) + "\" cy=\"" + at(y) + "\" r=\"" + at(radius) + "\" class=\"" + classes + "\"/>\n";
}

inline std::string tint(Tint t) { return t == Tint::first ? "first" : "second"; }

/// Blue and vermilion, after M. Okabe and K. Ito, "Color universal design", 2008; lighter ones on a dark background.
inline constexpr const char* style = R"(<style>
svg { background: #ffffff; font-family: system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-size: 12px; }
.ground { fill: #ffffff; }
text { fill: #333333; }
.title { font-size: 16px; font-weight: 600; fill: #111111; }
.panel { font-size: 13px; font-weight: 600; fill: #111111; text-anchor: start; }
.label { fill: #555555; text-anchor: middle; }
.right { text-anchor: end; }
.middle { text-anchor: middle; }
.grid { stroke: #e3e6ea; stroke-width: 1; }
.axis { stroke: #8a9099; stroke-width: 1; }
.curve { fill: none; stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; }
.first { stroke: #0072b2; }
.second { stroke: #d55e00; }
.curve.second { stroke-dasharray: 7 4; }
circle.first { fill: #0072b2; stroke: none; }
circle.second { fill: #ffffff; stroke: #d55e00; stroke-width: 1.8; }
circle.ring { fill: none; stroke-width: 1.6; }
text.first { fill: #005a8e; stroke: none; }
text.second { fill: #a84a00; stroke: none; }
.halo { paint-order: stroke; stroke: #ffffff !important; stroke-width: 4px; stroke-linejoin: round; }
@media (prefers-color-scheme: dark) {
svg { background: #15181c; }
.ground { fill: #15181c; }
text { fill: #cfd4da; }
.title, .panel { fill: #f2f4f6; }
.label { fill: #a5abb3; }
.grid { stroke: #2b3036; }
.axis { stroke: #767d86; }
.first { stroke: #56b4e9; }
.second { stroke: #f0a13c; }
circle.first { fill: #56b4e9; }
circle.second { fill: #15181c; stroke: #f0a13c; }
circle.ring { fill: none; }
text.first { fill: #7cc6ef; }
text.second { fill: #f5b562; }
.halo { stroke: #15181c !important; }
}
</style>
)";

inline std::string panel(const Panel& p, double left, double top, double width, double height) {
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
  const auto to_x = [&](double x) {
    return plot_left + inset + (x - xs.low) / (xs.high - xs.low) * (plot_right - plot_left - 2 * inset);
  };
  const auto to_y = [&](double y) {
    return plot_bottom - (y - ys.low) / (ys.high - ys.low) * (plot_bottom - plot_top);
  };

  std::string out = text(plot_left, top + 14, "panel", p.title);
  for (const double tick : ys.ticks) {
    if (tick < ys.low - 1e-9 || tick > ys.high + 1e-9) continue;
    out += line(plot_left, to_y(tick), plot_right, to_y(tick), "grid");
    out += text(plot_left - 8, to_y(tick) + 4, "right", fixed(tick, ys.digits));
  }
  out += line(plot_left, plot_bottom, plot_right, plot_bottom, "axis");
  for (const double tick : xs.ticks) {
    out += line(to_x(tick), plot_bottom, to_x(tick), plot_bottom + 5, "axis");
    out += text(to_x(tick), plot_bottom + 19, "middle", fixed(tick, xs.digits));
  }
  out += text((plot_left + plot_right) / 2, plot_bottom + 37, "label", p.x_label);
  const double label_x = left + 14, label_y = (plot_top + plot_bottom) / 2;
  out += "<text x=\"" + at(label_x) + "\" y=\"" + at(label_y) + "\" class=\"label\" transform=\"rotate(-90 " +
         at(label_x) + " " + at(label_y) + ")\">" + escaped(p.y_label) + "</text>\n";

  for (const Series& s : p.series) {
    std::string path;
    bool drawing = false;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      const bool finite = std::isfinite(s.x[i]) && std::isfinite(s.y[i]);
      if (finite) path += (drawing ? " L" : path.empty() ? "M" : " M") + at(to_x(s.x[i])) + " " + at(to_y(s.y[i]));
      drawing = finite;
    }
    if (path.empty()) continue;
    out += "<path d=\"" + path + "\" class=\"curve " + tint(s.tint) + "\"/>\n";
    for (std::size_t i = 0; most_points <= 40 && i < s.x.size(); ++i)
      if (std::isfinite(s.x[i]) && std::isfinite(s.y[i])) out += circle(to_x(s.x[i]), to_y(s.y[i]), 2.6, tint(s.tint));
  }
  for (const Mark& m : p.marks) {
    if (!std::isfinite(m.x) || !std::isfinite(m.y)) continue;
    out += circle(to_x(m.x), to_y(m.y), 6, "ring " + tint(m.tint));
    // Towards the side with more room, and not out of the panel.
    const bool to_the_left = to_x(m.x) > (plot_left + plot_right) / 2;
    const bool below = to_y(m.y) < plot_top + 24 || (m.below && to_y(m.y) < plot_bottom - 24);
    const double y = to_y(m.y) + (below ? 20 : -11);
    out += text(to_x(m.x) + (to_the_left ? 6 : -6), y, (to_the_left ? "right halo " : "halo ") + tint(m.tint), m.text);
  }
  return out;
}

}  // namespace svg

/// The chart as an SVG picture, with a dark version that a browser takes when its user prefers it.
///
/// Throws ShapeError if a series has not as many x as y.
inline std::string chart_svg(const Chart& chart) {
  const std::string w = std::to_string(chart.width), h = std::to_string(chart.height);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + w + "\" height=\"" + h +
                    "\" viewBox=\"0 0 " + w + " " + h + "\" role=\"img\">\n<title>" + svg::escaped(chart.title) +
                    "</title>\n" + svg::style + "<rect width=\"100%\" height=\"100%\" class=\"ground\"/>\n" +
                    svg::text(20, 30, "title", chart.title);

  // The legend, from the right, of the labels that occur.
  std::vector<Series> legend;
  for (const Panel& p : chart.panels)
    for (const Series& s : p.series)
      if (std::none_of(legend.begin(), legend.end(), [&](const Series& l) { return l.label == s.label; }))
        legend.push_back({s.label, {}, {}, s.tint});
  double right = chart.width - 20;
  for (auto it = legend.rbegin(); it != legend.rend(); ++it) {
    const double text_width = 7.0 * static_cast<double>(it->label.size());
    right -= text_width;
    out += svg::text(right, 30, "", it->label);
    out += svg::line(right - 36, 26, right - 8, 26, "curve " + svg::tint(it->tint));
    out += svg::circle(right - 22, 26, 2.6, svg::tint(it->tint));
    right -= 56;
  }

  const double panel_width = (chart.width - 20.0) / static_cast<double>(std::max<std::size_t>(chart.panels.size(), 1));
  for (std::size_t i = 0; i < chart.panels.size(); ++i)
    out += svg::panel(chart.panels[i], 10 + panel_width * static_cast<double>(i), 50, panel_width, chart.height - 56.0);
  return out + "</svg>\n";
}

}  // namespace brindle::report
