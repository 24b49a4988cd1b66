// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what augment.hpp declares.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/random.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/core/to_chars.hpp"
#include "brindle/image/affine.hpp"
#include "brindle/image/apply_op.hpp"
#include "brindle/image/augment.hpp"
#include "brindle/image/augment_draws.hpp"
#include "brindle/image/picture_op.hpp"
#include "brindle/image/random_box.hpp"

namespace brindle {

BRINDLE_INLINE std::string to_string(const Augment& a) {
  std::string text;
  const auto add = [&](const std::string& setting) { text += (text.empty() ? "" : ", ") + setting; };
  const auto number = [&](const char* name, double value) {
    if (value != 0) add(std::string(name) + " " + detail::number_text(value));
  };
  const auto range = [&](const char* name, double low, double high) {
    if (low != 1 || high != 1)
      add(std::string(name) + " " + detail::number_text(low) + " to " + detail::number_text(high));
  };
  number("rotation", a.rotation);
  number("width_shift", a.width_shift);
  number("height_shift", a.height_shift);
  number("shear", a.shear);
  range("zoom", a.zoom.low, a.zoom.high);
  if (a.flip_horizontal) add("flip_horizontal");
  if (a.flip_vertical) add("flip_vertical");
  range("brightness", a.brightness.low, a.brightness.high);
  number("channel_shift", a.channel_shift);
  number("jitter brightness", a.color_jitter.brightness);
  number("contrast", a.color_jitter.contrast);
  number("saturation", a.color_jitter.saturation);
  number("hue", a.color_jitter.hue);
  if (a.rand_augment.num_ops > 0)
    add("rand_augment " + std::to_string(a.rand_augment.num_ops) + " of magnitude " +
        std::to_string(a.rand_augment.magnitude));
  const auto box = [](const BoxRange& b) {
    return detail::number_text(b.least) + " to " + detail::number_text(b.most) + " of shape " +
           detail::number_text(b.least_ratio) + " to " + detail::number_text(b.most_ratio);
  };
  if (image::internal::crops(a)) add("resized_crop " + box(a.resized_crop));
  if (a.random_erasing.probability > 0)
    add("random_erasing of " + detail::number_text(a.random_erasing.probability) + ", " + box(a.random_erasing.box) +
        ", value " + detail::number_text(a.random_erasing.value));
  constexpr const char* fills[] = {"nearest", "constant", "reflect", "wrap"};
  for (const Fill fill : {Fill::nearest, Fill::constant, Fill::reflect, Fill::wrap})
    if (a.fill == fill && fill != Fill::nearest) add(std::string("fill ") + fills[static_cast<int>(fill)]);
  number("cval", a.cval);
  if (a.keras2) add("keras2");
  if (a.keras3) add("keras3");
  return text.empty() ? "none" : text;
}

BRINDLE_INLINE std::string to_string(const AugmentDraw& d) {
  std::string text;
  const auto add = [&](const char* name, double value, double neutral) {
    if (value == neutral) return;
    char number[48];
    const std::to_chars_result end = brindle::detail::to_chars(number, number + sizeof number, value,
                                                               std::chars_format::general, 6);  // a point in any locale
    text.append(text.empty() ? "" : ", ").append(name);
    text.append(" ").append(number, end.ptr);
  };
  add("theta", d.theta, 0);
  add("tx", d.tx, 0);
  add("ty", d.ty, 0);
  add("shear", d.shear, 0);
  add("zx", d.zx, 1);
  add("zy", d.zy, 1);
  if (d.flip_horizontal) text.append(text.empty() ? "" : ", ").append("flip_horizontal");
  if (d.flip_vertical) text.append(text.empty() ? "" : ", ").append("flip_vertical");
  add("brightness", d.brightness, 1);
  add("channel_shift", d.channel_shift, 0);
  for (std::int64_t i = 0; i < d.step_count; ++i) {
    const PictureStep& step = d.steps[static_cast<std::size_t>(i)];
    if (step.op == PictureOp::autocontrast || step.op == PictureOp::equalize)
      text.append(text.empty() ? "" : ", ").append(to_string(step.op));
    else
      add(to_string(step.op).c_str(), step.amount, std::numeric_limits<double>::quiet_NaN());
  }
  const auto box = [&](const char* name, const PixelBox& b) {
    if (b.height == 0) return;
    text.append(text.empty() ? "" : ", ").append(name);
    for (const std::int64_t v : {b.top, b.left, b.height, b.width}) text.append(" ").append(std::to_string(v));
  };
  box("crop", d.crop);
  box("erased", d.erased);
  return text.empty() ? "unchanged" : text;
}

}  // namespace brindle

