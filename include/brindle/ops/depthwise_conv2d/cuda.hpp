// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/cuda.hpp"
#include "brindle/ops/batch_normalization/cuda.hpp"
#include "brindle/ops/conv2d/cuda.hpp"
#include "brindle/ops/depthwise_conv2d/depthwise_conv2d.hpp"

namespace brindle::ops::kernel {

/// By conv2d's own kernels for groups: each channel is one, and its filters lie as they do here.
template <>
struct depthwise_conv2d<float, Cuda> {
  static std::int64_t workspace(const Cuda& on, const Shape4& x, const FilterShape& w, const DepthwiseConv2DOptions& o,
                                bool /*prologue*/) {
    return conv2d<float, Cuda>::general_workspace(on, x, by_groups(w), o.by_groups(x.c));
  }

  static std::int64_t forward_workspace(const Cuda&, const Shape4&, const FilterShape&, const DepthwiseConv2DOptions&,
                                        bool /*prologue*/) {
    return 0;
  }

  static void forward(const Cuda& on, In<float, Cuda> x, In<float, Cuda> w, In<float, Cuda> bias, Out<float, Cuda> y,
                      const DepthwiseConv2DOptions& o, Workspace<Cuda>, const Prologue<float, Cuda>& = {}) {
    conv2d<float, Cuda>::general_forward(on, x, filters(w), bias, y, o.by_groups(x.shape[3]));
  }

  static void forward_normalized(const Cuda& on, In<float, Cuda> x, In<float, Cuda> w, In<float, Cuda> bias,
                                 const ChannelNormalization<float, Cuda>& normalization, Out<float, Cuda> y,
                                 const DepthwiseConv2DOptions& o, Workspace<Cuda> workspace) {
    DepthwiseConv2DOptions sums = o;
    sums.activation = ActivationFunction::linear;
    forward(on, x, w, bias, y, sums, workspace);
    batch_normalization<float, Cuda>::normalize(on, normalization, {}, y, o.activation);
  }

  static void backward_data(const Cuda& on, In<float, Cuda> dz, In<float, Cuda> w, Out<float, Cuda> dx,
                            const DepthwiseConv2DOptions& o, Workspace<Cuda>) {
    conv2d<float, Cuda>::general_backward_data(on, dz, filters(w), dx, o.by_groups(dx.shape[3]));
  }

  static void backward_weights(const Cuda& on, In<float, Cuda> x, In<float, Cuda> dz, Out<float, Cuda> dw,
                               Out<float, Cuda> db, const DepthwiseConv2DOptions& o, Workspace<Cuda> workspace,
                               const Prologue<float, Cuda>& = {}) {
    conv2d<float, Cuda>::general_backward_weights(on, x, dz, filters(dw), db, o.by_groups(x.shape[3]), workspace);
  }

 private:
  static FilterShape by_groups(const FilterShape& w) { return {w.kh, w.kw, 1, w.ci * w.co}; }

  template <class U>
  static TensorView<U, Cuda> filters(const TensorView<U, Cuda>& w) {
    return {w.data, by_groups(w.shape)};
  }
};

}  // namespace brindle::ops::kernel
