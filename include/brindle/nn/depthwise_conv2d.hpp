// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle {

/// Convolution of each channel by filters of its own, plus bias, then the activation.
///
///     x (N, H, W, C)  ->  y (N, OH, OW, C depth_multiplier);  OH as of Conv2D
///     kernel (KH, KW, C, depth_multiplier), glorot_uniform;  bias (C depth_multiplier), zeros
///
/// Channel c of x gives channels c depth_multiplier and following of y.
/// Keras: layers/convolutional/depthwise_conv2d.py.
struct DepthwiseConv2D {
  Size2 kernel = 3;  ///< rows and columns of a filter, >= 1; Keras's kernel_size
  ActivationFunction activation = ActivationFunction::linear;  ///< after the bias
  Size2 stride = 1;                                            ///< step between filter positions, >= 1
  /// Padding::same: zeros around the picture; or as many as are said, {top, bottom, left, right}.
  Conv2DPadding padding = Padding::valid;
  std::int64_t depth_multiplier = 1;  ///< filters of a channel, >= 1
  Size2 dilation = 1;                 ///< step between the elements of a filter, >= 1; Keras's dilation_rate
  bool use_bias = true;               ///< a number per output channel is added
  std::string name = {};              ///< empty: depthwise_conv2d, depthwise_conv2d_1, ...

  /// The same with a name: DepthwiseConv2D{...}.named("depthwise").
  DepthwiseConv2D named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/depthwise_conv2d_inl.hpp"
#endif
