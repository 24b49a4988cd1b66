// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "brindle/image/picture.hpp"
#include "brindle/report/colour.hpp"
#include "brindle/report/font.hpp"

namespace brindle::report {

struct Pen {
  Rgb colour = {};     ///< black
  double width = 1;    ///< in the canvas's units
  double opacity = 1;  ///< 0..1
  double dash = 0;     ///< length of the pieces; 0: a whole line
  double gap = 0;      ///< between them
};

/// Which point of a line of text is given: its left end, its middle or its right end.
enum class Anchor { begin, middle, end };

struct Lettering {
  Rgb colour = {};                ///< black
  double size = 12;               ///< of the font, as CSS counts
  bool bold = false;              ///< else regular
  Anchor anchor = Anchor::begin;  ///< what of the text stands at its point
  bool upwards = false;           ///< turned by 90 degrees, read from below
};

/// A picture to draw on, without jagged edges. Coordinates are in units of `scale` pixels, x from the left, y from the
/// top.
///
/// How much of a pixel a shape covers is taken from the distance of the pixel's middle to the shape's edge; pieces of
/// one line are one shape, so that joints and crossings are not darker.
class Canvas {
 public:
  /// Throws ShapeError if there is not a pixel, or a side is longer than 32768 pixels.
  Canvas(double width, double height, double scale = 1, Rgb ground = {255, 255, 255});

  const image::Picture& picture() const { return picture_; }  ///< what has been drawn so far
  double scale() const { return scale_; }                     ///< pixels of a unit

  /// Points joined by lines with round ends.
  void polyline(std::span<const Point> points, const Pen& pen);

  /// One straight line.
  void line(Point from, Point to, const Pen& pen);

  /// A filled disc.
  void disc(Point centre, double radius, Rgb colour, double opacity = 1);

  /// The edge of a disc.
  void ring(Point centre, double radius, const Pen& pen);

  /// A filled rectangle with sides along the axes; edges between pixels are blended.
  void rectangle(double x, double y, double width, double height, Rgb colour, double opacity = 1);

  /// A filled polygon; where it crosses itself, the even-odd rule holds.
  void polygon(std::span<const Point> corners, Rgb colour, double opacity = 1);

  /// Text on the base line that begins, ends or has its middle at a point.
  void text(Point at, std::string_view content, const Lettering& l);

  /// A border of `width` around where text() would put the text.
  void halo(Point at, std::string_view content, Lettering l, Rgb colour, double width);

  /// A picture (H, W, 1), (H, W, 3) or (H, W, 4), stretched to the rectangle: its pixels as squares where it becomes
  /// larger and `smooth` is false, else blended; where it becomes smaller, means of its pixels. Alpha is used.
  void picture(const image::Picture& source, double x, double y, double width, double height, bool smooth = true);

 private:
  struct Segment {
    Point a, b;
    double more;  // added to half the pen's width
  };
  struct Area {
    std::int64_t left, top, right, bottom;
  };
  // The pixels of a source that make one of the picture.
  struct Taps {
    std::int64_t first = 0;
    std::vector<double> weights;
  };

  Point pixel(Point p) const { return {p.x * scale_, p.y * scale_}; }

  static std::int64_t clip(double value, std::int64_t size);

  static double distance(Point p, const Segment& s);

  Area bounds(std::span<const Segment> segments, double margin) const;

  void blend(std::int64_t row, std::int64_t column, Rgb colour, double share);

  // All segments as one shape: each pixel takes the most that one of them covers.
  void stroke(std::span<const Segment> segments, double half_width, Rgb colour, double opacity);

  // Cuts a line into its dashes; the pattern goes on from one line to the next.
  void dashes(Point from, Point to, const Pen& pen, double& travelled, std::vector<Segment>& out) const;

  void letters(Point at, std::string_view content, const Lettering& l, double pen_width);

  static std::vector<Taps> taps(std::int64_t from, std::int64_t to, bool smooth);

  image::Picture picture_;
  double scale_;
};

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/canvas_inl.hpp"
#endif
