// SPDX-License-Identifier: MIT
#pragma once

// With what drawn_pets.cpp draws: points, colours, chance, shapes and a pen that puts them onto a canvas.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "brindle/core/random.hpp"

namespace brindle::example_pets {

struct Point {
  double x = 0, y = 0;
};
struct Colour {
  double r = 0, g = 0, b = 0;  // 0..1
};

inline Colour mix(const Colour& a, const Colour& b, double share) {
  return {a.r + (b.r - a.r) * share, a.g + (b.g - a.g) * share, a.b + (b.b - a.b) * share};
}
inline Colour lit(const Colour& c, double light) { return {c.r * light, c.g * light, c.b * light}; }

/// Random numbers one after the other, each throw of this picture's own.
class Dice {
 public:
  explicit Dice(const Random& random) : random_(random) {}
  double operator()(double low, double high) { return random_.uniform(next_++, low, high); }
  bool chance(double probability) { return random_.uniform(next_++) < probability; }
  template <class T, std::size_t n>
  const T& pick(const T (&list)[n]) {
    return list[static_cast<std::size_t>(random_.below(next_++, n))];
  }

 private:
  Random random_;
  std::uint64_t next_ = 0;
};

/// Smooth noise in [0, 1] over the plane, one hill to a unit square.
class Hills {
 public:
  explicit Hills(const Random& random) {
    const Philox words = random.words(0);
    seed_ = std::uint64_t{words.word[0]} << 32 | words.word[1];
  }
  double operator()(double x, double y) const {
    const double column = std::floor(x), row = std::floor(y);
    const double u = smooth(x - column), v = smooth(y - row);
    const auto height = [&](double dx, double dy) {
      // A picture asks for some 500,000 of these: a short hash (the end of MurmurHash3), not Philox.
      std::uint64_t h =
          seed_ ^ static_cast<std::uint64_t>(static_cast<std::int64_t>(column + dx)) * 0x9e3779b97f4a7c15u;
      h ^= static_cast<std::uint64_t>(static_cast<std::int64_t>(row + dy)) * 0xc2b2ae3d27d4eb4fu;
      h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
      h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
      return static_cast<double>((h ^ h >> 33) >> 11) * 0x1p-53;
    };
    const double top = height(0, 0) + (height(1, 0) - height(0, 0)) * u;
    const double bottom = height(0, 1) + (height(1, 1) - height(0, 1)) * u;
    return top + (bottom - top) * v;
  }

 private:
  static double smooth(double t) { return t * t * (3 - 2 * t); }
  std::uint64_t seed_ = 0;
};

struct Canvas {
  std::int64_t height, width;
  std::vector<Colour> pixels;

  Canvas(std::int64_t h, std::int64_t w) : height(h), width(w), pixels(static_cast<std::size_t>(h * w)) {}
  Colour& at(std::int64_t row, std::int64_t column) { return pixels[static_cast<std::size_t>(row * width + column)]; }
};

// Distances to the edge of a shape, negative inside, in the units of its points.

struct Ellipse {
  Point centre;
  double rx, ry;
  double angle = 0;

  double reach() const { return std::max(rx, ry); }
  double distance(const Point& p) const {
    const double c = std::cos(angle), s = std::sin(angle), dx = p.x - centre.x, dy = p.y - centre.y;
    const double x = c * dx + s * dy, y = c * dy - s * dx;
    // First order: value over gradient of (x/rx)^2 + (y/ry)^2 - 1, close enough within a pixel of the edge.
    const double gradient = 2 * std::hypot(x / (rx * rx), y / (ry * ry));
    return gradient < 1e-9 ? -std::min(rx, ry) : (x * x / (rx * rx) + y * y / (ry * ry) - 1) / gradient;
  }
};

/// A bent line that grows from one thickness to another.
struct Stroke {
  Point from, bend, to;
  double radius, end_radius;

  double distance(const Point& p) const {
    double best = 1e9;
    Point a = from;
    constexpr int pieces = 10;
    for (int i = 1; i <= pieces; ++i) {
      const double t = static_cast<double>(i) / pieces, u = 1 - t;
      const Point b{u * u * from.x + 2 * u * t * bend.x + t * t * to.x,
                    u * u * from.y + 2 * u * t * bend.y + t * t * to.y};
      const double ex = b.x - a.x, ey = b.y - a.y, length = ex * ex + ey * ey;
      const double along = length > 0 ? std::clamp(((p.x - a.x) * ex + (p.y - a.y) * ey) / length, 0.0, 1.0) : 0.0;
      const double thick = radius + (end_radius - radius) * (static_cast<double>(i - 1) + along) / pieces;
      best = std::min(best, std::hypot(p.x - a.x - along * ex, p.y - a.y - along * ey) - thick);
      a = b;
    }
    return best;
  }
};

/// A triangle with rounded corners.
struct Ear {
  Point corner[3];
  double radius = 0.06;

