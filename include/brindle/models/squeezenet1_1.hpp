// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/nn/model.hpp"

namespace brindle::models {

/// How SqueezeNet 1.1 ends.
struct SqueezeNet1_1Options {
  bool include_top = false;     ///< dropout, the convolution "classifier.1", mean and softmax as well
  std::int64_t classes = 1000;  ///< of the top
  double dropout = 0.5;         ///< in the top
};

/// SqueezeNet 1.1: eight fire modules, layers named as in torchvision (features.3.squeeze).
///
///     x (N, H, W, C), H and W at least 32, pictures as Preprocessing::imagenet_mean_std
///       ->  (N, about H / 16, about W / 16, 512); with its top (N, classes)
///
/// 722,496 parameters for C = 3, with its top 1,235,496. Pools round up: their last window may stand out of the
/// picture. With its top it ends in softmax, torchvision's in what stands before. The weights are random; those of a
/// file: models/pretrained.hpp. Throws ShapeError for a smaller input, ValueError for classes < 1.
/// F. Iandola et al., arXiv:1602.07360; torchvision/models/squeezenet.py.
template <class T, class Device = Cpu>
requires requires { Device::name; }  // not the name of a file
Model<T, Device> squeezenet1_1(const Device& on, const Shape& input, const SqueezeNet1_1Options& options = {});

/// The same on the default device.
template <class T, class Device = Cpu>
Model<T, Device> squeezenet1_1(const Shape& input, const SqueezeNet1_1Options& options = {});

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/squeezenet1_1_inl.hpp"
#endif
