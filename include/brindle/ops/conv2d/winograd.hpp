// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/winograd_forward.hpp"
#include "brindle/ops/conv2d/winograd_weights.hpp"

namespace brindle::ops::kernel {

/// The three convolutions of a layer with 3x3 filters and a stride of 1 by F(m x m, 3 x 3), m = 4, 3 or 2: a quarter,
/// 25/81 or 4/9 of the multiplications. P = 36, 25 or 16 positions of a transformed tile, t tiles of m x m outputs in a
/// block:
///
///     x tiles (t, m + 2, m + 2, CI) -> V (P, t, CI)     filters (3, 3, CI, CO) -> U (P, CI, CO)
///     M (P, t, CO) = V U at each position               M -> y tiles (t, m, m, CO), with bias, relu and pool
///
/// The gradient with respect to x is the same with rotated, transposed filters. The one with respect to the filters:
///
///     dz tiles (t, m, m, CO) -> D (P, t, CO)            dU (P, CI, CO) = sum over blocks of V' D   -> dw (3, 3, CI,
///     CO)
///
/// Three ways give the same bits of y and of dx. "Fused", for many tiles and small filters: U is made once, a thread
/// takes a block of tiles through all steps, V and M stay in its level 2 cache. "Dealt": a thread makes V of a block of
/// tiles and then, for one panel of filters behind the other, its U, M and y, so that U, four times as large as the
/// filters, is never stored whole, M is small, and little goes from core to core; see deal_winograd(). Few tiles: see
/// WinogradFewTiles. On the matrix unit (Forward = AmxWinograd) the bits are others.
///
/// The filters' gradient has two, by the sizes alone: "fused" in the same way, and "staged", where all threads share a
/// large block and meet after each step.
template <class T, int m, class Forward = WinogradForward<T, m>>
class WinogradConvolution {
 public:
  /// g: 3x3 filters, stride 1.
  explicit WinogradConvolution(const ConvGeometry& g) : forward_(g), data_(g.backward()), weights_(g) {}

  std::int64_t forward_workspace(const Cpu& on) const { return forward_.workspace(on.threads(), false); }
  std::int64_t backward_data_workspace(const Cpu& on) const { return data_.workspace(on.threads(), true); }
  std::int64_t backward_weights_workspace(const Cpu& on) const { return weights_.workspace(on.threads()); }

  /// Elements of what prepare() makes of the filters, whatever the pictures are.
  std::int64_t prepared_size() const { return forward_.prepared_size(); }

  /// w -> U, for forward().
  void prepare(const Cpu& on, const T* w, T* prepared) const { forward_.prepare(on, w, prepared); }

  /// y = x * w, with what `y` says of bias, relu and pool. prepared: by prepare(), or null.
  void forward(const Cpu& on, const Picture<T>& x, const T* w, const PictureOutput<T>& y, Workspace<Cpu> workspace,
               const T* prepared = nullptr) const {
    forward_.run(on, x, w, false, y, workspace, prepared);
  }

  /// dx (N, H, W, CI) from dz.
  void backward_data(const Cpu& on, const Picture<T>& dz, const T* w, T* dx, Workspace<Cpu> workspace) const {
    data_.run(on, dz, w, true, {.y = dx}, workspace);
  }

  /// dw (3, 3, CI, CO) and, unless null, db (CO).
  void backward_weights(const Cpu& on, const Picture<T>& x, const Picture<T>& dz, T* dw, T* db,
                        Workspace<Cpu> workspace) const {
    weights_.run(on, x, dz, dw, db, workspace);
  }

 private:
  Forward forward_, data_;
  WinogradWeights<T, m> weights_;
};

}  // namespace brindle::ops::kernel
