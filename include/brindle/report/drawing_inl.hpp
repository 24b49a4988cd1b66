// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what drawing.hpp declares.
#include <algorithm>
#include <filesystem>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/file.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/image/encode.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/report/canvas.hpp"
#include "brindle/report/colour.hpp"
#include "brindle/report/drawing.hpp"
#include "brindle/report/markup.hpp"
#include "brindle/report/number_text.hpp"

namespace brindle::report {

BRINDLE_INLINE void Drawing::line(Point from, Point to, Ink ink, double line_width) {
  add(DrawnLine{.pieces = {{from, to}}, .ink = ink, .width = line_width});
}

}  // namespace brindle::report

namespace brindle::report::internal {

BRINDLE_INLINE std::string picture_address(const image::Picture& picture) {
  const bool photo = std::min(picture.height, picture.width) >= 48 && (picture.channels == 1 || picture.channels == 3);
  return photo ? "data:image/jpeg;base64," + base64(image::encode_jpeg(picture, 85))
               : "data:image/png;base64," + base64(image::encode_png(picture));
}

}  // namespace brindle::report::internal

namespace brindle::report::internal::svg {

BRINDLE_INLINE std::string at(double value) {
  std::string text = fixed(value, 1);
  if (text.size() > 2 && text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

BRINDLE_INLINE std::string attribute(const char* name, double value) {
  return std::string(" ").append(name).append("=\"").append(at(value)).append("\"");
}

BRINDLE_INLINE std::string style() {
  std::string light, dark;
  for (const InkColours& ink : inks) {
    const std::string name = ink.name;
    const auto rules = [&](Rgb c) {
      return ".drawing .fill-" + name + " { fill: " + hex(c) + "; }\n.drawing .line-" + name + " { stroke: " + hex(c) +
             "; }\n";
    };
    light += rules(ink.light);
    dark += rules(ink.dark);
  }
  return ".drawing { font-family: system-ui, -apple-system, \"Segoe UI\", Roboto, \"DejaVu Sans\", sans-serif; }\n"
         ".drawing .line { fill: none; stroke-linejoin: round; stroke-linecap: round; }\n"
         ".drawing .halo { paint-order: stroke; stroke-width: 4px; stroke-linejoin: round; }\n"
         ".drawing a:hover rect, .drawing a:focus-visible rect { stroke: currentColor; stroke-width: 2px; }\n" +
         light + "@media (prefers-color-scheme: dark) {\n" + dark + "}\n";
}

BRINDLE_INLINE std::string item(const DrawnLine& line) {
  std::string look = " class=\"line line-" + ink_name(line.ink) + "\"" + attribute("stroke-width", line.width);
  if (line.dash > 0 && line.gap > 0) look += " stroke-dasharray=\"" + at(line.dash) + " " + at(line.gap) + "\"";
  if (line.pieces.size() == 1 && line.pieces[0].size() == 2) {
    const Point a = line.pieces[0][0], b = line.pieces[0][1];
    return "<line" + attribute("x1", a.x) + attribute("y1", a.y) + attribute("x2", b.x) + attribute("y2", b.y) + look +
           "/>\n";
  }
  std::string path;
  for (const std::vector<Point>& piece : line.pieces) {
    for (std::size_t i = 0; i < piece.size(); ++i)
      path += (i ? " L" : path.empty() ? "M" : " M") + at(piece[i].x) + " " + at(piece[i].y);
    if (piece.size() == 1) path += " h0";  // else a point by itself would not be seen
  }
  return path.empty() ? "" : "<path d=\"" + path + "\"" + look + "/>\n";
}

BRINDLE_INLINE std::string item(const DrawnDisc& disc) {
  std::string classes = disc.filled ? "fill-" + ink_name(disc.ink) : "line";
  if (disc.line > 0) classes += " line-" + ink_name(disc.edge);
  return "<circle" + attribute("cx", disc.centre.x) + attribute("cy", disc.centre.y) + attribute("r", disc.radius) +
         " class=\"" + classes + "\"" + (disc.line > 0 ? attribute("stroke-width", disc.line) : "") + "/>\n";
}

BRINDLE_INLINE std::string item(const DrawnRectangle& r) {
  return "<rect" + attribute("x", r.x) + attribute("y", r.y) + attribute("width", r.width) +
         attribute("height", r.height) + " class=\"fill-" + ink_name(r.ink) + "\"" +
         (r.opacity < 1 ? " fill-opacity=\"" + fixed(r.opacity, 3) + "\"" : "") + "/>\n";
}

BRINDLE_INLINE std::string item(const DrawnText& t) {
  std::string out = "<text" + attribute("x", t.at.x) + attribute("y", t.at.y) + " class=\"fill-" + ink_name(t.ink) +
                    (t.halo ? " halo line-ground" : "") + "\"" + attribute("font-size", t.size);
  if (t.bold) out += " font-weight=\"600\"";
  if (t.anchor != Anchor::begin) out += t.anchor == Anchor::middle ? " text-anchor=\"middle\"" : " text-anchor=\"end\"";
  if (t.upwards) out += " transform=\"rotate(-90 " + at(t.at.x) + " " + at(t.at.y) + ")\"";
  return out + ">" + escaped(t.text) + "</text>\n";
}

BRINDLE_INLINE std::string item(const DrawnPicture& p) {
  return "<image" + attribute("x", p.x) + attribute("y", p.y) + attribute("width", p.width) +
         attribute("height", p.height) + " preserveAspectRatio=\"none\"" +
         (p.smooth ? "" : " style=\"image-rendering: pixelated\"") + " href=\"" + picture_address(p.picture) + "\"/>\n";
}

BRINDLE_INLINE std::string item(const DrawnLink& l) {
  return "<a href=\"" + escaped(l.to) + "\" aria-label=\"" + escaped(l.label) + "\"><title>" + escaped(l.label) +
         "</title><rect" + attribute("x", l.x) + attribute("y", l.y) + attribute("width", l.width) +
         attribute("height", l.height) + " fill-opacity=\"0\"/></a>\n";
}

}  // namespace brindle::report::internal::svg

namespace brindle::report::internal {

BRINDLE_INLINE std::string drawing_element(const Drawing& drawing) {
  const bool has_links = std::any_of(drawing.items.begin(), drawing.items.end(),
                                     [](const auto& item) { return std::holds_alternative<DrawnLink>(item); });
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"drawing\"" +
                    internal::svg::attribute("width", drawing.width) +
                    internal::svg::attribute("height", drawing.height) + " viewBox=\"0 0 " +
                    internal::svg::at(drawing.width) + " " + internal::svg::at(drawing.height) +
                    // What is inside an image is not told to those who cannot see it, and links are to be.
                    "\" role=\"" + (has_links ? "group" : "img") + "\"";
  out += drawing.title.empty() ? ">\n" : " aria-label=\"" + escaped(drawing.title) + "\">\n";
  for (const auto& item : drawing.items) out += std::visit([](const auto& i) { return internal::svg::item(i); }, item);
  return out + "</svg>\n";
}

}  // namespace brindle::report::internal

namespace brindle::report {

BRINDLE_INLINE std::string drawing_svg(const Drawing& drawing) {
  std::string out = internal::drawing_element(drawing);
  const std::size_t inside = out.find(">\n") + 2;
  return out.insert(inside, (drawing.title.empty() ? "" : "<title>" + internal::escaped(drawing.title) + "</title>\n") +
                                "<style>\n" + internal::svg::style() +
                                "</style>\n<rect width=\"100%\" height=\"100%\" class=\"fill-ground\"/>\n");
}

BRINDLE_INLINE image::Picture paint(const Drawing& drawing, const PaintOptions& options) {
  if (!(options.scale > 0 && options.scale <= 64))
    detail::raise<ValueError>("paint: expected a scale above 0, at most 64, got " + shortest(options.scale));
  const Theme theme = options.theme;
  Canvas canvas(drawing.width, drawing.height, options.scale, colour(Ink::ground, theme));
  for (const auto& any : drawing.items)
    std::visit(
        [&](const auto& item) {
          using Item = std::decay_t<decltype(item)>;
          if constexpr (std::is_same_v<Item, DrawnLine>) {
            for (const auto& piece : item.pieces)
              canvas.polyline(piece, {colour(item.ink, theme), item.width, 1, item.dash, item.gap});
          } else if constexpr (std::is_same_v<Item, DrawnDisc>) {
            if (item.filled) canvas.disc(item.centre, item.radius, colour(item.ink, theme));
            if (item.line > 0) canvas.ring(item.centre, item.radius, {colour(item.edge, theme), item.line});
          } else if constexpr (std::is_same_v<Item, DrawnRectangle>) {
            canvas.rectangle(item.x, item.y, item.width, item.height, colour(item.ink, theme), item.opacity);
          } else if constexpr (std::is_same_v<Item, DrawnText>) {
            const Lettering l{colour(item.ink, theme), item.size, item.bold, item.anchor, item.upwards};
            if (item.halo) canvas.halo(item.at, item.text, l, colour(Ink::ground, theme), 2);
            canvas.text(item.at, item.text, l);
          } else if constexpr (std::is_same_v<Item, DrawnPicture>) {
            canvas.picture(item.picture, item.x, item.y, item.width, item.height, item.smooth);
          }
        },
        any);
  return canvas.picture();
}

BRINDLE_INLINE void write_drawing(const Drawing& drawing, const std::filesystem::path& path,
                                  const PaintOptions& options, const std::string& who) {
  if (path.extension() == ".svg")
    replace_file(path, drawing_svg(drawing));
  else if (path.extension() == ".png")
    image::write_png(path, paint(drawing, options));
  else
    detail::raise<ValueError>(who + ": expected a path that ends in .svg or .png, got " + path.string());
}

}  // namespace brindle::report
