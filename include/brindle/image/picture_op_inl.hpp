// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what picture_op.hpp declares.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/image/picture_op.hpp"

namespace brindle {

BRINDLE_INLINE std::string to_string(PictureOp op) {
  constexpr const char* names[] = {"shear_x",    "shear_y",  "translate_x",  "translate_y", "rotate",
                                   "brightness", "contrast", "saturation",   "hue",         "sharpness",
                                   "posterize",  "solarize", "autocontrast", "equalize"};
  return names[static_cast<std::size_t>(op)];
}

}  // namespace brindle

namespace brindle::image::internal {

using LevelTable = std::array<std::uint8_t, 256>;

inline std::uint8_t cut_level(float value) { return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f)); }

/// What is between two levels, or beyond them; rounded once, so that it is the same on every processor.
inline std::uint8_t blended(float a, float b, double ratio) {
  return cut_level(std::fma(b, static_cast<float>(1 - ratio), a * static_cast<float>(ratio)));
}

/// The same change of every level of a channel; c: which one, -1 for all.
inline void look_up(TensorView<std::uint8_t> p, const LevelTable& to, std::int64_t c = -1) {
  const std::int64_t step = c < 0 ? 1 : p.shape[2];
  for (std::int64_t i = std::max<std::int64_t>(c, 0); i < p.size(); i += step) p.data[i] = to[p.data[i]];
}

template <class F>
LevelTable level_table(const F& f) {
  LevelTable to{};
  for (int v = 0; v < 256; ++v) to[static_cast<std::size_t>(v)] = f(static_cast<float>(v));
  return to;
}

/// A whole number, as torchvision has it of bytes.
inline float grey_level(const std::uint8_t* rgb) {
  return std::floor(0.2989f * static_cast<float>(rgb[0]) + 0.587f * static_cast<float>(rgb[1]) +
                    0.114f * static_cast<float>(rgb[2]));
}

inline void change_contrast(TensorView<std::uint8_t> p, double ratio) {
  const std::int64_t c = p.shape[2], pixels = p.size() / c;
  double sum = 0;
  for (std::int64_t i = 0; i < pixels; ++i)
    sum += static_cast<double>(c == 3 ? grey_level(p.data + 3 * i) : static_cast<float>(p.data[i]));
  const float mean = static_cast<float>(sum / static_cast<double>(pixels));
  look_up(p, level_table([&](float v) { return blended(v, mean, ratio); }));
}

inline void change_saturation(TensorView<std::uint8_t> p, double ratio) {
  for (std::uint8_t* rgb = p.data; rgb < p.data + p.size(); rgb += 3) {
    const float to = grey_level(rgb);
    for (int c = 0; c < 3; ++c) rgb[c] = blended(static_cast<float>(rgb[c]), to, ratio);
  }
}

/// To hue, saturation and value and back.
inline void change_hue(TensorView<std::uint8_t> p, float by) {
  // Red, green and blue in each sixth of the circle: the largest, the falling, the rising or the smallest level.
  static constexpr std::uint8_t channels[6][3] = {{0, 2, 3}, {1, 0, 3}, {3, 0, 2}, {3, 1, 0}, {2, 3, 0}, {0, 3, 1}};
  for (std::uint8_t* rgb = p.data; rgb < p.data + p.size(); rgb += 3) {
    constexpr float share = 1.0f / 255.0f;
    const float r = static_cast<float>(rgb[0]) * share, g = static_cast<float>(rgb[1]) * share,
                b = static_cast<float>(rgb[2]) * share;
    const float most = std::max({r, g, b}), least = std::min({r, g, b}), range = most - least;
    if (range == 0) continue;
    const float rc = (most - r) / range, gc = (most - g) / range, bc = (most - b) / range;
    float h = most == r ? bc - gc : most == g ? 2.0f + rc - bc : 4.0f + gc - rc;
    h = h * (1.0f / 6.0f) + 1.0f;
    h = h - std::floor(h) + by;
    h = (h - std::floor(h)) * 6.0f;
    const float s = range / most, whole = std::floor(h), f = h - whole;
    const float of[] = {most, (1.0f - s * f) * most, (s * f + (1.0f - s)) * most, (1.0f - s) * most};
    const std::uint8_t* which = channels[static_cast<int>(whole) % 6];
    for (int c = 0; c < 3; ++c) rgb[c] = cut_level(of[which[c]] * (255.0f + 1.0f - 1e-3f));
  }
}

inline void change_sharpness(TensorView<std::uint8_t> p, double ratio) {
  const std::int64_t h = p.shape[0], w = p.shape[1], c = p.shape[2];
  if (h <= 2 || w <= 2) return;
  const std::vector<std::uint8_t> from(p.data, p.data + p.size());
  for (std::int64_t y = 1; y < h - 1; ++y)
    for (std::int64_t i = (y * w + 1) * c; i < (y * w + w - 1) * c; ++i) {
      const std::uint8_t* at = from.data() + i;
      int sum = 4 * at[0];
      for (std::int64_t dy = -1; dy <= 1; ++dy) sum += at[dy * w * c - c] + at[dy * w * c] + at[dy * w * c + c];
      const float own = static_cast<float>(at[0]), smooth = std::nearbyint(static_cast<float>(sum) / 13.0f);
      p.data[i] = cut_level(std::fma(smooth - own, static_cast<float>(1 - ratio), own));
    }
}