  double distance(const Point& p) const {
    double outside = 1e9;
    bool left = true, right = true;
    for (int i = 0; i < 3; ++i) {
      const Point &a = corner[i], &b = corner[(i + 1) % 3];
      const double ex = b.x - a.x, ey = b.y - a.y;
      const double along = std::clamp(((p.x - a.x) * ex + (p.y - a.y) * ey) / (ex * ex + ey * ey), 0.0, 1.0);
      outside = std::min(outside, std::hypot(p.x - a.x - along * ex, p.y - a.y - along * ey));
      const double side = ex * (p.y - a.y) - ey * (p.x - a.x);
      left = left && side >= 0;
      right = right && side <= 0;
    }
    return (left || right ? -outside : outside) - radius;
  }
};

/// A box around a shape, to look at its pixels only.
struct Box {
  double left, top, right, bottom;
};
inline Box box_of(const Ellipse& e) {
  return {e.centre.x - e.reach(), e.centre.y - e.reach(), e.centre.x + e.reach(), e.centre.y + e.reach()};
}
inline Box box_of(const Stroke& s) {
  const double r = std::max(s.radius, s.end_radius);
  return {std::min({s.from.x, s.bend.x, s.to.x}) - r, std::min({s.from.y, s.bend.y, s.to.y}) - r,
          std::max({s.from.x, s.bend.x, s.to.x}) + r, std::max({s.from.y, s.bend.y, s.to.y}) + r};
}
inline Box box_of(const Ear& e) {
  return {std::min({e.corner[0].x, e.corner[1].x, e.corner[2].x}) - e.radius,
          std::min({e.corner[0].y, e.corner[1].y, e.corner[2].y}) - e.radius,
          std::max({e.corner[0].x, e.corner[1].x, e.corner[2].x}) + e.radius,
          std::max({e.corner[0].y, e.corner[1].y, e.corner[2].y}) + e.radius};
}

/// Draws shapes given in a pet's own units: shifted, turned, mirrored and scaled onto the canvas.
struct Pen {
  Canvas& canvas;
  Point origin;      // pixels
  double scale = 1;  // pixels a unit
  double angle = 0;
  double mirror = 1;  // or -1

  Point to_pixels(const Point& p) const {
    const double x = p.x * mirror * scale, y = p.y * scale, c = std::cos(angle), s = std::sin(angle);
    return {origin.x + c * x - s * y, origin.y + s * x + c * y};
  }
  Point to_units(const Point& p) const {
    const double c = std::cos(angle), s = std::sin(angle), dx = p.x - origin.x, dy = p.y - origin.y;
    return {(c * dx + s * dy) / scale * mirror, (c * dy - s * dx) / scale};
  }

  /// The same pen with its origin moved, and turned, in its own units.
  Pen moved(const Point& to, double turn = 0) const {
    Pen p = *this;
    p.origin = to_pixels(to);
    p.angle += turn * mirror;
    return p;
  }

  /// paint(point in units, distance to the edge in pixels) is the colour.
  template <class Shape2D, class Paint>
  void fill(const Shape2D& shape, Paint paint, double opacity = 1) const {
    const Box box = box_of(shape);
    double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
    for (const Point& corner : {Point{box.left, box.top}, Point{box.right, box.top}, Point{box.left, box.bottom},
                                Point{box.right, box.bottom}}) {
      const Point p = to_pixels(corner);
      left = std::min(left, p.x), right = std::max(right, p.x), top = std::min(top, p.y),
      bottom = std::max(bottom, p.y);
    }
    const auto first = [](double v) { return std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(v)) - 1); };
    const std::int64_t last_row = std::min(canvas.height - 1, static_cast<std::int64_t>(std::ceil(bottom)) + 1);
    const std::int64_t last_column = std::min(canvas.width - 1, static_cast<std::int64_t>(std::ceil(right)) + 1);
    for (std::int64_t row = first(top); row <= last_row; ++row)
      for (std::int64_t column = first(left); column <= last_column; ++column) {
        const Point p = to_units({static_cast<double>(column) + 0.5, static_cast<double>(row) + 0.5});
        const double distance = shape.distance(p) * scale;
        const double cover = std::clamp(0.5 - distance, 0.0, 1.0) * opacity;
        if (cover > 0) canvas.at(row, column) = mix(canvas.at(row, column), paint(p, distance), cover);
      }
  }
  template <class Shape2D>
  void fill(const Shape2D& shape, const Colour& colour, double opacity = 1) const {
    fill(
        shape, [&](const Point&, double) { return colour; }, opacity);
  }
};

}  // namespace brindle::example_pets
