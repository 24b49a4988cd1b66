// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle {

/// A depthwise convolution and a 1x1 convolution of what it gives, plus bias, then the activation.
///
///     x (N, H, W, C)  ->  y (N, OH, OW, filters);  OH as of Conv2D
///     depthwise_kernel (KH, KW, C, depth_multiplier), pointwise_kernel (1, 1, C depth_multiplier, filters),
///     glorot_uniform;  bias (filters), zeros
///
/// Keras: layers/convolutional/separable_conv2d.py.
struct SeparableConv2D {
  std::int64_t filters = 1;  ///< output channels, >= 1
  Size2 kernel = 3;          ///< rows and columns of the depthwise filters, >= 1; Keras's kernel_size
  ActivationFunction activation = ActivationFunction::linear;  ///< after the bias
  Size2 stride = 1;                                            ///< step between depthwise filter positions, >= 1
  /// Padding::same: zeros around the picture; or as many as are said, {top, bottom, left, right}.
  Conv2DPadding padding = Padding::valid;
  std::int64_t depth_multiplier = 1;  ///< depthwise filters of a channel, >= 1
  Size2 dilation = 1;                 ///< step between the elements of a filter, >= 1; Keras's dilation_rate
  bool use_bias = true;               ///< a number per filter is added
  std::string name = {};              ///< empty: separable_conv2d, separable_conv2d_1, ...

  /// The same with a name: SeparableConv2D{...}.named("separable").
  SeparableConv2D named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/separable_conv2d_inl.hpp"
#endif
