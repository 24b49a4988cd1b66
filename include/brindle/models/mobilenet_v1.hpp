// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/nn/model.hpp"

namespace brindle::models {

/// How wide MobileNetV1 is, and how it ends.
struct MobileNetV1Options {
  double alpha = 1;             ///< times as many filters in every layer; there are weights for 0.25, 0.5, 0.75 and 1
  bool include_top = false;     ///< mean, dropout, the convolution "conv_preds" and softmax as well
  std::int64_t classes = 1000;  ///< of the top
  double dropout = 1e-3;        ///< in the top
};

/// MobileNetV1: 13 depthwise separable convolutions, layers named as in Keras (conv_dw_1, conv_pw_1).
///
///     x (N, H, W, C), H and W at least 32, pictures as Preprocessing::minus_one_to_one
///       ->  (N, about H / 32, about W / 32, 1024 alpha); with its top (N, classes)
///
/// 3,228,864 parameters for alpha 1 and C = 3 (21,888 of them moving averages), with its top 4,253,864. The weights
/// are random; those of a file: models/pretrained.hpp. Throws ShapeError for a smaller input, ValueError for an alpha
/// that is not above 0 and at most 100 or leaves no filter, and for classes < 1. A. Howard et al., arXiv:1704.04861,
/// table 1; keras/src/applications/mobilenet.py.
template <class T, class Device = Cpu>
requires requires { Device::name; }  // not the name of a file
Model<T, Device> mobilenet_v1(const Device& on, const Shape& input, const MobileNetV1Options& options = {});

/// The same on the default device.
template <class T, class Device = Cpu>
Model<T, Device> mobilenet_v1(const Shape& input, const MobileNetV1Options& options = {});

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/mobilenet_v1_inl.hpp"
#endif