namespace brindle::image::internal {

/// The map of a draw whose part of the picture is made as large as the picture.
inline Affine cropped(Affine m, const PixelBox& crop, const Size2& size) {
  if (crop.height == 0) return m;
  const double sx = static_cast<double>(crop.width) / static_cast<double>(size.w);
  const double sy = static_cast<double>(crop.height) / static_cast<double>(size.h);
  m.xx *= sx, m.xy *= sx, m.x0 = static_cast<double>(crop.left) + (m.x0 + 0.5) * sx - 0.5;
  m.yx *= sy, m.yy *= sy, m.y0 = static_cast<double>(crop.top) + (m.y0 + 0.5) * sy - 0.5;
  return m;
}

/// Whether every pixel is one of the picture's.
inline bool keeps_pixels(const AugmentDraw& d) {
  return d.theta == 0 && d.tx == 0 && d.ty == 0 && d.shear == 0 && d.zx == 1 && d.zy == 1 && d.crop.height == 0;
}

/// What the warp gives of such pixels, flips included.
template <class T>
void mirror_pixels(const AugmentDraw& d, TensorView<const std::uint8_t> picture, TensorView<T> out,
                   const Standardize& to) {
  const std::int64_t h = picture.shape[0], w = picture.shape[1], c = picture.shape[2];
  std::vector<T> levels(static_cast<std::size_t>(256 * c));
  for (std::int64_t k = 0; k < c; ++k)
    for (std::int64_t level = 0; level < 256; ++level)
      levels[static_cast<std::size_t>(k * 256 + level)] = static_cast<T>(
          static_cast<float>(level) * to.factor[static_cast<std::size_t>(k)] + to.offset[static_cast<std::size_t>(k)]);
  for (std::int64_t y = 0; y < h; ++y) {
    const std::uint8_t* from = picture.data + (d.flip_vertical ? h - 1 - y : y) * w * c;
    const std::int64_t step = d.flip_horizontal ? -c : c;
    if (d.flip_horizontal) from += (w - 1) * c;
    T* row = out.data + y * w * c;
    for (std::int64_t x = 0; x < w; ++x, from += step, row += c)
      for (std::int64_t k = 0; k < c; ++k) row[k] = levels[static_cast<std::size_t>(k * 256 + from[k])];
  }
}

template <class T>
void erase(TensorView<T> picture, const PixelBox& box, double value) {
  const std::int64_t row = picture.shape[1] * picture.shape[2];
  for (std::int64_t y = box.top; y < box.top + box.height; ++y)
    std::fill_n(picture.data + y * row + box.left * picture.shape[2], box.width * picture.shape[2],
                static_cast<T>(value));
}

}  // namespace brindle::image::internal

