// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what registry.hpp declares.
#include <cstddef>
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/activation_inl.hpp"
#include "brindle/nn/add_inl.hpp"
#include "brindle/nn/average_pooling2d_inl.hpp"
#include "brindle/nn/batch_normalization_inl.hpp"
#include "brindle/nn/concatenate_inl.hpp"
#include "brindle/nn/conv2d_inl.hpp"
#include "brindle/nn/dense_inl.hpp"
#include "brindle/nn/depthwise_conv2d_inl.hpp"
#include "brindle/nn/dropout_inl.hpp"
#include "brindle/nn/elu_inl.hpp"
#include "brindle/nn/flatten_inl.hpp"
#include "brindle/nn/global_average_pooling2d_inl.hpp"
#include "brindle/nn/global_max_pooling2d_inl.hpp"
#include "brindle/nn/layer_normalization_inl.hpp"
#include "brindle/nn/leaky_relu_inl.hpp"
#include "brindle/nn/max_pooling2d_inl.hpp"
#include "brindle/nn/multiply_inl.hpp"
#include "brindle/nn/normalization_inl.hpp"
#include "brindle/nn/registry.hpp"
#include "brindle/nn/relu_inl.hpp"
#include "brindle/nn/rescaling_inl.hpp"
#include "brindle/nn/reshape_inl.hpp"
#include "brindle/nn/separable_conv2d_inl.hpp"
#include "brindle/nn/softmax_inl.hpp"
#include "brindle/nn/zero_padding2d_inl.hpp"

namespace brindle {

template <class T, class Device>
void LayerRegistry<T, Device>::add_library_layers() {
  add("Activation", ActivationLayer<T, Device>::from);
  add("Add", AddLayer<T, Device>::from);
  add("AveragePooling2D", AveragePooling2DLayer<T, Device>::from);
  add("BatchNormalization", BatchNormalizationLayer<T, Device>::from);
  add("Concatenate", ConcatenateLayer<T, Device>::from);
  add("Conv2D", Conv2DLayer<T, Device>::from);
  add("Dense", DenseLayer<T, Device>::from);
  add("DepthwiseConv2D", DepthwiseConv2DLayer<T, Device>::from);
  add("Dropout", DropoutLayer<T, Device>::from);
  add("ELU", ELULayer<T, Device>::from);
  add("Flatten", FlattenLayer<T, Device>::from);
  add("GlobalAveragePooling2D", GlobalAveragePooling2DLayer<T, Device>::from);
  add("GlobalMaxPooling2D", GlobalMaxPooling2DLayer<T, Device>::from);
  add("LayerNormalization", LayerNormalizationLayer<T, Device>::from);
  add("LeakyReLU", LeakyReLULayer<T, Device>::from);
  add("MaxPooling2D", MaxPooling2DLayer<T, Device>::from);
  add("Multiply", MultiplyLayer<T, Device>::from);
  add("Normalization", NormalizationLayer<T, Device>::from);
  add("ReLU", ReLULayer<T, Device>::from);
  add("Rescaling", RescalingLayer<T, Device>::from);
  add("Reshape", ReshapeLayer<T, Device>::from);
  add("SeparableConv2D", SeparableConv2DLayer<T, Device>::from);
  add("Softmax", SoftmaxLayer<T, Device>::from);
  add("ZeroPadding2D", ZeroPadding2DLayer<T, Device>::from);
}

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> LayerRegistry<T, Device>::make(const std::string& type, const Config& config) const {
  for (std::size_t i = makers_.size(); i-- > 0;)
    if (makers_[i].first == type) return makers_[i].second(config);
  std::string types;
  for (const auto& maker : makers_) types += (types.empty() ? "" : ", ") + maker.first;
  detail::raise<ValueError>("layer type \"" + type + "\" is not known; there are: " + types +
                            "; a layer of your own is made known by LayerRegistry::add");
}

}  // namespace brindle
