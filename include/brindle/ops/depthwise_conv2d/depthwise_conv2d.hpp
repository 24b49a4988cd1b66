// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/conv2d/conv2d.hpp"
#include "brindle/ops/filter_shape.hpp"
#include "brindle/ops/padding.hpp"
#include "brindle/ops/prologue.hpp"

namespace brindle::ops {

/// How a depthwise convolution goes over pictures.
struct DepthwiseConv2DOptions {
  Size2 stride{1};                                             ///< step between windows, >= 1
  Conv2DPadding padding = Padding::valid;                      ///< same: zeros around the picture; or so many
  ActivationFunction activation = ActivationFunction::linear;  ///< after the bias; not softmax
  Size2 dilation{1};                                           ///< step between the elements of a filter, >= 1

  /// As a convolution whose groups are the channels; its filters (KH, KW, 1, C M) lie as those of here.
  Conv2DOptions by_groups(std::int64_t channels) const {
    return {.stride = stride, .padding = padding, .activation = activation, .dilation = dilation, .groups = channels};
  }
};

/// Shape of y = depthwise_conv2d(x, w).
///
///     x (N, H, W, C), w (KH, KW, C, M)  ->  y (N, OH, OW, C M), OH and OW by WindowAxis
///
/// Throws ShapeError if the channels differ or no window fits, ValueError as conv2d_shape does.
inline Shape4 depthwise_conv2d_shape(const Shape4& x, const FilterShape& w, const DepthwiseConv2DOptions& o) {
  if (w.kh < 1 || w.kw < 1 || w.ci < 1 || w.co < 1 || x.c != w.ci)
    detail::raise<ShapeError>("depthwise_conv2d: expected filters (KH, KW, " + std::to_string(x.c) + ", M) for x " +
                              to_string(x) + ", got w " + to_string(w));
  return conv2d_shape(x, {w.kh, w.kw, 1, w.ci * w.co}, o.by_groups(x.c));
}

namespace kernel {
template <class T, class Device>
struct depthwise_conv2d;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// Bytes of workspace with which every depthwise_conv2d call for these shapes runs, forward and backward; those with a
/// prologue need more.
template <class T, class Device>
std::int64_t depthwise_conv2d_workspace(const Device& on, const Shape4& x, const FilterShape& w,
                                        const DepthwiseConv2DOptions& o, bool prologue = false) {
  depthwise_conv2d_shape(x, w, o);
  return kernel::depthwise_conv2d<T, Device>::workspace(on, x, w, o, prologue);
}

/// Bytes of workspace for depthwise_conv2d alone: inference.
template <class T, class Device>
std::int64_t depthwise_conv2d_forward_workspace(const Device& on, const Shape4& x, const FilterShape& w,
                                                const DepthwiseConv2DOptions& o, bool prologue = false) {
  depthwise_conv2d_shape(x, w, o);
  return kernel::depthwise_conv2d<T, Device>::forward_workspace(on, x, w, o, prologue);
}

/// Whether a depthwise convolution with these filters (KH, KW, C, M) takes a prologue: on the Cpu, with one filter a
/// channel.
template <class Device>
constexpr bool depthwise_conv2d_takes_prologue(const FilterShape& w) {
  return std::is_same_v<Device, Cpu> && w.co == 1;
}

/// y = activation(x * w + bias), where each channel of x is convolved by M filters of its own:
///
///     y(n, r, q, c M + m) = sum over i, j of x(n, r stride.h + i dilation.h - top, ..., c) w(i, j, c, m) + bias(c M +
///     m)
///
///     x (N, H, W, C), w (KH, KW, C, M), bias (C M) or empty  ->  y (N, OH, OW, C M)
///
/// y overlaps no input. workspace: depthwise_conv2d_forward_workspace. prologue: done to x as it is read, where
/// depthwise_conv2d_takes_prologue() says so. Keras: ops.depthwise_conv.
template <class T, class Device>
void depthwise_conv2d(const Device& on, In<T, Device> x, In<T, Device> w, In<T, Device> bias, Out<T, Device> y,
                      const DepthwiseConv2DOptions& o, Workspace<Device> workspace,
                      const Prologue<T, Device>& prologue = {}) {
  const Shape4 expected = depthwise_conv2d_shape(x.shape, w.shape, o);
  detail::expect_shape("depthwise_conv2d", "y", expected, y.shape);
  if (!bias.empty()) detail::expect_shape("depthwise_conv2d", "bias", Shape{expected.c}, bias.shape);
  detail::expect_prologue("depthwise_conv2d", depthwise_conv2d_takes_prologue<Device>(w.shape), x.shape, prologue);
  if (y.size() == 0) return;
  detail::expect_workspace("depthwise_conv2d",
                           depthwise_conv2d_forward_workspace<T>(on, x.shape, w.shape, o, !prologue.empty()),
                           workspace.size());
  kernel::depthwise_conv2d<T, Device>::forward(on, x, w, bias, y, o, workspace, prologue);
}

/// The same with a normalization of each output channel before the activation, in one pass:
///
///     y = activation((x * w + bias - mean) factor + shift)
///
/// On a GPU one after the other.
template <class T, class Device>
void depthwise_conv2d_normalized(const Device& on, In<T, Device> x, In<T, Device> w, In<T, Device> bias,
                                 const ChannelNormalization<T, Device>& normalization, Out<T, Device> y,
                                 const DepthwiseConv2DOptions& o, Workspace<Device> workspace) {
  const Shape4 expected = depthwise_conv2d_shape(x.shape, w.shape, o);
  detail::expect_shape("depthwise_conv2d_normalized", "y", expected, y.shape);
  if (!bias.empty()) detail::expect_shape("depthwise_conv2d_normalized", "bias", Shape{expected.c}, bias.shape);
  detail::expect_normalization("depthwise_conv2d_normalized", expected.c, normalization);
  if (y.size() == 0) return;
  detail::expect_workspace("depthwise_conv2d_normalized",
                           depthwise_conv2d_forward_workspace<T>(on, x.shape, w.shape, o), workspace.size());
  kernel::depthwise_conv2d<T, Device>::forward_normalized(on, x, w, bias, normalization, y, o, workspace);
}

/// Gradient by x, from the gradient by the sum before the activation.
///
///     dz (N, OH, OW, C M), w (KH, KW, C, M)  ->  dx (N, H, W, C), overwritten
///
/// dx overlaps no input. workspace: depthwise_conv2d_workspace.
template <class T, class Device>
void depthwise_conv2d_backward_data(const Device& on, In<T, Device> dz, In<T, Device> w, Out<T, Device> dx,
                                    const DepthwiseConv2DOptions& o, Workspace<Device> workspace) {
  detail::expect_shape("depthwise_conv2d_backward_data", "dz", depthwise_conv2d_shape(dx.shape, w.shape, o), dz.shape);
  if (dx.size() == 0) return;
  detail::expect_workspace("depthwise_conv2d_backward_data", depthwise_conv2d_workspace<T>(on, dx.shape, w.shape, o),
                           workspace.size());
  kernel::depthwise_conv2d<T, Device>::backward_data(on, dz, w, dx, o, workspace);
}

/// Gradients by w and bias, from the gradient by the sum before the activation, summed over the batch.
///
///     x (N, H, W, C), dz (N, OH, OW, C M)  ->  dw (KH, KW, C, M), db (C M) or empty, overwritten
///
/// workspace: depthwise_conv2d_workspace. prologue: that of the forward pass.
template <class T, class Device>
void depthwise_conv2d_backward_weights(const Device& on, In<T, Device> x, In<T, Device> dz, Out<T, Device> dw,
                                       Out<T, Device> db, const DepthwiseConv2DOptions& o, Workspace<Device> workspace,
                                       const Prologue<T, Device>& prologue = {}) {
  const Shape4 expected = depthwise_conv2d_shape(x.shape, dw.shape, o);
  detail::expect_shape("depthwise_conv2d_backward_weights", "dz", expected, dz.shape);
  if (!db.empty()) detail::expect_shape("depthwise_conv2d_backward_weights", "db", Shape{expected.c}, db.shape);
  detail::expect_prologue("depthwise_conv2d_backward_weights", depthwise_conv2d_takes_prologue<Device>(dw.shape),
                          x.shape, prologue);
  detail::expect_workspace("depthwise_conv2d_backward_weights",
                           depthwise_conv2d_workspace<T>(on, x.shape, dw.shape, o, !prologue.empty()),
                           workspace.size());
  kernel::depthwise_conv2d<T, Device>::backward_weights(on, x, dz, dw, db, o, workspace, prologue);
}

namespace reference {

/// Calls visit(i, j, k): x.data[i] times w.data[j] is a term of y.data[k], for every term of a depthwise convolution.
template <class F>
void depthwise_conv2d_terms(const Shape4& x, const FilterShape& w, const DepthwiseConv2DOptions& o, F&& visit) {
  const Shape4 y = depthwise_conv2d_shape(x, w, o);
  const auto [rows, columns] = conv2d_windows(x, w, o.by_groups(x.c));
  for (std::int64_t n = 0; n < y.n; ++n)
    for (std::int64_t oh = 0; oh < y.h; ++oh)
      for (std::int64_t ow = 0; ow < y.w; ++ow)
        for (std::int64_t kh = 0; kh < w.kh; ++kh)
          for (std::int64_t kw = 0; kw < w.kw; ++kw) {
            const std::int64_t h = oh * o.stride.h - rows.before + kh * o.dilation.h;
            const std::int64_t column = ow * o.stride.w - columns.before + kw * o.dilation.w;
            if (h < 0 || h >= x.h || column < 0 || column >= x.w) continue;
            for (std::int64_t c = 0; c < x.c; ++c)
              for (std::int64_t m = 0; m < w.co; ++m)
                visit(((n * x.h + h) * x.w + column) * x.c + c, ((kh * w.kw + kw) * x.c + c) * w.co + m,
                      ((n * y.h + oh) * y.w + ow) * y.c + c * w.co + m);
          }
}

template <class T>
void depthwise_conv2d(In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y, const DepthwiseConv2DOptions& o) {
  for (std::int64_t i = 0; i < y.size(); ++i) y.data[i] = bias.empty() ? T(0) : bias.data[i % bias.size()];
  depthwise_conv2d_terms(x.shape, w.shape, o,
                         [&](std::int64_t i, std::int64_t j, std::int64_t k) { y.data[k] += x.data[i] * w.data[j]; });
  activate<T>(o.activation, y, y);
}

template <class T>
void depthwise_conv2d_backward_data(In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx, const DepthwiseConv2DOptions& o) {
  for (std::int64_t i = 0; i < dx.size(); ++i) dx.data[i] = 0;
  depthwise_conv2d_terms(dx.shape, w.shape, o,
                         [&](std::int64_t i, std::int64_t j, std::int64_t k) { dx.data[i] += dz.data[k] * w.data[j]; });
}

template <class T>
void depthwise_conv2d_backward_weights(In<T, Cpu> x, In<T, Cpu> dz, Out<T, Cpu> dw, Out<T, Cpu> db,
                                       const DepthwiseConv2DOptions& o) {
  for (std::int64_t j = 0; j < dw.size(); ++j) dw.data[j] = 0;
  depthwise_conv2d_terms(x.shape, dw.shape, o,
                         [&](std::int64_t i, std::int64_t j, std::int64_t k) { dw.data[j] += x.data[i] * dz.data[k]; });
  if (db.empty()) return;
  for (std::int64_t c = 0; c < db.size(); ++c) db.data[c] = 0;
  for (std::int64_t k = 0; k < dz.size(); ++k) db.data[k % db.size()] += dz.data[k];
}

}  // namespace reference
}  // namespace brindle::ops
