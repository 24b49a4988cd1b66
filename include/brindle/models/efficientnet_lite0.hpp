// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "brindle/nn/model.hpp"

namespace brindle::models {

/// How EfficientNet-Lite0 ends.
struct EfficientNetLite0Options {
  bool include_top = false;     ///< the dense layer "predictions" with softmax
  std::int64_t classes = 1000;  ///< of the top
  double dropout = 0.2;         ///< in front of the top
};

namespace detail {

/// A row of the paper's table: `repeats` blocks, the first of which has the stride.
struct EfficientNetRow {
  int repeats;
  std::int64_t kernel, stride, expand, filters;
};

inline constexpr EfficientNetRow efficientnet_lite0_rows[] = {{1, 3, 1, 1, 16}, {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40},
                                                              {3, 3, 2, 6, 80}, {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192},
                                                              {1, 3, 1, 6, 320}};

/// "block2a", "block2b", ...
inline std::string efficientnet_block(int row, int number) {
  return "block" + std::to_string(row + 1) + static_cast<char>('a' + number);
}

}  // namespace detail

/// EfficientNet-Lite0: 16 inverted residual blocks with ReLU6 and without squeeze-and-excitation, layers named as
/// Keras names those of EfficientNetB0 (block2a_expand_conv).
///
///     x (N, H, W, 3), H and W at least 32, pictures as Preprocessing::efficientnet_lite
///       ->  (N, 1280), the mean over positions; with its top (N, classes)
///
/// 3,413,024 parameters (42,016 of them moving averages), with its top 4,694,024; 0.77 billion operations at 224x224.
/// The weights are random; those that were trained on ImageNet come from a file: models/pretrained.hpp. Throws
/// ShapeError for a smaller input, ValueError for classes < 1. M. Tan, Q. Le, arXiv:1905.11946;
/// github.com/tensorflow/tpu, efficientnet/lite.
template <class T, class Device = Cpu>
requires requires { Device::name; }
Model<T, Device> efficientnet_lite0(const Device& on, const Shape& input, const EfficientNetLite0Options& options = {});

/// The same on the default device.
template <class T, class Device = Cpu>
Model<T, Device> efficientnet_lite0(const Shape& input, const EfficientNetLite0Options& options = {});

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/efficientnet_lite0_inl.hpp"
#endif
