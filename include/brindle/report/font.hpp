// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brindle::report {

struct Point {
  double x = 0;  ///< from the left
  double y = 0;  ///< from the top
};

/// The lettering of pictures: letters drawn with a round pen of one width, so that they need no font file and are
/// smooth at any size. ASCII, Latin-1 and some signs; any other character is a box.
namespace font {

// A letter stands on y = 0, y grows upwards: capitals are 14 high, small letters 10, and reach down to -4. Its strokes:
// M go there, L line, C cubic curve; E and e: arc of an ellipse (centre, radii, from and to degrees, against the clock
// if rising), E with a line to its begin; D: a dot.
struct Glyph {
  double width;
  const char* strokes;
};

inline constexpr double side = 1.8;  // free space left and right of a letter
inline constexpr double em = 19.6;   // the font size in these units: capitals are 0.71 of it, as in common fonts
inline constexpr double pen = 1.75;  // width of the stroke
inline constexpr double bold_pen = 2.55;

/// Of ' ' to '~'.
inline constexpr std::array<Glyph, 95> ascii{{
    {2.2, ""},
    {1, "M0.5 14 L0.5 4.6 D0.5 0.7"},
    {3.2, "M0 14 L0 10.4 M3.2 14 L3.2 10.4"},
    {9.2, "M3.2 14 L1.6 0 M8 14 L6.4 0 M0.6 9.5 L9.2 9.5 M0 4.5 L8.6 4.5"},
    {8.6, "M8 11.8 C6.8 14.8 0.4 15 0.4 10.6 C0.4 6 8.6 8.6 8.6 3.7 C8.6 -1 1.2 -0.9 0 2.6 M4.3 16.4 L4.3 -2.4"},
    {12.6, "e2.7 10.5 2.7 3.5 0 360 e9.9 3.5 2.7 3.5 0 360 M10.6 14 L2 0"},
    {10, "M10 0 C6.5 3.4 2.2 8.6 2 11 C2 15 7.4 15 7.4 11 C7.4 7.6 0 7.6 0 3.6 C0 -1.6 8.6 -1.6 9.6 6.4"},
    {0, "M0 14 L0 10.4"},
    {3.4, "M3.4 15.4 C-0.8 10.8 -0.8 1.2 3.4 -3.4"},
    {3.4, "M0 15.4 C4.2 10.8 4.2 1.2 0 -3.4"},
    {5, "M2.5 14 L2.5 8.6 M0.1 12.7 L4.9 9.9 M4.9 12.7 L0.1 9.9"},
    {8, "M0 6 L8 6 M4 2 L4 10"},
    {1, "M0.7 0.7 L-0.1 -2.5"},
    {4.5, "M0 5.2 L4.5 5.2"},
    {1, "D0.5 0.7"},
    {6, "M0 -2 L6 15.4"},
    {8, "e4 7 4 7 90 450"},
    {8, "M1.4 11.4 L4.8 14 L4.8 0"},
    {8, "M0.4 10.8 C0.6 15 7.7 15.2 7.6 10.3 C7.5 7 3.4 4.4 0.1 0 L8 0"},
    {8, "e3.9 10.5 3.3 3.5 155 -90 E3.9 3.5 4 3.5 90 -157"},
    {8, "M6.1 0 L6.1 14 L-0.1 4 L8.4 4"},
    {8, "M7.3 14 L1.3 14 L0.7 7.6 E3.7 4.5 4.2 4.5 135 -152"},
    {8, "e4 4.5 4 4.5 180 540 M7.2 12.3 C5.4 15.2 0 15 0 4.5"},
    {8, "M0 14 L8 14 L2.8 0"},
    {8, "e4 10.5 3.4 3.5 90 450 e4 3.5 4 3.5 90 450"},
    {8, "e4 9.5 4 4.5 0 360 M0.8 1.7 C2.6 -1.2 8 -1 8 9.5"},
    {1, "D0.5 0.7 D0.5 8.4"},
    {1, "M0.7 0.7 L-0.1 -2.5 D0.5 8.4"},
    {7, "M7 10.6 L0 6 L7 1.4"},
    {8, "M0 8 L8 8 M0 4 L8 4"},
    {7, "M0 10.6 L7 6 L0 1.4"},
    {7, "M0.1 11 C0.6 15 7.2 15 7 10.8 C6.8 7.8 3.5 7.6 3.5 4.4 D3.5 0.7"},
    {13, "e6.2 5.4 2.7 3.2 0 360 M9 8.6 L8.8 4 C9 1.8 13 1.6 13 6 C13 16 0 16 0 5.4 C0 -3 6 -4.4 10 -2.4"},
    {10, "M0 0 L5 14 L10 0 M1.8 5 L8.2 5"},
    {9, "M0 0 L0 14 L4.8 14 E4.8 10.6 3.5 3.4 90 -90 L0 7.2 M4.8 7.2 E4.8 3.6 4.1 3.6 90 -90 L0 0"},
    {9.6, "e5.5 7 5.5 7 46 314"},
    {10, "M0 0 L0 14 L3.6 14 E3.6 7 6.4 7 90 -90 L0 0"},
    {7.8, "M7.8 14 L0 14 L0 0 L7.8 0 M0 7.2 L6.6 7.2"},
    {7.6, "M7.6 14 L0 14 L0 0 M0 7 L6.4 7"},
    {10.2, "e5.5 7 5.5 7 48 322 L10 2.7 L10 6.6 L6.2 6.6"},
    {9.4, "M0 0 L0 14 M9.4 0 L9.4 14 M0 7.2 L9.4 7.2"},
    {0.4, "M0.2 0 L0.2 14"},
    {6, "M6 14 L6 4 E3 4 3 4 0 -150"},
    {8.8, "M0 0 L0 14 M8.4 14 L0 5.4 M3 8.4 L8.8 0"},
    {7.2, "M0 14 L0 0 L7.2 0"},
    {11, "M0 0 L0 14 L5.5 3.5 L11 14 L11 0"},
    {9.5, "M0 0 L0 14 L9.5 0 L9.5 14"},
    {11.2, "e5.6 7 5.6 7 90 450"},
    {8.4, "M0 0 L0 14 L4.7 14 E4.7 10.2 3.7 3.8 90 -90 L0 6.4"},
    {11.2, "e5.6 7 5.6 7 90 450 M6.8 3.4 L11 -1"},
    {8.8, "M0 0 L0 14 L4.7 14 E4.7 10.2 3.7 3.8 90 -90 L0 6.4 M4.7 6.4 L8.8 0"},
    {8.6, "M8 11.8 C6.8 14.8 0.4 15 0.4 10.6 C0.4 6 8.6 8.6 8.6 3.7 C8.6 -1 1.2 -0.9 0 2.6"},
    {9.6, "M0 14 L9.6 14 M4.8 14 L4.8 0"},
    {9.4, "M0 14 L0 4.7 E4.7 4.7 4.7 4.7 180 360 L9.4 14"},
    {9.8, "M0 14 L4.9 0 L9.8 14"},
    {14, "M0 14 L3.6 0 L7 13 L10.4 0 L14 14"},
    {9.4, "M0 14 L9.4 0 M9.4 14 L0 0"},
    {9.4, "M0 14 L4.7 6.8 L9.4 14 M4.7 6.8 L4.7 0"},
    {9, "M0 14 L9 14 L0 0 L9 0"},
    {3.2, "M3.2 15.4 L0 15.4 L0 -3 L3.2 -3"},
    {6, "M6 -2 L0 15.4"},
    {3.2, "M0 15.4 L3.2 15.4 L3.2 -3 L0 -3"},
    {7, "M0 9 L3.5 14 L7 9"},
    {8, "M0 -2.5 L8 -2.5"},
    {2, "M0 14.6 L2 12"},
    {7.5,
     "M0.8 8.3 C2 10.7 7.5 10.9 7.5 6.8 L7.5 0 M7.5 5.7 L4 5.7 C-1.4 5.5 -1.2 -0.1 3 -0.1 C5.4 -0.1 7.5 1.4 7.5 3.6"},
    {8, "M0 15 L0 0 e4 5 4 5 180 540"},
    {7, "e4.2 5 4.2 5 50 310"},
    {8, "M8 15 L8 0 e4 5 4 5 0 360"},
    {8, "M0.1 5.2 L8.1 5.2 E4.1 5 4.1 5 3 316"},
    {4.8, "M5.3 14.9 C2.8 15.3 1.9 14 1.9 11.5 L1.9 0 M0 10 L5 10"},
    {8, "e4 5 4 5 0 360 M8 10 L8 -0.5 C8 -5 2 -5.2 0.6 -3"},
    {7.4, "M0 15 L0 0 M0 5.6 C0 11.4 7.4 11.6 7.4 6 L7.4 0"},
    {0.4, "M0.2 10 L0.2 0 D0.2 13.7"},
    {1.6, "M1.5 10 L1.5 -1.5 C1.5 -3.6 0.6 -4.4 -1 -4.2 D1.5 13.7"},
    {7, "M0 15 L0 0 M6.6 10 L0 3.6 M2.6 6 L7.1 0"},
    {1.8, "M0.2 15 L0.2 2.6 C0.2 0.6 0.9 -0.1 2.2 0"},
    {12, "M0 10 L0 0 M0 6 C0 11.4 6 11.6 6 6.4 L6 0 M6 6 C6 11.4 12 11.6 12 6.4 L12 0"},
    {7.4, "M0 10 L0 0 M0 5.6 C0 11.4 7.4 11.6 7.4 6 L7.4 0"},
    {8.4, "e4.2 5 4.2 5 90 450"},
    {8, "M0 10 L0 -4.3 e4 5 4 5 180 540"},
    {8, "M8 10 L8 -4.3 e4 5 4 5 0 360"},
    {4.4, "M0 10 L0 0 M0 5.5 C0 9 2 10.4 4.8 9.8"},
    {6.8, "M6.4 8.3 C5.4 10.6 0.4 10.8 0.4 7.5 C0.4 4.2 7 6.2 7 2.7 C7 -0.8 1.2 -0.7 0 1.8"},
    {4.8, "M1.9 13.2 L1.9 3 C1.9 0.6 2.9 -0.2 5 0.2 M0 10 L4.8 10"},
    {7.4, "M0 10 L0 4 C0 -1.4 7.4 -1.6 7.4 4.4 M7.4 10 L7.4 0"},
    {7.8, "M0 10 L3.9 0 L7.8 10"},
    {11.5, "M0 10 L3 0 L5.75 9.4 L8.5 0 L11.5 10"},
    {7.4, "M0 10 L7.4 0 M7.4 10 L0 0"},
    {7.8, "M0 10 L3.9 0.2 M7.8 10 L3.9 0 C3 -2.6 2.2 -4.6 0 -4.2"},
    {7, "M0 10 L7 10 L0 0 L7 0"},
    {4, "M4 15.4 C2 15.4 2 14.6 2 12.5 L2 8.6 C2 7 1.4 6.2 0 6.2 C1.4 6.2 2 5.4 2 3.8 L2 -0.1 C2 -2.2 2 -3 4 -3"},
    {0.4, "M0.2 15.4 L0.2 -3.4"},
    {4, "M0 15.4 C2 15.4 2 14.6 2 12.5 L2 8.6 C2 7 2.6 6.2 4 6.2 C2.6 6.2 2 5.4 2 3.8 L2 -0.1 C2 -2.2 2 -3 0 -3"},
    {8, "M0 5.2 C2 8.6 6 3.4 8 6.8"},
}};

inline constexpr Glyph box{8, "M0 0 L0 14 L8 14 L8 0 L0 0"};

struct Sign {
  std::uint32_t code;
  Glyph glyph;
};
inline constexpr std::array<Sign, 15> signs{{
    {0xa0, {2.2, ""}},
    {0xb0, {4.6, "e2.3 12 2.3 2.3 0 360"}},
    {0xb1, {8, "M0 7.8 L8 7.8 M4 3.8 L4 11.8 M0 0.6 L8 0.6"}},
    {0xb5, {7.4, "M0 10 L0 -4.3 M0 4 C0 -1.4 7.4 -1.6 7.4 4.4 M7.4 10 L7.4 0"}},
    {0xb7, {1, "D0.5 6"}},
    {0xd7, {7, "M0.3 9.2 L6.7 2.8 M6.7 9.2 L0.3 2.8"}},
    {0xdf, {7.8, "M0 0 L0 11 C0 16 7 15.8 6.6 11.6 C6.4 9.2 3.8 9.2 4 7.4 C4.2 5.4 8 5 8 2.4 C8 -0.8 4 -0.6 2.8 0.6"}},
    {0xf7, {8, "M0 6 L8 6 D4 9.6 D4 2.4"}},
    {0x2013, {8, "M0 5.2 L8 5.2"}},
    {0x2014, {13, "M0 5.2 L13 5.2"}},
    {0x2026, {9, "D0.5 0.7 D4.5 0.7 D8.5 0.7"}},
    {0x2190, {9, "M9 6 L0 6 M3.4 9.2 L0 6 L3.4 2.8"}},
    {0x2192, {9, "M0 6 L9 6 M5.6 9.2 L9 6 L5.6 2.8"}},
    {0x2212, {8, "M0 6 L8 6"}},
    {0x2264, {7, "M7 11.6 L0 7.4 L7 3.2 M0 0 L7 0"}},
}};

// Letters of Latin-1 from 0xc0: the letter below, and what stands over it (g grave, a acute, c circumflex, t tilde,
// d two dots, r ring, e cedilla, s slash; ' ' nothing, ? unknown).
inline constexpr std::string_view latin_base = "AAAAAA?CEEEEIIII?NOOOOO?OUUUUY??aaaaaa?ceeeeiiii?nooooo?ouuuuy?y";
inline constexpr std::string_view latin_mark = "gactdr?egacdgacd?tgactd?sgacda??gactdr?egacdgacd?tgactd?sgacda?d";

/// Strokes of one accent, centred over x = 0, its foot at y = 0.
inline const char* accent(char mark) {
  switch (mark) {
    case 'g':
      return "M-1.6 3.2 L0.8 0.8";
    case 'a':
      return "M1.6 3.2 L-0.8 0.8";
    case 'c':
      return "M-2.4 0.6 L0 3.2 L2.4 0.6";
    case 't':
      return "M-2.8 1 C-1 4 1 -0.6 2.8 2.4";
    case 'd':
      return "D-2 1.8 D2 1.8";
    case 'r':
      return "e0 2.2 1.6 1.6 0 360";
    default:
      return "";
  }
}

/// The characters of UTF-8; a byte that is none stands for itself.
inline std::vector<std::uint32_t> characters(std::string_view text) {
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t k) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[k])); };
    const std::uint32_t lead = byte(i);
    const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    std::uint32_t code = more == 0 ? lead : lead & (0x3fu >> more);
    bool whole = i + more < text.size();
    for (std::size_t k = 1; whole && k <= more; ++k) {
      whole = (byte(i + k) & 0xc0) == 0x80;
      code = code << 6 | (byte(i + k) & 0x3f);
    }
    out.push_back(whole ? code : lead);
    i += whole ? more + 1 : 1;
  }
  return out;
}

