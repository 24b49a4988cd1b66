// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what apply_op.hpp declares.
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
#include "brindle/image/apply_op.hpp"
#include "brindle/image/picture_op_pixels.hpp"

namespace brindle::image::internal {

using LevelTable = std::array<std::uint8_t, 256>;

/// The same change of every level of a channel; c: which one, -1 for all.
inline void look_up(TensorView<std::uint8_t> p, const LevelTable& to, std::int64_t c = -1) {
  const std::int64_t step = c < 0 ? 1 : p.shape[2];
  for (std::int64_t i = std::max<std::int64_t>(c, 0); i < p.size(); i += step) p.data[i] = to[p.data[i]];
}

inline LevelTable level_table(const LevelChange& change) {
  LevelTable to{};
  for (int v = 0; v < 256; ++v) to[static_cast<std::size_t>(v)] = change(v);
  return to;
}

inline void change_contrast(TensorView<std::uint8_t> p, double ratio) {
  const std::int64_t c = p.shape[2], pixels = p.size() / c;
  double sum = 0;
  for (std::int64_t i = 0; i < pixels; ++i)
    sum += static_cast<double>(c == 3 ? grey_level(p.data + 3 * i) : static_cast<float>(p.data[i]));
  const float mean = static_cast<float>(sum / static_cast<double>(pixels));
  look_up(p, level_table({.op = PictureOp::contrast, .amount = ratio, .mean = mean}));
}

inline void change_sharpness(TensorView<std::uint8_t> p, double ratio) {
  const std::int64_t h = p.shape[0], w = p.shape[1], c = p.shape[2];
  if (h <= 2 || w <= 2) return;
  const std::vector<std::uint8_t> from(p.data, p.data + p.size());
  for (std::int64_t y = 1; y < h - 1; ++y)
    for (std::int64_t i = (y * w + 1) * c; i < (y * w + w - 1) * c; ++i)
      p.data[i] = sharpened_level(from.data() + i, w * c, c, ratio);
}

inline void stretch_levels(TensorView<std::uint8_t> p) {
  const std::int64_t c = p.shape[2];
  for (std::int64_t k = 0; k < c; ++k) {
    int least = 255, most = 0;
    for (std::int64_t i = k; i < p.size(); i += c) {
      least = std::min<int>(least, p.data[i]);
      most = std::max<int>(most, p.data[i]);
    }
    if (most > least) look_up(p, level_table(autocontrast_of(least, most)), k);
  }
}

inline void equalize_levels(TensorView<std::uint8_t> p) {
  const std::int64_t c = p.shape[2];
  for (std::int64_t k = 0; k < c; ++k) {
    std::array<std::int64_t, 256> count{};
    for (std::int64_t i = k; i < p.size(); i += c) ++count[p.data[i]];
    LevelTable to{};
    if (equalized_levels(count.data(), p.size() / c, to.data())) look_up(p, to, k);
  }
}

template <PictureOp op>
void move_pixels(TensorView<std::uint8_t> p, double amount) {
  const std::int64_t h = p.shape[0], w = p.shape[1], c = p.shape[2];
  const PixelMove move = pixel_move(amount, h, w);
  const std::vector<std::uint8_t> old(p.data, p.data + p.size());
  for (std::int64_t y = 0; y < h; ++y)
    for (std::int64_t x = 0; x < w; ++x) {
      const std::int64_t from = nearest_pixel(move.from<op>(static_cast<double>(x), static_cast<double>(y)), h, w);
      std::uint8_t* to = p.data + (y * w + x) * c;
      for (std::int64_t k = 0; k < c; ++k)
        to[k] = from < 0 ? std::uint8_t{0} : old[static_cast<std::size_t>(from * c + k)];
    }
}

}  // namespace brindle::image::internal

namespace brindle::image {

BRINDLE_INLINE void apply_op(PictureOp op, double amount, TensorView<std::uint8_t> p) {
  using namespace internal;
  if (p.shape.rank() != 3 || (p.shape[2] != 1 && p.shape[2] != 3))
    detail::raise<ShapeError>("apply_op: " + to_string(op) + " expects a picture (H, W, 1) or (H, W, 3), got " +
                              to_string(p.shape));
  if (p.empty()) return;
  switch (op) {
    case PictureOp::shear_x:
      return move_pixels<PictureOp::shear_x>(p, amount);
    case PictureOp::shear_y:
      return move_pixels<PictureOp::shear_y>(p, amount);
    case PictureOp::translate_x:
      return move_pixels<PictureOp::translate_x>(p, amount);
    case PictureOp::translate_y:
      return move_pixels<PictureOp::translate_y>(p, amount);
    case PictureOp::rotate:
      return move_pixels<PictureOp::rotate>(p, amount);
    case PictureOp::brightness:
    case PictureOp::posterize:
    case PictureOp::solarize:
      return look_up(p, level_table({.op = op, .amount = amount}));
    case PictureOp::contrast:
      return change_contrast(p, amount);
    case PictureOp::saturation:
      if (p.shape[2] == 3)
        for (std::uint8_t* rgb = p.data; rgb < p.data + p.size(); rgb += 3) change_saturation(rgb, amount);
      return;
    case PictureOp::hue:
      if (p.shape[2] == 3)
        for (std::uint8_t* rgb = p.data; rgb < p.data + p.size(); rgb += 3) change_hue(rgb, static_cast<float>(amount));
      return;
    case PictureOp::sharpness:
      return change_sharpness(p, amount);
    case PictureOp::autocontrast:
      return stretch_levels(p);
    case PictureOp::equalize:
      return equalize_levels(p);
  }
}

}  // namespace brindle::image
