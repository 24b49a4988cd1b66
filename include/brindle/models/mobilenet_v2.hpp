// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/nn/model.hpp"

namespace brindle::models {

/// Whose MobileNetV2: weights of the one do not fit the other.
enum class MobileNetV2Variant {
  keras,        ///< zeros below and to the right where it halves the picture; epsilon 0.001
  torchvision,  ///< zeros on all sides there, epsilon 0.00001; timm's mobilenetv2_100 is the same
};

/// Which MobileNetV2, how wide it is, and how it ends.
struct MobileNetV2Options {
  MobileNetV2Variant variant = MobileNetV2Variant::keras;  ///< by whom the weights are that are read
  /// Times as many filters in every layer, rounded to multiples of 8; there are weights for 0.35, 0.5, 0.75, 1, 1.3 and
  /// 1.4. The last convolution has 1280 or more.
  double alpha = 1;
  bool include_top = false;     ///< mean and the dense layer with softmax
  std::int64_t classes = 1000;  ///< of the top
};

/// MobileNetV2: 17 inverted residual blocks, layers named as in Keras (Conv1, block_1_expand, predictions) or as in
/// torchvision (features.0.0, features.2.conv.0.0, classifier.1).
///
///     x (N, H, W, C), H and W at least 32  ->  (N, ceil(H / 32), ceil(W / 32), 1280); with its top (N, classes)
///
/// Pictures as Preprocessing::minus_one_to_one for Keras's weights, as Preprocessing::imagenet_mean_std for
/// torchvision's. With its top it ends in softmax, torchvision's in what stands before.
/// 2,257,984 parameters for alpha 1 and C = 3 (34,112 of them moving averages), with its top 3,538,984. The weights
/// are random; those of a file: models/pretrained.hpp. Throws ShapeError for a smaller input, ValueError for an alpha
/// that is not above 0 and at most 100, and for classes < 1. M. Sandler et al., arXiv:1801.04381, table 2;
/// keras/src/applications/mobilenet_v2.py; torchvision/models/mobilenetv2.py.
template <class T, class Device = Cpu>
requires requires { Device::name; }  // not the name of a file
Model<T, Device> mobilenet_v2(const Device& on, const Shape& input, const MobileNetV2Options& options = {});

/// The same on the default device.
template <class T, class Device = Cpu>
Model<T, Device> mobilenet_v2(const Shape& input, const MobileNetV2Options& options = {});

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/mobilenet_v2_inl.hpp"
#endif