struct Letter {
  Glyph glyph;
  char mark = ' ';
  bool capital = false;
};

inline Letter letter(std::uint32_t code) {
  if (code >= 0x20 && code < 0x7f) return {ascii[code - 0x20]};
  for (const Sign& s : signs)
    if (s.code == code) return {s.glyph};
  if (code >= 0xc0 && code <= 0xff && latin_base[code - 0xc0] != '?') {
    const auto base = static_cast<std::uint32_t>(static_cast<unsigned char>(latin_base[code - 0xc0]));
    return {ascii[base - 0x20], latin_mark[code - 0xc0], base < 'a'};
  }
  return {box};
}

/// How far the text reaches, in the unit of `size`.
inline double width(std::string_view text, double size) {
  double sum = 0;
  for (const std::uint32_t code : characters(text)) sum += letter(code).glyph.width + 2 * side;
  return sum * size / em;
}

/// Calls line(from, to) for each piece of the strokes and dot(centre) for each dot; curves become lines of a few units.
template <class Line, class Dot>
void trace(const char* strokes, const Line& line, const Dot& dot) {
  const char* at = strokes;
  const auto number = [&] {
    while (*at == ' ') ++at;
    // Not strtod: that follows the locale.
    const double sign = *at == '-' ? (++at, -1.0) : 1.0;
    double value = 0, unit = 1;
    for (; *at >= '0' && *at <= '9'; ++at) value = value * 10 + (*at - '0');
    if (*at == '.')
      for (++at; *at >= '0' && *at <= '9'; ++at) value += (*at - '0') * (unit /= 10);
    return sign * value;
  };
  Point here;
  while (*at) {
    const char command = *at++;
    if (command == ' ') continue;
    if (command == 'C') {
      const Point a = here;
      Point p[3];
      for (Point& q : p) q.x = number(), q.y = number();
      constexpr int pieces = 10;
      for (int i = 1; i <= pieces; ++i) {
        const double t = static_cast<double>(i) / pieces, u = 1 - t;
        const double k[4] = {u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t};
        const Point next{k[0] * a.x + k[1] * p[0].x + k[2] * p[1].x + k[3] * p[2].x,
                         k[0] * a.y + k[1] * p[0].y + k[2] * p[1].y + k[3] * p[2].y};
        line(here, next);
        here = next;
      }
    } else if (command == 'E' || command == 'e') {
      const double cx = number(), cy = number(), rx = number(), ry = number(), from = number(), to = number();
      const int pieces = static_cast<int>(std::ceil(std::abs(to - from) / 15));
      for (int i = 0; i <= pieces; ++i) {
        const double angle = (from + (to - from) * i / pieces) * 3.14159265358979323846 / 180;
        const Point next{cx + rx * std::cos(angle), cy + ry * std::sin(angle)};
        if (i > 0 || command == 'E') line(here, next);
        here = next;
      }
    } else {
      const double x = number(), y = number();
      const Point next{x, y};
      if (command == 'L') line(here, next);
      if (command == 'D') dot(next);
      here = next;
    }
  }
}