namespace brindle::image {

BRINDLE_INLINE void check_augment(const Augment& a) {
  if (a.keras2 && a.keras3) detail::raise<ValueError>("Augment: keras2 and keras3 are two meanings; set one of them");
  const auto at_least_zero = [](const char* name, double value) {
    if (!(value >= 0) || !std::isfinite(value))
      detail::raise<ValueError>(std::string("Augment: ") + name + " must be finite and at least 0, got " +
                                std::to_string(value));
  };
  at_least_zero("rotation", a.rotation);
  at_least_zero("width_shift", a.width_shift);
  at_least_zero("height_shift", a.height_shift);
  at_least_zero("shear", a.shear);
  at_least_zero("channel_shift", a.channel_shift);
  if (!(a.zoom.low > 0) || !(a.zoom.high >= a.zoom.low) || !std::isfinite(a.zoom.high))
    detail::raise<ValueError>("Augment: zoom must be factors above 0, the lower one first, got " +
                              std::to_string(a.zoom.low) + " to " + std::to_string(a.zoom.high) +
                              (a.zoom.low <= 0 ? "; one number z means 1 - z to 1 + z" : ""));
  if (!(a.brightness.low >= 0) || !(a.brightness.high >= a.brightness.low) || !std::isfinite(a.brightness.high))
    detail::raise<ValueError>("Augment: brightness must be factors of at least 0, the lower one first, got " +
                              std::to_string(a.brightness.low) + " to " + std::to_string(a.brightness.high));
  internal::check_added(a);
  if (!std::isfinite(a.cval)) detail::raise<ValueError>("Augment: cval must be a finite number");
}

BRINDLE_INLINE AugmentDraw draw(const Augment& a, const Size2& size, const Random& random, std::uint64_t index) {
  // Each use has sixteen numbers of its own, whether it needs them or not: a setting more changes no other one's
  // numbers.
  const auto uniform = [&](std::uint64_t which, double low, double high) {
    return low == high ? low : random.uniform(index * 16 + which, low, high);
  };
  const auto shift = [&](std::uint64_t which, double by, std::int64_t pixels) {
    return uniform(which, -by, by) * (by < 1 ? static_cast<double>(pixels) : 1.0);
  };
  AugmentDraw d;
  if (a.rotation > 0) d.theta = uniform(0, -a.rotation, a.rotation);
  const bool keras = a.keras2 || a.keras3;  // their x takes the height's shift
  const double x_shift = keras ? a.height_shift : a.width_shift, y_shift = keras ? a.width_shift : a.height_shift;
  if (x_shift > 0) d.tx = shift(1, x_shift, keras ? size.h : size.w);
  if (y_shift > 0) d.ty = shift(2, y_shift, keras ? size.w : size.h);
  if (a.shear > 0) d.shear = uniform(3, -a.shear, a.shear);
  d.zx = uniform(4, a.zoom.low, a.zoom.high);
  d.zy = uniform(5, a.zoom.low, a.zoom.high);
  d.flip_horizontal = a.flip_horizontal && uniform(6, 0, 1) < 0.5;
  d.flip_vertical = a.flip_vertical && uniform(7, 0, 1) < 0.5;
  if (a.channel_shift > 0) d.channel_shift = uniform(8, -a.channel_shift, a.channel_shift);
  d.brightness = uniform(9, a.brightness.low, a.brightness.high);
  internal::draw_added(a, size, random, index, d);
  return d;
}

BRINDLE_INLINE Affine affine(const Augment& augment, const AugmentDraw& d, const Size2& size) {
  const bool keras2 = augment.keras2, height_first = augment.keras2 || augment.keras3;
  const double turn = d.theta * std::numbers::pi / 180, lean = d.shear * std::numbers::pi / 180;
  const double cos = std::cos(turn), sin = std::sin(turn), lean_sin = std::sin(lean), lean_cos = std::cos(lean);
  // Rows of R T S Z.
  const double a = cos * d.zx, b = (-cos * lean_sin - sin * lean_cos) * d.zy, p = cos * d.tx - sin * d.ty;
  const double c = sin * d.zx, e = (-sin * lean_sin + cos * lean_cos) * d.zy, q = sin * d.tx + cos * d.ty;
  const double half = keras2 ? 0.5 : -0.5;
  const double x = static_cast<double>(height_first ? size.h : size.w) / 2 + half;
  const double y = static_cast<double>(height_first ? size.w : size.h) / 2 + half;
  const double x0 = p + x - a * x - b * y, y0 = q + y - c * x - e * y;
  Affine m = keras2 ? Affine{.xx = e, .xy = c, .x0 = y0, .yx = b, .yy = a, .y0 = x0}
                    : Affine{.xx = a, .xy = b, .x0 = x0, .yx = c, .yy = e, .y0 = y0};
  if (d.theta == 0 && d.tx == 0 && d.ty == 0 && d.shear == 0 && d.zx == 1 && d.zy == 1) m = {};
  if (d.flip_horizontal) {
    const double last = static_cast<double>(size.w - 1);
    m.x0 += m.xx * last, m.y0 += m.yx * last;
    m.xx = -m.xx, m.yx = -m.yx;
  }
  if (d.flip_vertical) {
    const double last = static_cast<double>(size.h - 1);
    m.x0 += m.xy * last, m.y0 += m.yy * last;
    m.xy = -m.xy, m.yy = -m.yy;
  }
  return internal::cropped(m, d.crop, size);
}

}  // namespace brindle::image

