// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/nn/model.hpp"

namespace brindle::models {

/// Whose ResNet50: weights of the one do not fit the other.
enum class ResNetVariant {
  keras,        ///< the paper's: the first 1x1 convolution of a block halves the picture; convolutions have biases
  torchvision,  ///< "v1.5": the 3x3 convolution halves it; no biases
};

/// Which ResNet50, and how it ends.
struct ResNet50Options {
  ResNetVariant variant = ResNetVariant::keras;  ///< by whom the weights are that are read
  bool include_top = false;                      ///< mean and the dense layer with softmax
  std::int64_t classes = 1000;                   ///< of the top
  std::int64_t width = 64;  ///< filters of the first stage, >= 1; the next have 2, 4 and 8 times as many
};

/// How ResNet18 ends.
struct ResNet18Options {
  bool include_top = false;     ///< mean and the dense layer "fc" with softmax
  std::int64_t classes = 1000;  ///< of the top
  std::int64_t width = 64;      ///< filters of the first stage, >= 1; the next have 2, 4 and 8 times as many
};

/// ResNet50: 16 bottlenecks in four stages, layers named as in Keras (conv2_block1_1_conv, predictions) or as in
/// torchvision (layer1.0.conv1, fc).
///
///     x (N, H, W, C), H and W at least 32  ->  (N, ceil(H / 32), ceil(W / 32), 2048); with its top (N, classes)
///
/// Pictures as Preprocessing::caffe for Keras's weights, as Preprocessing::imagenet_mean_std for torchvision's.
/// 23,587,712 parameters for C = 3 by Keras, with its top 25,636,712; by torchvision 25,557,032 with its top, the
/// moving averages not counted. With its top it ends in softmax, torchvision's in what stands before. The weights are
/// random; those of a file: models/pretrained.hpp. Throws ShapeError for a smaller input, ValueError for width or
/// classes < 1. K. He et al., arXiv:1512.03385, table 1; keras/src/applications/resnet.py;
/// torchvision/models/resnet.py.
template <class T, class Device = Cpu>
requires requires { Device::name; }  // not the name of a file
Model<T, Device> resnet50(const Device& on, const Shape& input, const ResNet50Options& options = {});

/// The same on the default device.
template <class T, class Device = Cpu>
Model<T, Device> resnet50(const Shape& input, const ResNet50Options& options = {});

/// ResNet18: 8 blocks of two 3x3 convolutions in four stages, layers named as in torchvision (layer1.0.conv1).
///
///     x (N, H, W, C), H and W at least 32, pictures as Preprocessing::imagenet_mean_std
///       ->  (N, ceil(H / 32), ceil(W / 32), 512); with its top (N, classes)
///
/// 11,689,512 parameters with its top for C = 3, the moving averages not counted. Else as resnet50.
template <class T, class Device = Cpu>
requires requires { Device::name; }  // not the name of a file
Model<T, Device> resnet18(const Device& on, const Shape& input, const ResNet18Options& options = {});

/// The same on the default device.
template <class T, class Device = Cpu>
Model<T, Device> resnet18(const Shape& input, const ResNet18Options& options = {});

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/resnet_inl.hpp"
#endif
