// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "brindle/core/error.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/image/augment_settings.hpp"
#include "brindle/image/picture_op.hpp"
#include "brindle/image/random_box.hpp"

// Checks and draws of Augment's settings that are torchvision's.
namespace brindle::image::internal {

/// Whether a part of each picture is taken.
inline bool crops(const Augment& a) { return a.resized_crop.least < 1; }

/// The settings that torchvision has.
inline void check_added(const Augment& a) {
  const auto between = [](const char* name, double value, double least, double most) {
    if (!(value >= least && value <= most))
      detail::raise<ValueError>(std::string("Augment: ") + name + " must be " + detail::number_text(least) + " to " +
                                detail::number_text(most) + ", got " + detail::number_text(value));
  };
  between("color_jitter.brightness", a.color_jitter.brightness, 0, 1e6);
  between("color_jitter.contrast", a.color_jitter.contrast, 0, 1e6);
  between("color_jitter.saturation", a.color_jitter.saturation, 0, 1e6);
  between("color_jitter.hue", a.color_jitter.hue, 0, 0.5);
  between("rand_augment.num_ops", static_cast<double>(a.rand_augment.num_ops), 0, 4);
  between("rand_augment.magnitude", static_cast<double>(a.rand_augment.magnitude), 0, 30);
  between("random_erasing.probability", a.random_erasing.probability, 0, 1);
  between("random_erasing.value", a.random_erasing.value, -1e30, 1e30);
  const auto box = [](const char* name, const BoxRange& b) {
    if (!(b.least > 0 && b.most >= b.least && b.most <= 1))
      detail::raise<ValueError>(std::string("Augment: ") + name +
                                " must be shares of the area above 0, the smaller one first, at most 1, got " +
                                detail::number_text(b.least) + " to " + detail::number_text(b.most));
    if (!(b.least_ratio > 0 && b.most_ratio >= b.least_ratio) || !std::isfinite(b.most_ratio))
      detail::raise<ValueError>(std::string("Augment: ") + name +
                                " must have shapes (width over height) above 0, the smaller one first, got " +
                                detail::number_text(b.least_ratio) + " to " + detail::number_text(b.most_ratio));
  };
  box("resized_crop", a.resized_crop);
  box("random_erasing.box", a.random_erasing.box);
}

inline void add_step(AugmentDraw& d, PictureOp op, double amount) {
  d.steps[static_cast<std::size_t>(d.step_count++)] = {op, amount};
}

/// Factors with numbers 0 to 3 of a use, their order with 4 to 6.
inline void draw_jitter(const ColorJitter& j, const Random& random, std::uint64_t first, AugmentDraw& d) {
  const auto factor = [&](std::uint64_t which, double by) {
    return random.uniform(first + which, std::max(0.0, 1 - by), 1 + by);
  };
  std::array<PictureStep, 4> steps{{{PictureOp::brightness, factor(0, j.brightness)},
                                    {PictureOp::contrast, factor(1, j.contrast)},
                                    {PictureOp::saturation, factor(2, j.saturation)},
                                    {PictureOp::hue, random.uniform(first + 3, -j.hue, j.hue)}}};
  const bool wanted[] = {j.brightness > 0, j.contrast > 0, j.saturation > 0, j.hue > 0};
  std::array<std::size_t, 4> order{0, 1, 2, 3};
  for (std::size_t i = 3; i > 0; --i) {
    const double at = random.uniform(first + 3 + i) * static_cast<double>(i + 1);
    std::swap(order[i], order[std::min(i, static_cast<std::size_t>(at))]);
  }
  for (const std::size_t i : order)
    if (wanted[i]) add_step(d, steps[i].op, steps[i].amount);
}

/// One of the fourteen changes, with numbers 0 and 1 of those at `first`.
inline void draw_change(const RandAugment& r, const Size2& size, const Random& random, std::uint64_t first,
                        AugmentDraw& d) {
  const double share = static_cast<double>(r.magnitude) / 30;
  const double sign = random.uniform(first + 1) < 0.5 ? -1 : 1;
  switch (static_cast<int>(random.uniform(first) * 14)) {
    case 0:
      return;
    case 1:
      return add_step(d, PictureOp::shear_x, sign * 0.3 * share);
    case 2:
      return add_step(d, PictureOp::shear_y, sign * 0.3 * share);
    case 3:
      return add_step(d, PictureOp::translate_x, std::trunc(sign * 150 / 331 * static_cast<double>(size.w) * share));
    case 4:
      return add_step(d, PictureOp::translate_y, std::trunc(sign * 150 / 331 * static_cast<double>(size.h) * share));
    case 5:
      return add_step(d, PictureOp::rotate, sign * 30 * share);
    case 6:
      return add_step(d, PictureOp::brightness, 1 + sign * 0.9 * share);
    case 7:
      return add_step(d, PictureOp::saturation, 1 + sign * 0.9 * share);
    case 8:
      return add_step(d, PictureOp::contrast, 1 + sign * 0.9 * share);
    case 9:
      return add_step(d, PictureOp::sharpness, 1 + sign * 0.9 * share);
    case 10:
      return add_step(d, PictureOp::posterize, std::nearbyint(8 - 4 * share));
    case 11:
      return add_step(d, PictureOp::solarize, 255 * (1 - share));
    case 12:
      return add_step(d, PictureOp::autocontrast, 0);
    default:
      return add_step(d, PictureOp::equalize, 0);
  }
}

/// What torchvision has, in a stream of its own: no setting here changes what Keras's draw.
inline void draw_added(const Augment& a, const Size2& size, const Random& random, std::uint64_t index, AugmentDraw& d) {
  const std::uint64_t first = index * 128;
  const Random more{random.seed, stream_id("augment more"), random.step};
  draw_jitter(a.color_jitter, more, first, d);
  for (std::int64_t i = 0; i < a.rand_augment.num_ops; ++i)
    draw_change(a.rand_augment, size, more, first + 8 + 2 * static_cast<std::uint64_t>(i), d);
  if (crops(a))
    d.crop = draw_box(a.resized_crop, size, more, first + 16, false).value_or(middle_box(a.resized_crop, size));
  if (a.random_erasing.probability > 0 && more.uniform(first + 16 + box_numbers) < a.random_erasing.probability)
    d.erased = draw_box(a.random_erasing.box, size, more, first + 17 + box_numbers, true).value_or(PixelBox{});
}

}  // namespace brindle::image::internal
