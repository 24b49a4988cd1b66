// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "brindle/core/tensor.hpp"
#include "brindle/ops/activation.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/check.hpp"
#include "brindle/ops/filter_shape.hpp"
#include "brindle/ops/padding.hpp"
#include "brindle/ops/prologue.hpp"

namespace brindle::ops {

struct Conv2DOptions {
  Size2 stride{1};                                             ///< step between windows, >= 1
  Conv2DPadding padding = Padding::valid;                      ///< same: zeros around the picture; or so many
  ActivationFunction activation = ActivationFunction::linear;  ///< after the bias; not softmax
  Size2 dilation{1};                                           ///< step between the elements of a filter, >= 1
  std::int64_t groups = 1;  ///< of channels, that are convolved each by itself; input and output channels are multiples

  /// Neither dilation nor groups: what the fast kernels take.
  bool is_plain() const { return dilation == Size2(1) && groups == 1; }
};

/// Where the windows of a convolution lie.
struct Conv2DWindows {
  WindowAxis rows;     ///< of x's H
  WindowAxis columns;  ///< of x's W
};

/// Sizes at least 1; not checked. A dilated filter covers (KH - 1) dilation + 1 rows.
inline Conv2DWindows conv2d_windows(const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
  const std::int64_t kh = (w.kh - 1) * o.dilation.h + 1, kw = (w.kw - 1) * o.dilation.w + 1;
  return {WindowAxis::rows(x.h, kh, o.stride.h, o.padding), WindowAxis::columns(x.w, kw, o.stride.w, o.padding)};
}

/// Shape of y = conv2d(x, w).
///
///     x (N, H, W, groups CI), w (KH, KW, CI, CO)  ->  y (N, OH, OW, CO), OH and OW by WindowAxis
///
/// Throws ShapeError if the channels differ, are no multiple of the groups, or no window fits, ValueError for a stride,
/// a dilation or groups below 1, zeros below 0 and for softmax.
inline Shape4 conv2d_shape(const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
  if (o.activation == ActivationFunction::softmax)
    detail::raise<ValueError>(
        "conv2d: expected an activation that works element by element, got softmax: apply ops::softmax");
  if (o.stride.h < 1 || o.stride.w < 1)
    detail::raise<ValueError>("conv2d: expected a stride of at least 1, got " + to_string(o.stride));
  if (w.kh < 1 || w.kw < 1 || w.ci < 1 || w.co < 1)
    detail::raise<ShapeError>("conv2d: expected filters with sizes of at least 1, got w " + to_string(w));
  if (o.dilation.h < 1 || o.dilation.w < 1 || o.groups < 1 || !o.padding.zeros.is_possible())
    detail::raise<ValueError>("conv2d: expected a dilation and groups of at least 1 and padding of at least 0, got " +
                              to_string(o.dilation) + ", " + std::to_string(o.groups) + " and " + to_string(o.padding));
  if (o.groups > 1 && (x.c != w.ci * o.groups || w.co % o.groups != 0))
    detail::raise<ShapeError>("conv2d: expected x with " + std::to_string(w.ci * o.groups) + " channels in " +
                              std::to_string(o.groups) + " groups, and as many output channels in each (w is " +
                              to_string(w) + "), got x " + to_string(x));
  if (x.c != w.ci * o.groups)
    detail::raise<ShapeError>("conv2d: expected x with " + std::to_string(w.ci) + " channels (w is " + to_string(w) +
                              "), got x " + to_string(x));
  const auto [rows, columns] = conv2d_windows(x, w, o);
  if (rows.out < 1 || columns.out < 1)
    detail::raise<ShapeError>("conv2d: filters " + to_string(w) + " do not fit x " + to_string(x));
  return {x.n, rows.out, columns.out, w.co};
}

/// Shape of y = conv2d_maxpool2d(x, w): that of conv2d with rows and columns halved, an odd last one dropped.
///
/// Throws what conv2d_shape throws, ShapeError if the convolution has less than two rows or columns, and ValueError for
/// dilation, groups, and an activation other than linear and relu.
inline Shape4 conv2d_maxpool2d_shape(const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
  const Shape4 z = conv2d_shape(x, w, o);
  if (o.activation != ActivationFunction::linear && o.activation != ActivationFunction::relu)
    detail::raise<ValueError>("conv2d_maxpool2d: expected activation linear or relu, got " + to_string(o.activation) +
                              ": pool apart");
  if (!o.is_plain())
    detail::raise<ValueError>("conv2d_maxpool2d: expected neither dilation nor groups, got " + to_string(o.dilation) +
                              " and " + std::to_string(o.groups) + ": pool apart");
  if (z.h < 2 || z.w < 2)
    detail::raise<ShapeError>("conv2d_maxpool2d: a pool of (2, 2) does not fit the convolution's " + to_string(z));
  return {z.n, z.h / 2, z.w / 2, z.c};
}

namespace kernel {
template <class T, class Device>
struct conv2d;  // defined in cpu.hpp and cuda.hpp; "incomplete type" here means: include that one
}

/// Bytes of workspace with which every conv2d call for these shapes runs, forward and backward, pooled or not;
/// gradients by filters behind a prologue need more.
template <class T, class Device>
std::int64_t conv2d_workspace(const Device& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o,
                              bool prologue = false) {
  conv2d_shape(x, w, o);
  return kernel::conv2d<T, Device>::workspace(on, x, w, o, prologue);
}

/// Whether a convolution by these filters takes a prologue: on the Cpu, 1x1 filters that see every pixel.
template <class Device>
constexpr bool conv2d_takes_prologue(const FilterShape& w, const Conv2DOptions& o) {
  return std::is_same_v<Device, Cpu> && w.kh == 1 && w.kw == 1 && o.stride == Size2(1) && o.is_plain();
}

/// Bytes of workspace for conv2d and conv2d_maxpool2d alone: inference.
template <class T, class Device>
std::int64_t conv2d_forward_workspace(const Device& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o) {
  conv2d_shape(x, w, o);
  return kernel::conv2d<T, Device>::forward_workspace(on, x, w, o);
}

/// The name of the algorithm that these shapes get in a forward pass; pooled: by conv2d_maxpool2d.
template <class T, class Device>
std::string conv2d_kernel_name(const Device& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o,
                               bool pooled = false) {
  return kernel::conv2d<T, Device>::name(on, x, w, o, pooled);
}

/// Bytes of what conv2d_prepare() makes of filters; 0: the kernel takes them as they are. They depend on the filters,
/// on the height and width of x, and on which of the two ops it is, not on the number of samples. pooled: for
/// conv2d_maxpool2d.
template <class T, class Device>
std::int64_t conv2d_prepared_bytes(const Device& on, const Shape4& x, const FilterShape& w, const Conv2DOptions& o,
                                   bool pooled = false) {
  conv2d_shape(x, w, o);
  return kernel::conv2d<T, Device>::prepared_bytes(on, x, w, o, pooled);
}

/// Brings the filters into the layout that the kernel for these shapes reads: what each call of conv2d, or pooled
/// conv2d_maxpool2d, does anew unless it is given `prepared`. The results have the same bits.
///
///     x: shape of the pictures, of any number; w (KH, KW, CI, CO)  ->  prepared (conv2d_prepared_bytes)
///
/// prepared begins at a multiple of 64 bytes, serves the processor that made it alone, and is of no use when w changes.
template <class T, class Device>
void conv2d_prepare(const Device& on, const Shape4& x, In<T, Device> w, const Conv2DOptions& o, bool pooled,
                    Out<std::byte, Device> prepared) {
  detail::expect_shape("conv2d_prepare", "prepared", Shape{conv2d_prepared_bytes<T>(on, x, w.shape, o, pooled)},
                       prepared.shape);
  if (prepared.size() > 0) kernel::conv2d<T, Device>::prepare(on, x, w, o, pooled, prepared);
}

/// y = activation(x * w + bias), where * is the cross-correlation of Keras.
///
///     x (N, H, W, groups CI), w (KH, KW, CI, CO), bias (CO) or empty  ->  y (N, OH, OW, CO)
///
/// With groups, output channels [g CO / groups, (g + 1) CO / groups) see input channels [g CI, (g + 1) CI) alone.
/// y overlaps no input. workspace: conv2d_forward_workspace. prepared: of w, by conv2d_prepare, or empty. prologue:
/// done to x as it is read, where conv2d_takes_prologue() says so.
template <class T, class Device>
void conv2d(const Device& on, In<T, Device> x, In<T, Device> w, In<T, Device> bias, Out<T, Device> y,
            const Conv2DOptions& o, Workspace<Device> workspace, In<std::byte, Device> prepared = {},
            const Prologue<T, Device>& prologue = {}) {
  detail::expect_shape("conv2d", "y", conv2d_shape(x.shape, w.shape, o), y.shape);
  detail::expect_prologue("conv2d", conv2d_takes_prologue<Device>(w.shape, o), x.shape, prologue);
  if (!bias.empty()) detail::expect_shape("conv2d", "bias", Shape{w.shape[3]}, bias.shape);
  if (y.size() == 0) return;
  detail::expect_workspace("conv2d", conv2d_forward_workspace<T>(on, x.shape, w.shape, o), workspace.size());
  if (!prepared.empty())
    detail::expect_shape("conv2d", "prepared", Shape{conv2d_prepared_bytes<T>(on, x.shape, w.shape, o)},
                         prepared.shape);
  kernel::conv2d<T, Device>::forward(on, x, w, bias, y, o, workspace, prepared, prologue);
}

/// y = activation(x * w + bias + residual): a block's last convolution and its shortcut in one pass, with the bits of
/// conv2d without an activation, add, and the activation one after the other.
///
///     x (N, H, W, groups CI), w (KH, KW, CI, CO), bias (CO) or empty, residual (N, OH, OW, CO)  ->  y (N, OH, OW, CO)
///
/// y overlaps no input. workspace: conv2d_forward_workspace. prepared: of w, by conv2d_prepare, or empty.
template <class T, class Device>
void conv2d_add(const Device& on, In<T, Device> x, In<T, Device> w, In<T, Device> bias, In<T, Device> residual,
                Out<T, Device> y, const Conv2DOptions& o, Workspace<Device> workspace,
                In<std::byte, Device> prepared = {}) {
  const Shape expected = conv2d_shape(x.shape, w.shape, o);
  detail::expect_shape("conv2d_add", "y", expected, y.shape);
  detail::expect_shape("conv2d_add", "residual", expected, residual.shape);
  if (!bias.empty()) detail::expect_shape("conv2d_add", "bias", Shape{w.shape[3]}, bias.shape);
  if (y.size() == 0) return;
  detail::expect_workspace("conv2d_add", conv2d_forward_workspace<T>(on, x.shape, w.shape, o), workspace.size());
  if (!prepared.empty())
    detail::expect_shape("conv2d_add", "prepared", Shape{conv2d_prepared_bytes<T>(on, x.shape, w.shape, o)},
                         prepared.shape);
  kernel::conv2d<T, Device>::forward_added(on, x, w, bias, residual, y, o, workspace, prepared);
}

/// The same with a normalization of each output channel before the residual. The product and sum of a normalization may
/// round once here and twice in batch_normalization, as the compiler has it:
///
///     y = activation((x * w + bias - mean) factor + shift + residual)
///
///     ..., mean, factor, shift (CO), residual (N, OH, OW, CO) or empty  ->  y (N, OH, OW, CO)
///
/// On a GPU one after the other.
template <class T, class Device>
void conv2d_normalized(const Device& on, In<T, Device> x, In<T, Device> w, In<T, Device> bias,
                       const ChannelNormalization<T, Device>& normalization, In<T, Device> residual, Out<T, Device> y,
                       const Conv2DOptions& o, Workspace<Device> workspace, In<std::byte, Device> prepared = {}) {
  const Shape expected = conv2d_shape(x.shape, w.shape, o);
  detail::expect_shape("conv2d_normalized", "y", expected, y.shape);
  detail::expect_normalization("conv2d_normalized", w.shape[3], normalization);
  if (!residual.empty()) detail::expect_shape("conv2d_normalized", "residual", expected, residual.shape);
  if (!bias.empty()) detail::expect_shape("conv2d_normalized", "bias", Shape{w.shape[3]}, bias.shape);
  if (y.size() == 0) return;
  detail::expect_workspace("conv2d_normalized", conv2d_forward_workspace<T>(on, x.shape, w.shape, o), workspace.size());
  if (!prepared.empty())
    detail::expect_shape("conv2d_normalized", "prepared", Shape{conv2d_prepared_bytes<T>(on, x.shape, w.shape, o)},
                         prepared.shape);
  kernel::conv2d<T, Device>::forward_normalized(on, x, w, bias, normalization, residual, y, o, workspace, prepared);
}

/// Gradient by x, from the gradient by the sum before the activation.
///
///     dz (N, OH, OW, CO), w (KH, KW, CI, CO)  ->  dx (N, H, W, CI), overwritten
///
/// dx overlaps no input. workspace: conv2d_workspace.
template <class T, class Device>
void conv2d_backward_data(const Device& on, In<T, Device> dz, In<T, Device> w, Out<T, Device> dx,
                          const Conv2DOptions& o, Workspace<Device> workspace) {
  detail::expect_shape("conv2d_backward_data", "dz", conv2d_shape(dx.shape, w.shape, o), dz.shape);
  if (dx.size() == 0) return;
  detail::expect_workspace("conv2d_backward_data", conv2d_workspace<T>(on, dx.shape, w.shape, o), workspace.size());
  kernel::conv2d<T, Device>::backward_data(on, dz, w, dx, o, workspace);
}

/// Gradients by w and bias, from the gradient by the sum before the activation, summed over the batch.
///
///     x (N, H, W, CI), dz (N, OH, OW, CO)  ->  dw (KH, KW, CI, CO), db (CO) or empty, overwritten
///
/// workspace: conv2d_workspace. prologue: that of the forward pass.
template <class T, class Device>
void conv2d_backward_weights(const Device& on, In<T, Device> x, In<T, Device> dz, Out<T, Device> dw, Out<T, Device> db,
                             const Conv2DOptions& o, Workspace<Device> workspace,
                             const Prologue<T, Device>& prologue = {}) {
  detail::expect_shape("conv2d_backward_weights", "dz", conv2d_shape(x.shape, dw.shape, o), dz.shape);
  if (!db.empty()) detail::expect_shape("conv2d_backward_weights", "db", Shape{dw.shape[3]}, db.shape);
  detail::expect_prologue("conv2d_backward_weights", conv2d_takes_prologue<Device>(dw.shape, o), x.shape, prologue);
  detail::expect_workspace("conv2d_backward_weights", conv2d_workspace<T>(on, x.shape, dw.shape, o, !prologue.empty()),
                           workspace.size());
  kernel::conv2d<T, Device>::backward_weights(on, x, dz, dw, db, o, workspace, prologue);
}

/// conv2d and the 2x2 maximum of its output in one pass; the full-size output is never stored.
///
///     x (N, H, W, CI), w (KH, KW, CI, CO), bias (CO) or empty  ->  y, code (N, OH / 2, OW / 2, CO)
///
/// code, for the backward pass: 0..3, the row-major position in the window that gave the maximum (the first of equals);
/// with relu 4 where y is 0, which no gradient passes. Empty in inference. activation: linear or relu.
/// y overlaps no input. workspace: conv2d_forward_workspace. prepared: of w, by conv2d_prepare for this op, or empty.
template <class T, class Device>
void conv2d_maxpool2d(const Device& on, In<T, Device> x, In<T, Device> w, In<T, Device> bias, Out<T, Device> y,
                      Out<std::uint8_t, Device> code, const Conv2DOptions& o, Workspace<Device> workspace,
                      In<std::byte, Device> prepared = {}) {
  const Shape expected = conv2d_maxpool2d_shape(x.shape, w.shape, o);
  detail::expect_shape("conv2d_maxpool2d", "y", expected, y.shape);
  if (!code.empty()) detail::expect_shape("conv2d_maxpool2d", "code", expected, code.shape);
  if (!bias.empty()) detail::expect_shape("conv2d_maxpool2d", "bias", Shape{w.shape[3]}, bias.shape);
  if (y.size() == 0) return;
  detail::expect_workspace("conv2d_maxpool2d", conv2d_forward_workspace<T>(on, x.shape, w.shape, o), workspace.size());
  if (!prepared.empty())
    detail::expect_shape("conv2d_maxpool2d", "prepared", Shape{conv2d_prepared_bytes<T>(on, x.shape, w.shape, o, true)},
                         prepared.shape);
  kernel::conv2d<T, Device>::forward_pooled(on, x, w, bias, y, code, o, workspace, prepared);
}

/// Gradient by x of conv2d_maxpool2d, from the gradient by its output y; the code carries the activation.
///
///     dy, code (N, OH / 2, OW / 2, CO), w (KH, KW, CI, CO)  ->  dx (N, H, W, CI), overwritten
template <class T, class Device>
void conv2d_maxpool2d_backward_data(const Device& on, In<T, Device> dy, In<std::uint8_t, Device> code, In<T, Device> w,
                                    Out<T, Device> dx, const Conv2DOptions& o, Workspace<Device> workspace) {
  const Shape expected = conv2d_maxpool2d_shape(dx.shape, w.shape, o);
  detail::expect_shape("conv2d_maxpool2d_backward_data", "dy", expected, dy.shape);
  detail::expect_shape("conv2d_maxpool2d_backward_data", "code", expected, code.shape);
  if (dx.size() == 0) return;
  detail::expect_workspace("conv2d_maxpool2d_backward_data", conv2d_workspace<T>(on, dx.shape, w.shape, o),
                           workspace.size());
  kernel::conv2d<T, Device>::backward_data_pooled(on, dy, code, w, dx, o, workspace);
}

/// Gradients by w and bias of conv2d_maxpool2d, from the gradient by its output y, summed over the batch.
///
///     x (N, H, W, CI), dy, code (N, OH / 2, OW / 2, CO)  ->  dw (KH, KW, CI, CO), db (CO) or empty, overwritten
template <class T, class Device>
void conv2d_maxpool2d_backward_weights(const Device& on, In<T, Device> x, In<T, Device> dy,
                                       In<std::uint8_t, Device> code, Out<T, Device> dw, Out<T, Device> db,
                                       const Conv2DOptions& o, Workspace<Device> workspace) {
  const Shape expected = conv2d_maxpool2d_shape(x.shape, dw.shape, o);
  detail::expect_shape("conv2d_maxpool2d_backward_weights", "dy", expected, dy.shape);
  detail::expect_shape("conv2d_maxpool2d_backward_weights", "code", expected, code.shape);
  if (!db.empty()) detail::expect_shape("conv2d_maxpool2d_backward_weights", "db", Shape{dw.shape[3]}, db.shape);
  detail::expect_workspace("conv2d_maxpool2d_backward_weights", conv2d_workspace<T>(on, x.shape, dw.shape, o),
                           workspace.size());
  kernel::conv2d<T, Device>::backward_weights_pooled(on, x, dy, code, dw, db, o, workspace);
}

namespace reference {

/// Calls visit(i, j, k): x.data[i] times w.data[j] is a term of y.data[k], for every term of a convolution.
template <class F>
void conv2d_terms(const Shape4& x, const FilterShape& w, const Conv2DOptions& o, F&& visit) {
  const Shape4 y = conv2d_shape(x, w, o);
  const auto [rows, columns] = conv2d_windows(x, w, o);
  const std::int64_t outputs = w.co / o.groups;  // of a group
  for (std::int64_t n = 0; n < y.n; ++n)
    for (std::int64_t oh = 0; oh < y.h; ++oh)
      for (std::int64_t ow = 0; ow < y.w; ++ow)
        for (std::int64_t kh = 0; kh < w.kh; ++kh)
          for (std::int64_t kw = 0; kw < w.kw; ++kw) {
            const std::int64_t h = oh * o.stride.h - rows.before + kh * o.dilation.h;
            const std::int64_t column = ow * o.stride.w - columns.before + kw * o.dilation.w;
            if (h < 0 || h >= x.h || column < 0 || column >= x.w) continue;
            for (std::int64_t ci = 0; ci < w.ci; ++ci)
              for (std::int64_t co = 0; co < w.co; ++co)
                visit(((n * x.h + h) * x.w + column) * x.c + co / outputs * w.ci + ci,
                      ((kh * w.kw + kw) * w.ci + ci) * w.co + co, ((n * y.h + oh) * y.w + ow) * y.c + co);
          }
}

template <class T>
void conv2d(In<T, Cpu> x, In<T, Cpu> w, In<T, Cpu> bias, Out<T, Cpu> y, const Conv2DOptions& o) {
  const std::int64_t channels = w.shape[3];
  for (std::int64_t i = 0; i < y.size(); ++i) y.data[i] = bias.empty() ? T(0) : bias.data[i % channels];
  conv2d_terms(x.shape, w.shape, o,
               [&](std::int64_t i, std::int64_t j, std::int64_t k) { y.data[k] += x.data[i] * w.data[j]; });
  activate<T>(o.activation, y, y);
}

template <class T>
void conv2d_backward_data(In<T, Cpu> dz, In<T, Cpu> w, Out<T, Cpu> dx, const Conv2DOptions& o) {
  for (std::int64_t i = 0; i < dx.size(); ++i) dx.data[i] = 0;
  conv2d_terms(dx.shape, w.shape, o,
               [&](std::int64_t i, std::int64_t j, std::int64_t k) { dx.data[i] += dz.data[k] * w.data[j]; });
}

template <class T>
void conv2d_backward_weights(In<T, Cpu> x, In<T, Cpu> dz, Out<T, Cpu> dw, Out<T, Cpu> db, const Conv2DOptions& o) {
  for (std::int64_t j = 0; j < dw.size(); ++j) dw.data[j] = 0;
  conv2d_terms(x.shape, dw.shape, o,
               [&](std::int64_t i, std::int64_t j, std::int64_t k) { dw.data[j] += x.data[i] * dz.data[k]; });
  if (db.empty()) return;
  for (std::int64_t co = 0; co < db.size(); ++co) db.data[co] = 0;
  for (std::int64_t k = 0; k < dz.size(); ++k) db.data[k % db.size()] += dz.data[k];
}

/// The 2x2 maximum of the full-size output z of conv2d, with its code.
template <class T>
void conv2d_maxpool2d(In<T, Cpu> z, Out<T, Cpu> y, Out<std::uint8_t, Cpu> code, const Conv2DOptions& o) {
  const Shape4 in = z.shape, out = y.shape;
  std::int64_t i = 0;
  for (std::int64_t n = 0; n < out.n; ++n)
    for (std::int64_t oh = 0; oh < out.h; ++oh)
      for (std::int64_t ow = 0; ow < out.w; ++ow)
        for (std::int64_t c = 0; c < out.c; ++c, ++i)
          for (std::int64_t k = 0; k < 4; ++k) {
            const T value = z.data[((n * in.h + 2 * oh + k / 2) * in.w + 2 * ow + k % 2) * in.c + c];
            if (k > 0 && !(value > y.data[i] || (value != value && y.data[i] == y.data[i]))) continue;
            y.data[i] = value;
            const bool dead = o.activation == ActivationFunction::relu && value == T(0);
            if (!code.empty()) code.data[i] = dead ? std::uint8_t{4} : static_cast<std::uint8_t>(k);
          }
}

/// Gradient by the sum before the activation, full size, from that of the pooled output.
///
///     dy, code (N, OH / 2, OW / 2, CO)  ->  dz (N, OH, OW, CO)
template <class T>
void conv2d_maxpool2d_expand(In<T, Cpu> dy, In<std::uint8_t, Cpu> code, Out<T, Cpu> dz) {
  const Shape4 in = dy.shape, out = dz.shape;
  for (std::int64_t i = 0; i < dz.size(); ++i) dz.data[i] = 0;
  std::int64_t i = 0;
  for (std::int64_t n = 0; n < in.n; ++n)
    for (std::int64_t h = 0; h < in.h; ++h)
      for (std::int64_t w = 0; w < in.w; ++w)
        for (std::int64_t c = 0; c < in.c; ++c, ++i) {
          const std::int64_t k = code.data[i];
          if (k < 4) dz.data[((n * out.h + 2 * h + k / 2) * out.w + 2 * w + k % 2) * out.c + c] = dy.data[i];
        }
}

}  // namespace reference
}  // namespace brindle::ops
