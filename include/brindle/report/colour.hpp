// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

namespace brindle::report {

struct Rgb {
  std::uint8_t r = 0;                                                  ///< red
  std::uint8_t g = 0;                                                  ///< green
  std::uint8_t b = 0;                                                  ///< blue
  friend constexpr bool operator==(const Rgb&, const Rgb&) = default;  ///< the same levels
};

/// "#0072b2".
inline std::string hex(Rgb c) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text = "#";
  for (const unsigned v : {c.r, c.g, c.b}) text.append(1, digits[v >> 4]).append(1, digits[v & 15]);
  return text;
}

/// From a (share 0) to b (share 1).
constexpr Rgb mix(Rgb a, Rgb b, double share) {
  const auto one = [share](int from, int to) { return static_cast<std::uint8_t>(from + share * (to - from) + 0.5); };
  return {one(a.r, b.r), one(a.g, b.g), one(a.b, b.b)};
}

/// The ground that a drawing stands on.
enum class Theme { light, dark };

/// What a colour is for; the theme says which one it is.
enum class Ink {
  ground,       ///< behind everything
  text,         ///< numbers at axes, words
  strong,       ///< titles
  faint,        ///< labels
  grid,         ///< lines behind the data
  axis,         ///< lines that carry numbers
  first,        ///< the first series: blue
  second,       ///< the second: vermilion
  first_text,   ///< words that belong to the first series
  second_text,  ///< words that belong to the second
  on_first,     ///< words on a patch of the first colour
  on_middle,    ///< words on one that is half of the ground
  on_pale,      ///< words on one that is nearly the ground
};

struct InkColours {
  const char* name;  ///< in style sheets
  /// On a light ground, on a dark one.
  /// @{
  Rgb light, dark;
  /// @}
};

/// All inks, in the order of the enumeration. Blue and vermilion after M. Okabe and K. Ito, "Color universal design",
/// 2008: people who do not tell red from green tell these apart. On a dark background they are lighter.
inline constexpr std::array<InkColours, 13> inks{{
    {"ground", {255, 255, 255}, {21, 24, 28}},
    {"text", {51, 51, 51}, {207, 212, 218}},
    {"strong", {17, 17, 17}, {242, 244, 246}},
    {"faint", {85, 85, 85}, {165, 171, 179}},
    {"grid", {227, 230, 234}, {43, 48, 54}},
    {"axis", {138, 144, 153}, {118, 125, 134}},
    {"first", {0, 114, 178}, {86, 180, 233}},
    {"second", {213, 94, 0}, {240, 161, 60}},
    {"first-text", {0, 90, 142}, {124, 198, 239}},
    {"second-text", {168, 74, 0}, {245, 181, 98}},
    {"on-first", {255, 255, 255}, {0, 0, 0}},
    {"on-middle", {0, 0, 0}, {0, 0, 0}},
    {"on-pale", {0, 0, 0}, {255, 255, 255}},
}};

/// Which of its two colours an ink has.
constexpr Rgb colour(Ink ink, Theme theme) {
  const InkColours& c = inks[static_cast<std::size_t>(ink)];
  return theme == Theme::light ? c.light : c.dark;
}

/// How bright a colour is, 0 (black) to 1 (white): the relative luminance of WCAG 2.2.
inline double luminance(Rgb c) {
  const auto linear = [](std::uint8_t level) {
    const double s = level / 255.0;
    return s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
}

/// How well one colour is read on another, 1 to 21; 4.5 is enough for words: the contrast ratio of WCAG 2.2.
inline double contrast(Rgb a, Rgb b) {
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

namespace internal {

/// In style sheets: "first-text".
inline std::string ink_name(Ink ink) { return inks[static_cast<std::size_t>(ink)].name; }

}  // namespace internal

}  // namespace brindle::report
