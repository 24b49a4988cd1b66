// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "brindle/image/encode.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/report/canvas.hpp"
#include "brindle/report/colour.hpp"

namespace brindle::report {

/// What a drawing consists of. Coordinates in pixels of the drawing, x from the left, y from the top.
struct DrawnLine {
  std::vector<std::vector<Point>> pieces = {};  ///< each a line through its points
  Ink ink = Ink::axis;                          ///< its colour
  double width = 1;                             ///< of the line
  double dash = 0;                              ///< length of its parts; 0: whole
  double gap = 0;                               ///< between the parts
};
struct DrawnDisc {
  Point centre = {};      ///< its middle
  double radius = 1;      ///< without its edge
  Ink ink = Ink::first;   ///< inside
  bool filled = true;     ///< false: only the edge
  double line = 0;        ///< width of the edge; 0: none
  Ink edge = Ink::first;  ///< colour of the edge
};
struct DrawnRectangle {
  /// The corner at the top left, and the sides.
  /// @{
  double x = 0, y = 0, width = 0, height = 0;
  /// @}
  Ink ink = Ink::first;  ///< its colour
  double opacity = 1;    ///< 0..1
};
struct DrawnText {
  Point at = {};                  ///< on the line that letters stand on
  std::string text = {};          ///< one line, UTF-8
  Ink ink = Ink::text;            ///< its colour
  double size = 12;               ///< of the font, as CSS counts
  bool bold = false;              ///< else regular
  Anchor anchor = Anchor::begin;  ///< what of the text stands at the point
  bool upwards = false;           ///< turned by 90 degrees, read from below
  bool halo = false;              ///< with a border of the ground's colour, over lines
};
struct DrawnPicture {
  image::Picture picture = {};  ///< what is shown
  /// The corner at the top left, and the sides that it is scaled to.
  /// @{
  double x = 0, y = 0, width = 0, height = 0;
  /// @}
  bool smooth = true;  ///< enlarged with blended pixels, not with squares
};

/// A place that leads somewhere when it is chosen, in a page and in SVG; a PNG has nothing of it.
struct DrawnLink {
  /// The corner at the top left, and the sides.
  /// @{
  double x = 0, y = 0, width = 0, height = 0;
  /// @}
  std::string to = {};     ///< an address, "#surest" of a place in the page
  std::string label = {};  ///< in words, for those who cannot see it
};

/// A drawing without its form: written as SVG, painted into a picture, or put into a page.
struct Drawing {
  double width = 960;      ///< pixels
  double height = 400;     ///< pixels
  std::string title = {};  ///< for those who cannot see it
  /// A later one covers an earlier one.
  std::vector<std::variant<DrawnLine, DrawnDisc, DrawnRectangle, DrawnText, DrawnPicture, DrawnLink>> items = {};

  /// Puts it on top.
  template <class Item>
  void add(Item item) {
    items.emplace_back(std::move(item));
  }
  /// One straight line.
  void line(Point from, Point to, Ink ink, double line_width = 1);
};

struct PaintOptions {
  Theme theme = Theme::light;  ///< of a PNG; an SVG has both
  double scale = 2;            ///< of a PNG: its pixels to one of the drawing, > 0
};

namespace internal {

/// A data: address of a picture for HTML and SVG: photos as JPEG, which takes a tenth of the bytes; what is small, and
/// may be enlarged to squares, and what has other channels, as PNG with its exact levels.
std::string picture_address(const image::Picture& picture);

}  // namespace internal

namespace internal::svg {

std::string at(double value);

std::string attribute(const char* name, double value);

/// Colours as classes, so that one drawing is right on a light and on a dark background.
std::string style();

std::string item(const DrawnLine& line);

std::string item(const DrawnDisc& disc);

std::string item(const DrawnRectangle& r);

std::string item(const DrawnText& t);

std::string item(const DrawnPicture& p);

std::string item(const DrawnLink& l);

}  // namespace internal::svg

namespace internal {

/// The drawing as an SVG element for a page that has internal::svg::style() in its style sheet.
std::string drawing_element(const Drawing& drawing);

}  // namespace internal

/// The drawing as an SVG file, with a dark version that a browser takes when its user prefers it.
std::string drawing_svg(const Drawing& drawing);

/// The drawing as a picture (height * scale, width * scale, 3).
///
/// Throws ShapeError if it has no pixel or is too large.
image::Picture paint(const Drawing& drawing, const PaintOptions& options = {});

/// Writes the drawing as SVG or PNG, by the ending of the path, whole or not at all. `who` begins the message of an
/// error.
///
/// Throws ValueError for another ending, FileError that begins with the path.
void write_drawing(const Drawing& drawing, const std::filesystem::path& path, const PaintOptions& options = {},
                   const std::string& who = "write_drawing");

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/drawing_inl.hpp"
#endif
