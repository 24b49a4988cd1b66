#pragma once

#include <array>
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
inline constexpr std::array<InkColours, 11> inks{{
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
    {"on-first", {255, 255, 255}, {21, 24, 28}},
}};

/// Which of its two colours an ink has.
constexpr Rgb colour(Ink ink, Theme theme) {
  const InkColours& c = inks[static_cast<std::size_t>(ink)];
  return theme == Theme::light ? c.light : c.dark;
}

/// In style sheets: "first-text".
inline std::string ink_name(Ink ink) { return inks[static_cast<std::size_t>(ink)].name; }

}  // namespace brindle::report
