// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what canvas.hpp declares.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/image/picture.hpp"
#include "brindle/report/canvas.hpp"
#include "brindle/report/colour.hpp"
#include "brindle/report/font.hpp"

namespace brindle::report {

BRINDLE_INLINE Canvas::Canvas(double width, double height, double scale, Rgb ground) : scale_(scale) {
  const double w = std::round(width * scale), h = std::round(height * scale);
  if (!(w >= 1 && h >= 1 && w <= 32768 && h <= 32768))
    detail::raise<ShapeError>("canvas: sides go from 1 to 32768 pixels, got " + detail::number_text(w) + " x " +
                              detail::number_text(h));
  picture_ = image::Picture(static_cast<std::int64_t>(h), static_cast<std::int64_t>(w), 3);
  for (std::size_t i = 0; i < picture_.pixels.size(); i += 3)
    picture_.pixels[i] = ground.r, picture_.pixels[i + 1] = ground.g, picture_.pixels[i + 2] = ground.b;
}

BRINDLE_INLINE void Canvas::polyline(std::span<const Point> points, const Pen& pen) {
  std::vector<Segment> segments;
  double travelled = 0;
  for (std::size_t i = 1; i < points.size(); ++i) dashes(points[i - 1], points[i], pen, travelled, segments);
  if (points.size() == 1) segments.push_back({pixel(points[0]), pixel(points[0]), 0});
  stroke(segments, pen.width * scale_ / 2, pen.colour, pen.opacity);
}

BRINDLE_INLINE void Canvas::line(Point from, Point to, const Pen& pen) {
  const Point points[] = {from, to};
  polyline(points, pen);
}

BRINDLE_INLINE void Canvas::disc(Point centre, double radius, Rgb colour, double opacity) {
  const Segment s{pixel(centre), pixel(centre), 0};
  stroke({&s, 1}, radius * scale_, colour, opacity);
}

BRINDLE_INLINE void Canvas::ring(Point centre, double radius, const Pen& pen) {
  std::vector<Point> points;
  const int pieces = std::clamp(static_cast<int>(radius * scale_ * 3), 16, 256);
  for (int i = 0; i <= pieces; ++i) {
    const double angle = 2 * 3.14159265358979323846 * i / pieces;
    points.push_back({centre.x + radius * std::cos(angle), centre.y + radius * std::sin(angle)});
  }
  polyline(points, pen);
}

BRINDLE_INLINE void Canvas::rectangle(double x, double y, double width, double height, Rgb colour, double opacity) {
  const double left = x * scale_, right = (x + width) * scale_, top = y * scale_, bottom = (y + height) * scale_;
  for (std::int64_t row = clip(std::floor(top), picture_.height); row < clip(std::ceil(bottom), picture_.height); ++row)
    for (std::int64_t c = clip(std::floor(left), picture_.width); c < clip(std::ceil(right), picture_.width); ++c) {
      const auto r = static_cast<double>(row), k = static_cast<double>(c);
      const double covered =
          (std::min(k + 1, right) - std::max(k, left)) * (std::min(r + 1, bottom) - std::max(r, top));
      blend(row, c, colour, covered * opacity);
    }
}

BRINDLE_INLINE void Canvas::polygon(std::span<const Point> corners, Rgb colour, double opacity) {
  if (corners.size() < 3) return;
  std::vector<Segment> edges;
  for (std::size_t i = 0; i < corners.size(); ++i)
    edges.push_back({pixel(corners[i]), pixel(corners[(i + 1) % corners.size()]), 0});
  const Area area = bounds(edges, 1);
  for (std::int64_t row = area.top; row < area.bottom; ++row)
    for (std::int64_t column = area.left; column < area.right; ++column) {
      const Point p{static_cast<double>(column) + 0.5, static_cast<double>(row) + 0.5};
      double nearest = std::numeric_limits<double>::infinity();
      bool inside = false;
      for (const Segment& e : edges) {
        nearest = std::min(nearest, distance(p, e));
        if ((e.a.y > p.y) != (e.b.y > p.y) && p.x < e.a.x + (p.y - e.a.y) / (e.b.y - e.a.y) * (e.b.x - e.a.x))
          inside = !inside;
      }
      blend(row, column, colour, std::clamp(0.5 + (inside ? nearest : -nearest), 0.0, 1.0) * opacity);
    }
}

BRINDLE_INLINE void Canvas::text(Point at, std::string_view content, const Lettering& l) {
  letters(at, content, l, (l.bold ? font::bold_pen : font::pen) * l.size / font::em);
}

BRINDLE_INLINE void Canvas::halo(Point at, std::string_view content, Lettering l, Rgb colour, double width) {
  l.colour = colour;
  letters(at, content, l, (l.bold ? font::bold_pen : font::pen) * l.size / font::em + 2 * width);
}

BRINDLE_INLINE void Canvas::picture(const image::Picture& source, double x, double y, double width, double height,
                                    bool smooth) {
  image::internal::check_picture(source, "canvas");
  if (source.channels != 1 && source.channels != 3 && source.channels != 4)
    detail::raise<ShapeError>("canvas: expected a picture of 1, 3 or 4 channels, got " + to_string(source.shape()));
  const auto left = static_cast<std::int64_t>(std::lround(x * scale_));
  const auto top = static_cast<std::int64_t>(std::lround(y * scale_));
  const auto columns = std::max<std::int64_t>(1, std::lround((x + width) * scale_) - left);
  const auto rows = std::max<std::int64_t>(1, std::lround((y + height) * scale_) - top);
  const std::vector<Taps> across = taps(source.width, columns, smooth), down = taps(source.height, rows, smooth);
  for (std::int64_t r = std::max<std::int64_t>(0, -top); r < rows && top + r < picture_.height; ++r)
    for (std::int64_t c = std::max<std::int64_t>(0, -left); c < columns && left + c < picture_.width; ++c) {
      double sum[4] = {0, 0, 0, 0};
      const Taps &v = down[static_cast<std::size_t>(r)], &h = across[static_cast<std::size_t>(c)];
      for (std::size_t i = 0; i < v.weights.size(); ++i)
        for (std::size_t k = 0; k < h.weights.size(); ++k) {
          const std::uint8_t* from =
              source.at(v.first + static_cast<std::int64_t>(i), h.first + static_cast<std::int64_t>(k));
          const double w = v.weights[i] * h.weights[k];
          for (std::int64_t channel = 0; channel < 4; ++channel)
            sum[channel] += w * (channel < source.channels ? from[channel] : channel == 3 ? 255 : from[0]);
        }
      const auto byte = [](double value) { return static_cast<std::uint8_t>(std::clamp(value + 0.5, 0.0, 255.0)); };
      blend(top + r, left + c, {byte(sum[0]), byte(sum[1]), byte(sum[2])}, sum[3] / 255);
    }
}

BRINDLE_INLINE std::int64_t Canvas::clip(double value, std::int64_t size) {
  return static_cast<std::int64_t>(std::clamp(value, 0.0, static_cast<double>(size)));
}

BRINDLE_INLINE double Canvas::distance(Point p, const Segment& s) {
  const double dx = s.b.x - s.a.x, dy = s.b.y - s.a.y;
  const double length = dx * dx + dy * dy;
  const double t = length > 0 ? std::clamp(((p.x - s.a.x) * dx + (p.y - s.a.y) * dy) / length, 0.0, 1.0) : 0;
  return std::hypot(p.x - s.a.x - t * dx, p.y - s.a.y - t * dy);
}

BRINDLE_INLINE auto Canvas::bounds(std::span<const Segment> segments, double margin) const -> Area {
  double left = std::numeric_limits<double>::infinity(), top = left, right = -left, bottom = -left;
  for (const Segment& s : segments) {
    const double m = margin + s.more;
    left = std::min({left, s.a.x - m, s.b.x - m}), right = std::max({right, s.a.x + m, s.b.x + m});
    top = std::min({top, s.a.y - m, s.b.y - m}), bottom = std::max({bottom, s.a.y + m, s.b.y + m});
  }
  return {clip(std::floor(left), picture_.width), clip(std::floor(top), picture_.height),
          clip(std::ceil(right), picture_.width), clip(std::ceil(bottom), picture_.height)};
}

BRINDLE_INLINE void Canvas::blend(std::int64_t row, std::int64_t column, Rgb colour, double share) {
  if (share <= 0) return;
  std::uint8_t* p = picture_.at(row, column);
  const Rgb mixed = mix({p[0], p[1], p[2]}, colour, std::min(share, 1.0));
  p[0] = mixed.r, p[1] = mixed.g, p[2] = mixed.b;
}

BRINDLE_INLINE void Canvas::stroke(std::span<const Segment> segments, double half_width, Rgb colour, double opacity) {
  if (segments.empty()) return;
  // A pen thinner than a pixel is one pixel wide and paler.
  const double thin = std::min(1.0, half_width * 2);
  half_width = std::max(half_width, 0.5);
  const Area area = bounds(segments, half_width + 1);
  if (area.right <= area.left || area.bottom <= area.top) return;
  const std::int64_t columns = area.right - area.left;
  std::vector<float> covered(static_cast<std::size_t>(columns * (area.bottom - area.top)));
  for (const Segment& s : segments) {
    const Area part = bounds({&s, 1}, half_width + 1);
    for (std::int64_t row = part.top; row < part.bottom; ++row)
      for (std::int64_t column = part.left; column < part.right; ++column) {
        const double d = distance({static_cast<double>(column) + 0.5, static_cast<double>(row) + 0.5}, s);
        float& c = covered[static_cast<std::size_t>((row - area.top) * columns + column - area.left)];
        c = std::max(c, static_cast<float>(std::clamp(half_width + s.more + 0.5 - d, 0.0, 1.0)));
      }
  }
  for (std::int64_t row = area.top; row < area.bottom; ++row)
    for (std::int64_t column = area.left; column < area.right; ++column)
      blend(
          row, column, colour,
          thin * opacity *
              static_cast<double>(covered[static_cast<std::size_t>((row - area.top) * columns + column - area.left)]));
}

BRINDLE_INLINE void Canvas::dashes(Point from, Point to, const Pen& pen, double& travelled,
                                   std::vector<Segment>& out) const {
  if (pen.dash <= 0 || pen.gap <= 0) {
    out.push_back({pixel(from), pixel(to), 0});
    return;
  }
  const double length = std::hypot(to.x - from.x, to.y - from.y), period = pen.dash + pen.gap;
  const auto on_line = [&](double at) {
    const double t = length > 0 ? at / length : 0;
    return pixel({from.x + t * (to.x - from.x), from.y + t * (to.y - from.y)});
  };
  for (double at = -std::fmod(travelled, period); at < length; at += period) {
    const double begin = std::max(at, 0.0), end = std::min(at + pen.dash, length);
    if (begin < end) out.push_back({on_line(begin), on_line(end), 0});
  }
  travelled += length;
}

BRINDLE_INLINE void Canvas::letters(Point at, std::string_view content, const Lettering& l, double pen_width) {
  const double reach = font::width(content, l.size);
  const double shift = l.anchor == Anchor::begin ? 0 : l.anchor == Anchor::middle ? -reach / 2 : -reach;
  const auto place = [&](Point p) {
    p.x += shift;
    return pixel(l.upwards ? Point{at.x + p.y, at.y - p.x} : Point{at.x + p.x, at.y + p.y});
  };
  std::vector<Segment> segments;
  font::trace_text(
      content, l.size,
      [&](Point a, Point b) {
        segments.push_back({place(a), place(b), 0});
      },
      [&](Point p) {
        segments.push_back({place(p), place(p), 0.3 * l.size / font::em * scale_});
      });
  stroke(segments, pen_width * scale_ / 2, l.colour, 1);
}

BRINDLE_INLINE auto Canvas::taps(std::int64_t from, std::int64_t to, bool smooth) -> std::vector<Taps> {
  std::vector<Taps> all(static_cast<std::size_t>(to));
  const double ratio = static_cast<double>(from) / static_cast<double>(to);
  for (std::int64_t i = 0; i < to; ++i) {
    Taps& t = all[static_cast<std::size_t>(i)];
    const double middle = (static_cast<double>(i) + 0.5) * ratio;
    if (!smooth && ratio <= 1) {
      t.first = std::min(static_cast<std::int64_t>(middle), from - 1);
      t.weights = {1};
      continue;
    }
    // A tent as wide as the larger of the two kinds of pixel.
    const double reach = std::max(ratio, 1.0);
    t.first = clip(std::ceil(middle - reach - 0.5), from - 1);
    double sum = 0;
    for (std::int64_t k = t.first; k < from && static_cast<double>(k) + 0.5 < middle + reach; ++k) {
      const double w = std::max(0.0, 1 - std::abs(static_cast<double>(k) + 0.5 - middle) / reach);
      t.weights.push_back(w);
      sum += w;
    }
    if (sum > 0)
      for (double& w : t.weights) w /= sum;
    else
      t.weights = {1};
  }
  return all;
}

}  // namespace brindle::report
