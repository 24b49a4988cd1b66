// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "brindle/nn/conv2d.hpp"
#include "brindle/nn/dense.hpp"
#include "brindle/nn/flatten.hpp"
#include "brindle/nn/max_pooling2d.hpp"
#include "brindle/nn/model.hpp"

namespace brindle::models {

/// By whom VGG16's weights are: the network is the same, the pictures that it was trained on were prepared otherwise.
enum class VGG16Variant {
  keras,        ///< pictures as Preprocessing::caffe
  torchvision,  ///< pictures as Preprocessing::imagenet_mean_std; timm's are of this kind
};

struct VGG16Options {
  std::array<std::int64_t, 5> filters = {64, 128, 256, 512, 512};  ///< of the convolutions of each block
  bool include_top = false;                    ///< the three dense layers (fc1, fc2, predictions) as well
  std::int64_t classes = 1000;                 ///< of the top
  bool initialize = true;                      ///< draw random weights; false: all zero, for weights that are read next
  VGG16Variant variant = VGG16Variant::keras;  ///< whose weights are read from a file, see pretrained_vgg16.hpp
};

/// VGG16: thirteen 3x3 convolutions in five blocks with a pool behind each, layers named as in Keras (block1_conv1).
///
///     x (N, H, W, C), H and W at least 32  ->  (N, floor(H / 32), floor(W / 32), 512); with its top (N, classes)
///
/// 14,714,688 parameters for C = 3, with its top 138,357,544 at 224x224. The weights are random; those that were
/// trained on ImageNet come from a file: models/pretrained_vgg16.hpp. Throws ShapeError for a smaller input, ValueError
/// for filters or, with its top, classes < 1. K. Simonyan, A. Zisserman, "Very deep convolutional networks for
/// large-scale image recognition", arXiv:1409.1556.
template <class T, class Device = Cpu>
requires requires { Device::name; }  // not the name of a file: that is pretrained_vgg16.hpp's
Model<T, Device> vgg16(const Device& on, const Shape& input, const VGG16Options& options = {}) {
  if (input.rank() != 3 || input[0] < 32 || input[1] < 32)
    brindle::detail::raise<ShapeError>("vgg16: expected pictures (H, W, C) of at least 32x32, got " + to_string(input));
  constexpr int convolutions[5] = {2, 2, 3, 3, 3};
  Model<T, Device> model(on, input);
  const auto add = [&](const auto& layer) {
    if (options.initialize)
      model.add(layer);
    else
      model.add_uninitialized(layer.template make<T, Device>(), layer.name);
  };
  for (int b = 0; b < 5; ++b) {
    const std::string block = "block" + std::to_string(b + 1);
    for (int c = 1; c <= convolutions[b]; ++c)
      add(Conv2D{.filters = options.filters[static_cast<std::size_t>(b)],
                 .kernel = 3,
                 .activation = relu,
                 .padding = Padding::same,
                 .name = block + "_conv" + std::to_string(c)});
    add(MaxPooling2D{.pool_size = 2, .name = block + "_pool"});
  }
  if (options.include_top) {
    add(Flatten{.name = "flatten"});
    add(Dense{.units = 4096, .activation = relu, .name = "fc1"});
    add(Dense{.units = 4096, .activation = relu, .name = "fc2"});
    add(Dense{.units = options.classes, .activation = softmax, .name = "predictions"});
  }
  model.set_name("vgg16");
  return model;
}

/// The same on the default device.
template <class T, class Device = Cpu>
Model<T, Device> vgg16(const Shape& input, const VGG16Options& options = {});

}  // namespace brindle::models

#ifndef BRINDLE_COMPILED
#include "brindle/models/vgg16_inl.hpp"
#endif
