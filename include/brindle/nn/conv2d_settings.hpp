// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/moving_normalization.hpp"
#include "brindle/nn/picture_layer.hpp"
#include "brindle/nn/row_window.hpp"
#include "brindle/ops/activation_function.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/filter_shape.hpp"
#include "brindle/ops/padding.hpp"

// What the layers that convolve have in common: settings, and what of them does not fit.
namespace brindle::detail {

/// The setting "padding" where it is ((top, bottom), (left, right)), else none. Throws ValueError, which says what is
/// expected, for lists of other lengths.
inline std::optional<Border> border_of(const Config& c, const std::string& expected) {
  using Nested = std::vector<std::vector<std::int64_t>>;
  const Config::Value* padding = c.find("padding");
  if (!padding || !std::holds_alternative<Nested>(*padding)) return std::nullopt;
  const Nested& sides = std::get<Nested>(*padding);
  if (sides.size() != 2 || sides[0].size() != 2 || sides[1].size() != 2)
    raise<ValueError>("setting \"padding\": expected " + expected);
  return Border(sides[0][0], sides[0][1], sides[1][0], sides[1][1]);
}

/// That setting.
inline Config::Value border_setting(const Border& b) {
  return std::vector<std::vector<std::int64_t>>{{b.top, b.bottom}, {b.left, b.right}};
}

/// The setting "padding": "valid", "same", or ((top, bottom), (left, right)), which Keras has not.
inline Conv2DPadding conv2d_padding(const Config& c) {
  if (const auto border = border_of(c, "\"valid\", \"same\" or ((top, bottom), (left, right))")) return *border;
  return c.get("padding", "valid") == "same" ? Padding::same : Padding::valid;
}

/// That setting of a padding.
inline Config::Value conv2d_padding_setting(const Conv2DPadding& p) {
  if (!p.given) return std::string(p.rule == Padding::same ? "same" : "valid");
  return border_setting(p.zeros);
}

/// Throws, beginning with the layer, ValueError for a dilation below 1 and zeros below 0, and ShapeError for a filter
/// that does not fit samples x (H, W, C).
inline void check_conv2d_windows(const std::string& who, const Size2& kernel, const Size2& dilation,
                                 const Conv2DPadding& padding, const Shape& x) {
  if (dilation.h < 1 || dilation.w < 1)
    raise<ValueError>(who + ": dilation must be at least 1, got " + to_string(dilation));
  if (!padding.zeros.is_possible()) raise<ValueError>(who + ": padding must be at least 0, got " + to_string(padding));
  const Size2 covered{(kernel.h - 1) * dilation.h + 1, (kernel.w - 1) * dilation.w + 1};
  if (ops::WindowAxis::rows(x[0], covered.h, 1, padding).out > 0 &&
      ops::WindowAxis::columns(x[1], covered.w, 1, padding).out > 0)
    return;
  raise<ShapeError>(who + ": a kernel of " + to_string(kernel) +
                    (dilation == Size2(1) ? "" : ", dilated by " + to_string(dilation) + ",") +
                    " does not fit pictures " + to_string_batch(x) +
                    "; use a smaller kernel, Padding::same, or fewer pools before it");
}

/// The same, and ShapeError for samples that are no pictures, ValueError for a kernel or a stride below 1.
inline void check_convolved(const std::string& who, const Size2& kernel, const Size2& stride, const Size2& dilation,
                            const Conv2DPadding& padding, const Shape& x) {
  expect_pictures(who, x);
  if (kernel.h < 1 || kernel.w < 1 || stride.h < 1 || stride.w < 1)
    raise<ValueError>(who + ": kernel and stride must be at least 1, got " + to_string(kernel) + " and " +
                      to_string(stride));
  check_conv2d_windows(who, kernel, dilation, padding, x);
}

/// Whether a convolution that pads in this way can put a border of zeros around its input as well: one that has none,
/// on the Cpu.
template <class Device>
bool takes_border(const Conv2DPadding& padding) {
  return std::is_same_v<Device, Cpu> && !padding.given && padding.rule == Padding::valid;
}

/// Whether one with this activation can do the work of a normalization behind it: on the Cpu, where nothing comes
/// between.
template <class Device>
bool normalizes(ActivationFunction activation) {
  return std::is_same_v<Device, Cpu> && activation == ActivationFunction::linear;
}

/// What one that does the work of a normalization behind it calls its op with.
template <class T, class Device, class Options>
struct NormalizedPass {
  /// The options are those of the convolution; what it asked for in needs() includes normalization_bytes().
  NormalizedPass(const Pass<T, Device>& pass, Options o) : options(o), workspace(pass.workspace) {
    options.activation = pass.activation_behind;
    behind = channel_normalization<T>(pass.on, *pass.normalized->moving_normalization(), workspace);
  }

  Options options;                          ///< with the activation behind the normalization
  TensorView<std::byte, Device> workspace;  ///< what is left of it
  ops::ChannelNormalization<T, Device> behind;
};

/// The rows of x (N, H, W, C) that a convolution with filters w sees.
inline RowWindow row_window(const Shape4& x, const ops::FilterShape& w, const ops::Conv2DOptions& o) {
  const auto [rows, columns] = ops::conv2d_windows(x, w, o);
  const std::int64_t kh = (w.kh - 1) * o.dilation.h + 1, kw = (w.kw - 1) * o.dilation.w + 1;
  const auto after = [](const ops::WindowAxis& axis, std::int64_t in, std::int64_t size, std::int64_t stride) {
    return std::max<std::int64_t>((axis.out - 1) * stride + size - axis.before - in, 0);
  };
  return {kh, o.stride.h,
          Border(rows.before, after(rows, x.h, kh, o.stride.h), columns.before, after(columns, x.w, kw, o.stride.w))};
}

/// The padding of one that takes this border; without a border its own.
inline Conv2DPadding padding_with(const Conv2DPadding& padding, const Border& border) {
  return border == Border{} ? padding : Conv2DPadding(border);
}

/// The activation that a convolution does in its own pass. softmax needs all channels of a pixel at once, and is none.
inline ActivationFunction activation_in_pass(bool logits, ActivationFunction activation) {
  return logits || activation == ActivationFunction::softmax ? ActivationFunction::linear : activation;
}

}  // namespace brindle::detail