inline void stretch_levels(TensorView<std::uint8_t> p) {
  const std::int64_t c = p.shape[2];
  for (std::int64_t k = 0; k < c; ++k) {
    int least = 255, most = 0;
    for (std::int64_t i = k; i < p.size(); i += c) {
      least = std::min<int>(least, p.data[i]);
      most = std::max<int>(most, p.data[i]);
    }
    if (most <= least) continue;
    const float low = static_cast<float>(least), scale = static_cast<float>(most - least) * (1.0f / 255.0f);
    look_up(p, level_table([&](float v) { return cut_level((v - low) / scale); }), k);
  }
}

inline void equalize_levels(TensorView<std::uint8_t> p) {
  const std::int64_t c = p.shape[2], pixels = p.size() / c;
  for (std::int64_t k = 0; k < c; ++k) {
    std::array<std::int64_t, 256> count{};
    for (std::int64_t i = k; i < p.size(); i += c) ++count[p.data[i]];
    std::size_t last = 255;
    while (count[last] == 0) --last;
    const std::int64_t step = (pixels - count[last]) / 255;
    if (step == 0) continue;
    LevelTable to{};
    std::int64_t below = 0;
    for (std::size_t v = 0; v + 1 < to.size(); ++v) {
      below += count[v];
      to[v + 1] = static_cast<std::uint8_t>(std::min<std::int64_t>((below + step / 2) / step, 255));
    }
    look_up(p, to, k);
  }
}

/// Each pixel from where `from` says, the nearest one; x and y are the middles of pixels.
template <class From>
void move_pixels(TensorView<std::uint8_t> p, const From& from) {
  const std::int64_t h = p.shape[0], w = p.shape[1], c = p.shape[2];
  const std::vector<std::uint8_t> old(p.data, p.data + p.size());
  for (std::int64_t y = 0; y < h; ++y)
    for (std::int64_t x = 0; x < w; ++x) {
      const auto [column, row] = from(static_cast<double>(x), static_cast<double>(y));
      const double nearest_x = std::nearbyint(column), nearest_y = std::nearbyint(row);
      std::uint8_t* to = p.data + (y * w + x) * c;
      const bool inside =
          nearest_x >= 0 && nearest_x < static_cast<double>(w) && nearest_y >= 0 && nearest_y < static_cast<double>(h);
      const std::uint8_t* at =
          old.data() +
          (inside ? (static_cast<std::int64_t>(nearest_y) * w + static_cast<std::int64_t>(nearest_x)) * c : 0);
      for (std::int64_t k = 0; k < c; ++k) to[k] = inside ? at[k] : std::uint8_t{0};
    }
}

struct Position {
  double x, y;
};

inline void rotate_pixels(TensorView<std::uint8_t> p, double degrees) {
  const double turn = degrees * std::numbers::pi / 180, cos = std::cos(turn), sin = std::sin(turn);
  const double mx = static_cast<double>(p.shape[1] - 1) / 2, my = static_cast<double>(p.shape[0] - 1) / 2;
  move_pixels(p, [&](double x, double y) {
    return Position{cos * (x - mx) - sin * (y - my) + mx, sin * (x - mx) + cos * (y - my) + my};
  });
}

}  // namespace brindle::image::internal

namespace brindle::image {

BRINDLE_INLINE void apply_op(PictureOp op, double amount, TensorView<std::uint8_t> p) {
  using namespace internal;
  if (p.shape.rank() != 3 || (p.shape[2] != 1 && p.shape[2] != 3))
    detail::raise<ShapeError>("apply_op: " + to_string(op) + " expects a picture (H, W, 1) or (H, W, 3), got " +
                              to_string(p.shape));
  if (p.empty()) return;
  const float ratio = static_cast<float>(amount);
  switch (op) {
    case PictureOp::shear_x:
      return move_pixels(p, [&](double x, double y) { return Position{x + amount * (y + 0.5), y}; });
    case PictureOp::shear_y:
      return move_pixels(p, [&](double x, double y) { return Position{x, y + amount * (x + 0.5)}; });
    case PictureOp::translate_x:
      return move_pixels(p, [&](double x, double y) { return Position{x - std::trunc(amount), y}; });
    case PictureOp::translate_y:
      return move_pixels(p, [&](double x, double y) { return Position{x, y - std::trunc(amount)}; });
    case PictureOp::rotate:
      return rotate_pixels(p, amount);
    case PictureOp::brightness:
      return look_up(p, level_table([&](float v) { return cut_level(v * ratio); }));
    case PictureOp::contrast:
      return change_contrast(p, amount);
    case PictureOp::saturation:
      if (p.shape[2] == 3) change_saturation(p, amount);
      return;
    case PictureOp::hue:
      if (p.shape[2] == 3) change_hue(p, ratio);
      return;
    case PictureOp::sharpness:
      return change_sharpness(p, amount);
    case PictureOp::posterize: {
      const int kept = std::clamp(static_cast<int>(amount), 0, 8);
      const int mask = ((1 << kept) - 1) << (8 - kept);
      return look_up(p, level_table([&](float v) { return static_cast<std::uint8_t>(static_cast<int>(v) & mask); }));
    }
    case PictureOp::solarize:
      return look_up(p, level_table([&](float v) { return static_cast<std::uint8_t>(v >= ratio ? 255.0f - v : v); }));
    case PictureOp::autocontrast:
      return stretch_levels(p);
    case PictureOp::equalize:
      return equalize_levels(p);
  }
}

}  // namespace brindle::image
