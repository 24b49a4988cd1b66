// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/implicit_gemm.hpp"
#include "brindle/ops/conv2d/tiles.hpp"

namespace brindle::ops::kernel {

/// The three convolutions of a layer; see ImplicitGemm.
///
/// With filters of 1x1 and a stride of 1, y = x w over all pixels of the batch, so that these are taken as one row: its
/// tiles are full where those of a picture of 7x7 would be half empty. Sums are the same, and so are the bits. A pool,
/// and the gradient of one, need the rows as they are.
template <class T>
class ImplicitGemmConvolution {
 public:
  explicit ImplicitGemmConvolution(const ConvGeometry& g)
      : pictures_(g),
        pixels_(one_row(g)),
        data_of_pictures_(spread(g), g.stride),
        data_of_pixels_(g.stride == Size2(1) ? one_row(spread(g)) : spread(g), g.stride) {}

  /// Bytes of workspace.
  /// @{
  std::int64_t forward_workspace(const Cpu& on) const {
    return std::max(pictures_.forward_workspace(on.threads()), pixels_.forward_workspace(on.threads()));
  }
  std::int64_t backward_data_workspace(const Cpu& on) const {
    return std::max(data_of_pictures_.forward_workspace(on.threads()), data_of_pixels_.forward_workspace(on.threads()));
  }
  std::int64_t backward_weights_workspace(const Cpu& on) const { return pictures_.weights_workspace(on.threads()); }
  /// @}

  /// Elements of what prepare() makes of the filters, whatever the pictures are.
  std::int64_t prepared_size() const { return pictures_.packed_size(); }

  /// w -> prepared, for forward().
  void prepare(const Cpu& on, const T* w, T* prepared) const { pictures_.pack(on, w, false, prepared); }

  /// y = x * w, with what `y` says of bias, activation and pool. prepared: by prepare(), or null.
  void forward(const Cpu& on, const Picture<T>& x, const T* w, const PictureOutput<T>& y, Workspace<Cpu> workspace,
               const T* prepared = nullptr) const {
    (y.pooled ? pictures_ : pixels_).forward(on, x, w, false, y, workspace, prepared);
  }

  /// dx (N, H, W, CI) from dz.
  void backward_data(const Cpu& on, const Picture<T>& dz, const T* w, T* dx, Workspace<Cpu> workspace) const {
    (dz.code ? data_of_pictures_ : data_of_pixels_).forward(on, dz, w, true, {.y = dx}, workspace);
  }

  /// dw (KH, KW, CI, CO) and, unless null, db (CO).
  void backward_weights(const Cpu& on, const Picture<T>& x, const Picture<T>& dz, T* dw, T* db,
                        Workspace<Cpu> workspace) const {
    pictures_.backward_weights(on, x, dz, dw, db, workspace);
  }

 private:
  /// The gradient's convolution over dz with stride - 1 zeros between its rows and columns.
  static ConvGeometry spread(const ConvGeometry& g) {
    ConvGeometry b = g.backward();
    b.h = (g.oh - 1) * g.stride.h + 1;
    b.w = (g.ow - 1) * g.stride.w + 1;
    return b;
  }

  /// The same convolution with all pixels in one row, where each sees itself alone.
  static ConvGeometry one_row(const ConvGeometry& g) {
    if (g.kh != 1 || g.kw != 1 || !(g.stride == Size2(1)) || g.top != 0 || g.left != 0 || g.oh != g.h || g.ow != g.w)
      return g;
    const std::int64_t pixels = g.n * g.h * g.w;
    return {1, 1, pixels, g.ci, 1, 1, 1, pixels, g.co, g.stride, 0, 0};
  }

  ImplicitGemm<T> pictures_, pixels_, data_of_pictures_, data_of_pixels_;
};

}  // namespace brindle::ops::kernel
