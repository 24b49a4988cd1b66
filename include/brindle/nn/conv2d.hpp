// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"
#include "brindle/ops/padding.hpp"

namespace brindle {

/// Convolution of pictures (cross-correlation, as everywhere in deep learning), plus bias, then the activation.
///
///     x (N, H, W, CI)  ->  y (N, OH, OW, filters);  OH valid: floor((H - KH) / stride) + 1, same: ceil(H / stride)
///     kernel (KH, KW, CI / groups, filters), glorot_uniform;  bias (filters), zeros
///
/// `same` adds zeros around the picture, the odd one at the bottom and right. A dilated filter stands for one of
/// (KH - 1) dilation + 1 rows. With groups, each group of output channels sees a group of input channels alone.
/// Keras: layers/convolutional/conv2d.py.
struct Conv2D {
  std::int64_t filters = 1;  ///< output channels, >= 1
  Size2 kernel = 3;          ///< rows and columns of a filter, >= 1; Keras's kernel_size
  ActivationFunction activation = ActivationFunction::linear;  ///< after the bias
  Size2 stride = 1;                                            ///< step between filter positions, >= 1
  /// Padding::same: zeros around the picture; or as many as are said, {top, bottom, left, right}.
  Conv2DPadding padding = Padding::valid;
  bool use_bias = true;     ///< a number per filter is added
  std::string name = {};    ///< empty: conv2d, conv2d_1, ...
  Size2 dilation = 1;       ///< step between the elements of a filter, >= 1; Keras's dilation_rate
  std::int64_t groups = 1;  ///< of channels; input channels and filters are multiples of it

  /// The same with a name: Conv2D{...}.named("conv2d").
  Conv2D named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/conv2d_inl.hpp"
#endif
