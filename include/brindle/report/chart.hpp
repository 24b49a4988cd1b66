// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "brindle/image/picture.hpp"
#include "brindle/report/colour.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/font.hpp"

namespace brindle::report {

/// What a line stands for; each has a colour that colour-blind people tell apart, and the second is dashed.
enum class Tint { first, second };

/// A line of a chart. Values that are no finite numbers leave a gap.
struct Series {
  std::string label = {};      ///< in the legend
  std::vector<double> x = {};  ///< in rising order
  std::vector<double> y = {};  ///< as many
  Tint tint = Tint::first;     ///< its colour
};

/// A point with a ring around it, and a few words below the axis, where they cover no line.
struct Mark {
  double x = 0;             ///< in the numbers of the axes
  double y = 0;             ///< in the numbers of the axes
  std::string text = {};    ///< the words
  Tint tint = Tint::first;  ///< the colour of its series
};

struct Panel {
  std::string title = {};                                     ///< above the axes
  std::string x_label = {};                                   ///< below them
  std::string y_label = {};                                   ///< beside them
  std::vector<Series> series = {};                            ///< lines
  std::vector<Mark> marks = {};                               ///< above the lines
  bool from_zero = false;                                     ///< the y axis begins at 0
  bool whole_x = false;                                       ///< x are whole numbers (epochs)
  double least_y = -std::numeric_limits<double>::infinity();  ///< the axis does not go below
  double most_y = std::numeric_limits<double>::infinity();    ///< nor above
};

/// A description of a drawing, without its form: panels side by side with one legend.
struct Chart {
  std::string title = {};          ///< above all panels
  std::vector<Panel> panels = {};  ///< from the left
  int width = 960;                 ///< pixels
  int height = 400;                ///< pixels
};

/// Where an axis begins and ends, and the numbers at it.
struct Axis {
  double low = 0;             ///< at its beginning
  double high = 1;            ///< at its end
  std::vector<double> ticks;  ///< the numbers, rising
  int digits = 0;             ///< after the point
};

/// An axis around [low, high] with at most `most` steps of 1, 2 or 5 times a power of ten (at least 1 if `whole`); it
/// begins and ends at a step unless `tight`.
Axis nice_axis(double low, double high, int most, bool whole = false, bool tight = false);

namespace internal::chart {

inline Ink ink(Tint t) { return t == Tint::first ? Ink::first : Ink::second; }

DrawnDisc dot(Point centre, Tint tint);

void panel(Drawing& out, const Panel& p, double left, double top, double width, double height);

}  // namespace internal::chart

/// The chart as a drawing: a line with title and legend, the panels below it.
///
/// Throws ShapeError if a series has not as many x as y.
Drawing chart_drawing(const Chart& chart);

/// One panel by itself, its title and the legend in one line.
Drawing panel_drawing(const Panel& panel, double width = 440, double height = 320);

/// The chart as an SVG picture, with a dark version that a browser takes when its user prefers it.
inline std::string chart_svg(const Chart& chart) { return drawing_svg(chart_drawing(chart)); }

/// The chart as a picture.
image::Picture chart_picture(const Chart& chart, const PaintOptions& options = {});

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/chart_inl.hpp"
#endif
