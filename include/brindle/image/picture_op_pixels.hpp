// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "brindle/core/host_device.hpp"
#include "brindle/image/picture_op.hpp"

// What the changes of PictureOp do to a level, a pixel or a position: for the processor and the GPU.
namespace brindle::image::internal {

BRINDLE_HOST_DEVICE inline std::uint8_t cut_level(float value) {
  return static_cast<std::uint8_t>(value < 0.0f ? 0.0f : 255.0f < value ? 255.0f : value);
}

/// What is between two levels, or beyond them; rounded once, so that it is the same on every processor.
BRINDLE_HOST_DEVICE inline std::uint8_t blended(float a, float b, double ratio) {
  return cut_level(std::fma(b, static_cast<float>(1 - ratio), a * static_cast<float>(ratio)));
}

/// A whole number, as torchvision has it of bytes.
BRINDLE_HOST_DEVICE inline float grey_level(const std::uint8_t* rgb) {
  return std::floor(0.2989f * static_cast<float>(rgb[0]) + 0.587f * static_cast<float>(rgb[1]) +
                    0.114f * static_cast<float>(rgb[2]));
}

/// A change of each level by itself; which ones are: changes_levels().
struct LevelChange {
  PictureOp op;
  double amount;
  float mean = 0;            ///< contrast: of the grey picture
  float low = 0, scale = 0;  ///< autocontrast: the smallest level, and by what those above it are divided

  BRINDLE_HOST_DEVICE std::uint8_t operator()(int level) const {
    const float v = static_cast<float>(level), by = static_cast<float>(amount);
    switch (op) {
      case PictureOp::brightness:
        return cut_level(v * by);
      case PictureOp::contrast:
        return blended(v, mean, amount);
      case PictureOp::posterize: {
        const int whole = static_cast<int>(amount), kept = whole < 0 ? 0 : whole > 8 ? 8 : whole;
        return static_cast<std::uint8_t>(level & (((1 << kept) - 1) << (8 - kept)));
      }
      case PictureOp::solarize:
        return static_cast<std::uint8_t>(v >= by ? 255.0f - v : v);
      case PictureOp::autocontrast:
        return cut_level((v - low) / scale);
      default:
        return static_cast<std::uint8_t>(level);
    }
  }
};

/// autocontrast of a channel with these levels, the first below the second.
BRINDLE_HOST_DEVICE inline LevelChange autocontrast_of(int least, int most) {
  return {PictureOp::autocontrast, 0, 0, static_cast<float>(least), static_cast<float>(most - least) * (1.0f / 255.0f)};
}

/// Whether the op changes each level by itself, equalize among them.
BRINDLE_HOST_DEVICE constexpr bool changes_levels(PictureOp op) {
  return op == PictureOp::brightness || op == PictureOp::contrast || op == PictureOp::posterize ||
         op == PictureOp::solarize || op == PictureOp::autocontrast || op == PictureOp::equalize;
}

/// Whether it does so by what levels the picture has.
BRINDLE_HOST_DEVICE constexpr bool counts_levels(PictureOp op) {
  return op == PictureOp::contrast || op == PictureOp::autocontrast || op == PictureOp::equalize;
}

/// Fills to[256] with levels that are as often as each other; count[256]: how often each is among `pixels`. False: they
/// stay as they are.
template <class Count>
BRINDLE_HOST_DEVICE bool equalized_levels(const Count* count, std::int64_t pixels, std::uint8_t* to) {
  int last = 255;
  while (count[last] == 0) --last;
  const std::int64_t step = (pixels - static_cast<std::int64_t>(count[last])) / 255;
  if (step == 0) return false;
  std::int64_t below = 0;
  to[0] = 0;
  for (int v = 0; v < 255; ++v) {
    below += static_cast<std::int64_t>(count[v]);
    const std::int64_t level = (below + step / 2) / step;
    to[v + 1] = static_cast<std::uint8_t>(level < 255 ? level : 255);
  }
  return true;
}

BRINDLE_HOST_DEVICE inline void change_saturation(std::uint8_t* rgb, double ratio) {
  const float to = grey_level(rgb);
  for (int c = 0; c < 3; ++c) rgb[c] = blended(static_cast<float>(rgb[c]), to, ratio);
}

/// To hue, saturation and value and back.
BRINDLE_HOST_DEVICE inline void change_hue(std::uint8_t* rgb, float by) {
  constexpr float share = 1.0f / 255.0f;
  const float r = static_cast<float>(rgb[0]) * share, g = static_cast<float>(rgb[1]) * share,
              b = static_cast<float>(rgb[2]) * share;
  const float rg = r < g ? g : r, most = rg < b ? b : rg;
  const float lower = g < r ? g : r, least = b < lower ? b : lower, range = most - least;
  if (range == 0) return;
  const float rc = (most - r) / range, gc = (most - g) / range, bc = (most - b) / range;
  float h = most == r ? bc - gc : most == g ? 2.0f + rc - bc : 4.0f + gc - rc;
  h = h * (1.0f / 6.0f) + 1.0f;
  h = h - std::floor(h) + by;
  h = (h - std::floor(h)) * 6.0f;
  const float s = range / most, whole = std::floor(h), f = h - whole;
  const float falling = (1.0f - s * f) * most, rising = (s * f + (1.0f - s)) * most, lowest = (1.0f - s) * most;
  const auto set = [rgb](float red, float green, float blue) {
    constexpr float levels = 255.0f + 1.0f - 1e-3f;
    rgb[0] = cut_level(red * levels);
    rgb[1] = cut_level(green * levels);
    rgb[2] = cut_level(blue * levels);
  };
  switch (static_cast<int>(whole) % 6) {  // the sixth of the circle
    case 0:
      return set(most, rising, lowest);
    case 1:
      return set(falling, most, lowest);
    case 2:
      return set(lowest, most, rising);
    case 3:
      return set(lowest, falling, most);
    case 4:
      return set(rising, lowest, most);
    default:
      return set(most, lowest, falling);
  }
}

/// A level that has eight neighbours, row bytes and c bytes apart.
BRINDLE_HOST_DEVICE inline std::uint8_t sharpened_level(const std::uint8_t* at, std::int64_t row, std::int64_t c,
                                                        double ratio) {
  int sum = 4 * at[0];
  for (std::int64_t dy = -1; dy <= 1; ++dy) sum += at[dy * row - c] + at[dy * row] + at[dy * row + c];
  const float own = static_cast<float>(at[0]), smooth = std::nearbyint(static_cast<float>(sum) / 13.0f);
  return cut_level(std::fma(smooth - own, static_cast<float>(1 - ratio), own));
}

/// Columns and rows; whole numbers are the middles of pixels.
struct Position {
  double x, y;
};

/// Where the pixel at x, y comes from. cos, sin: of the amount as degrees, mx, my: the middle, for rotate.
struct PixelMove {
  double amount, cos, sin, mx, my;