/// Calls line(from, to) and dot(centre) for the whole text, which begins at (0, 0) on its base line; y grows downwards.
template <class Line, class Dot>
void trace_text(std::string_view text, double size, const Line& line, const Dot& dot) {
  const double unit = size / em;
  double x = 0;
  for (const std::uint32_t code : characters(text)) {
    const Letter l = letter(code);
    const auto strokes = [&](const char* s, double dx, double dy) {
      const auto place = [&](Point p) { return Point{x + (dx + p.x) * unit, -(dy + p.y) * unit}; };
      trace(
          s, [&](Point a, Point b) { line(place(a), place(b)); }, [&](Point p) { dot(place(p)); });
    };
    strokes(l.glyph.strokes, side, 0);
    const double middle = side + l.glyph.width / 2;
    if (l.mark == 'e')
      strokes("M0.4 0 L0.8 -1.6 C2 -1.6 2 -4 -1.2 -3.6", middle, 0);
    else if (l.mark == 's')
      strokes(l.capital ? "M-5.4 -0.6 L5.4 14.6" : "M-4 -0.6 L4 10.6", middle, 0);
    else
      strokes(accent(l.mark), middle, l.capital ? 15.2 : 11.2);
    x += (l.glyph.width + 2 * side) * unit;
  }
}

}  // namespace font

namespace internal {

/// The text, or as much of it as fits, with dots.
inline std::string fitted(const std::string& text, double size, double width) {
  if (font::width(text, size) <= width) return text;
  std::string part = text;
  while (!part.empty()) {
    // Whole characters of UTF-8.
    do {
      const bool inside = (static_cast<unsigned char>(part.back()) & 0xc0) == 0x80;
      part.pop_back();
      if (!inside) break;
    } while (!part.empty());
    if (font::width(part + "\u2026", size) <= width) break;
  }
  return part + "\u2026";
}

}  // namespace internal

}  // namespace brindle::report
