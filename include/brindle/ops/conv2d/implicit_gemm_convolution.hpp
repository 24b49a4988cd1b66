// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/ops/conv2d/geometry.hpp"
#include "brindle/ops/conv2d/implicit_gemm.hpp"
#include "brindle/ops/conv2d/implicit_gemm_gradient.hpp"
#include "brindle/ops/conv2d/implicit_gemm_weights.hpp"
#include "brindle/ops/conv2d/tiles.hpp"

namespace brindle::ops::kernel {

/// The three convolutions of a layer; see ImplicitGemm. Forward and Gradient: what makes y and dx, ImplicitGemm or one
/// like it. Weights: what makes dw of pixels in a row.
///
/// With filters of 1x1 and a stride of 1, y = x w over all pixels of the batch, so that these are taken as one row: its
/// tiles are full, and the gradient's sums long, where those of a picture of 7x7 would be half empty. Forward the sums
/// are the same, and so are the bits. A pool, and the gradient of one, need the rows as they are.
template <class T, class Forward = ImplicitGemm<T>, class Gradient = Forward, class Weights = ImplicitGemmWeights<T>>
class ImplicitGemmConvolution {
 public:
  /// prologue: whether gradients by filters may read pictures that come with one.
  explicit ImplicitGemmConvolution(const ConvGeometry& g, bool prologue = false)
      : row_(g.one_row()),
        pictures_(g),
        pixels_(row_),
        gradient_of_pictures_(g),
        gradient_of_pixels_(row_),
        weights_of_pictures_(g),
        weights_of_pixels_(row_, prologue) {}

  /// Bytes of workspace.
  /// @{
  std::int64_t forward_workspace(const Cpu& on) const {
    return std::max(pictures_.forward_workspace(on.threads()), pixels_.forward_workspace(on.threads()));
  }
  std::int64_t backward_data_workspace(const Cpu& on) const {
    return std::max(gradient_of_pictures_.workspace(on.threads()), gradient_of_pixels_.workspace(on.threads()));
  }
  std::int64_t backward_weights_workspace(const Cpu& on) const {
    return std::max(weights_of_pictures_.workspace(on.threads()), weights_of_pixels_.workspace(on.threads()));
  }
  /// @}

  /// Elements of what prepare() makes of the filters, whatever the pictures are.
  std::int64_t prepared_size() const { return pictures_.packed_size(); }

  /// w -> prepared, for forward().
  void prepare(const Cpu& on, const T* w, T* prepared) const { pictures_.pack(on, w, false, prepared); }

  /// y = x * w, with what `y` says of bias, activation and pool. prepared: by prepare(), or null.
  void forward(const Cpu& on, const Picture<T>& x, const T* w, const PictureOutput<T>& y, Workspace<Cpu> workspace,
               const T* prepared = nullptr) const {
    if (y.pooled)
      pictures_.forward(on, x, w, false, y, workspace, prepared);
    else
      pixels_.forward(on, x.reshaped(row_.h, row_.w), w, false, y, workspace, prepared);
  }

  /// dx (N, H, W, CI) from dz.
  void backward_data(const Cpu& on, const Picture<T>& dz, const T* w, T* dx, Workspace<Cpu> workspace) const {
    if (dz.code)
      gradient_of_pictures_.run(on, dz, w, dx, workspace);
    else
      gradient_of_pixels_.run(on, dz.reshaped(row_.oh, row_.ow), w, dx, workspace);
  }

  /// dw (KH, KW, CI, CO) and, unless null, db (CO).
  void backward_weights(const Cpu& on, const Picture<T>& x, const Picture<T>& dz, T* dw, T* db,
                        Workspace<Cpu> workspace) const {
    if (dz.code)
      weights_of_pictures_.run(on, x, dz, dw, db, workspace);
    else
      weights_of_pixels_.run(on, x.reshaped(row_.h, row_.w), dz.reshaped(row_.oh, row_.ow), dw, db, workspace);
  }

  /// dw, db unless null, and dx, from dz, where weights_of_pixels_ can make both at once.
  void backward(const Cpu& on, const Picture<T>& x, const Picture<T>& dz, T* dw, T* db, const DataGradient<T>& data,
                Workspace<Cpu> workspace) const {
    weights_of_pixels_.run(on, x.reshaped(row_.h, row_.w), dz.reshaped(row_.oh, row_.ow), dw, db, workspace, data);
  }

 private:
  ConvGeometry row_;  // of the pixels
  Forward pictures_, pixels_;
  ImplicitGemmGradient<T, Gradient> gradient_of_pictures_, gradient_of_pixels_;
  ImplicitGemmWeights<T> weights_of_pictures_;
  Weights weights_of_pixels_;
};

}  // namespace brindle::ops::kernel