namespace brindle::image::internal {

/// Pillow's ImageEnhance.Brightness on levels cut to whole numbers. Levels outside of 0..255, which a constant fill may
/// bring, are brought there and back; in 2018 the brightest level always became 255.
template <class T>
void change_brightness(T* levels, std::int64_t n, double factor, bool keras2) {
  const auto [least, most] = std::minmax_element(levels, levels + n);
  const T low = *least, high = *most;
  const bool stretch = keras2 || low < 0 || high > 255;
  const T shift = keras2 ? std::max(-low, T(0)) : -low, range = high + shift;
  const float by = static_cast<float>(factor);
  for (std::int64_t i = 0; i < n; ++i) {
    T level = levels[i];
    if (stretch) level = range > 0 ? (level + shift) / range * T(255) : T(0);
    level = static_cast<T>(std::floor(std::clamp(static_cast<float>(std::floor(level)) * by, 0.0f, 255.0f)));
    if (stretch && !keras2) level = level / T(255) * (high - low) + low;
    levels[i] = level;
  }
}

}  // namespace brindle::image::internal

namespace brindle::image {

template <class T>
void apply(const Augment& augment, const AugmentDraw& d, TensorView<const std::uint8_t> picture,
           std::type_identity_t<TensorView<T>> out, const Standardize& to) {
  if (picture.shape.rank() != 3)
    detail::raise<ShapeError>("apply: expected a picture (H, W, C), got " + to_string(picture.shape));
  const std::int64_t channels = picture.shape[2];
  thread_local std::vector<std::uint8_t> changed;
  if (d.step_count > 0) {
    changed.assign(picture.data, picture.data + picture.size());
    for (std::int64_t i = 0; i < d.step_count; ++i) {
      const PictureStep& step = d.steps[static_cast<std::size_t>(i)];
      apply_op(step.op, step.amount, {changed.data(), picture.shape});
    }
    picture.data = changed.data();
  }
  const Affine m = affine(augment, d, {picture.shape[0], picture.shape[1]});
  if (internal::keeps_pixels(d) && d.brightness == 1 && d.channel_shift == 0) {
    internal::check_levels("apply", picture.shape, out.shape, &to);
    internal::mirror_pixels(d, picture, out, to);
    internal::erase(out, d.erased, augment.random_erasing.value);
    return;
  }
  if (d.brightness == 1 && d.channel_shift == 0) {
    warp<T>(m, picture, out, augment.fill, augment.cval, &to);
    internal::erase(out, d.erased, augment.random_erasing.value);
    return;
  }
  // These two look at the whole picture's levels, so standardising has to wait.
  warp<T>(m, picture, out, augment.fill, augment.cval);
  const std::int64_t n = out.size();
  if (d.channel_shift != 0) {
    const auto [least, most] = std::minmax_element(out.data, out.data + n);
    const T low = *least, high = *most;
    for (std::int64_t i = 0; i < n; ++i)
      out.data[i] = std::clamp(static_cast<T>(out.data[i] + static_cast<T>(d.channel_shift)), low, high);
  }
  if (d.brightness != 1) internal::change_brightness(out.data, n, d.brightness, augment.keras2);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto c = static_cast<std::size_t>(i % channels);
    out.data[i] = static_cast<T>(static_cast<float>(out.data[i]) * to.factor[c] + to.offset[c]);
  }
  internal::erase(out, d.erased, augment.random_erasing.value);
}

}  // namespace brindle::image
