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
#include "brindle/image/affine.hpp"
#include "brindle/image/augment.hpp"
#include "brindle/image/picture_op.hpp"
#include "brindle/image/random_box.hpp"

namespace brindle::image::internal {

/// Whether a part of each picture is taken.
inline bool crops(const Augment& a) { return a.resized_crop.least < 1; }

}  // namespace brindle::image::internal

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
    const std::to_chars_result end =
        std::to_chars(number, number + sizeof number, value, std::chars_format::general, 6);  // a point in any locale
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

/// The settings that torchvision has.
BRINDLE_INLINE void check_added(const Augment& a) {
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

/// The map of a draw whose part of the picture is made as large as the picture.
inline Affine cropped(Affine m, const PixelBox& crop, const Size2& size) {
  if (crop.height == 0) return m;
  const double sx = static_cast<double>(crop.width) / static_cast<double>(size.w);
  const double sy = static_cast<double>(crop.height) / static_cast<double>(size.h);
  m.xx *= sx, m.xy *= sx, m.x0 = static_cast<double>(crop.left) + (m.x0 + 0.5) * sx - 0.5;
  m.yx *= sy, m.yy *= sy, m.y0 = static_cast<double>(crop.top) + (m.y0 + 0.5) * sy - 0.5;
  return m;
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