  template <PictureOp op>
  BRINDLE_HOST_DEVICE Position from(double x, double y) const {
    if constexpr (op == PictureOp::shear_x) return {x + amount * (y + 0.5), y};
    if constexpr (op == PictureOp::shear_y) return {x, y + amount * (x + 0.5)};
    if constexpr (op == PictureOp::translate_x) return {x - std::trunc(amount), y};
    if constexpr (op == PictureOp::translate_y) return {x, y - std::trunc(amount)};
    return {cos * (x - mx) - sin * (y - my) + mx, sin * (x - mx) + cos * (y - my) + my};
  }
};

/// Of a picture of h rows and w columns. For the processor.
inline PixelMove pixel_move(double amount, std::int64_t h, std::int64_t w) {
  const double turn = amount * std::numbers::pi / 180;
  return {amount, std::cos(turn), std::sin(turn), static_cast<double>(w - 1) / 2, static_cast<double>(h - 1) / 2};
}

/// The number of the pixel that is nearest to a position, -1 outside of a picture of h rows and w columns.
BRINDLE_HOST_DEVICE inline std::int64_t nearest_pixel(const Position& at, std::int64_t h, std::int64_t w) {
  const double x = std::nearbyint(at.x), y = std::nearbyint(at.y);
  const bool inside = x >= 0 && x < static_cast<double>(w) && y >= 0 && y < static_cast<double>(h);
  return inside ? static_cast<std::int64_t>(y) * w + static_cast<std::int64_t>(x) : -1;
}

}  // namespace brindle::image::internal
