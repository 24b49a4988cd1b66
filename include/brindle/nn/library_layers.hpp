// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <iterator>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle::detail {

/// Keras's class names of the layers that the library has: a new one adds its name here.
inline constexpr const char* library_layers[] = {
    "Activation",
    "Add",
    "AveragePooling2D",
    "BatchNormalization",
    "Concatenate",
    "Conv2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "ELU",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "LayerNormalization",
    "LeakyReLU",
    "MaxPooling2D",
    "Multiply",
    "Normalization",
    "ReLU",
    "Rescaling",
    "Reshape",
    "SeparableConv2D",
    "Softmax",
    "ZeroPadding2D",
};

/// Whether a layer of this class name is one of the library's, whose passes are known; else it is a user's own.
inline bool is_of_the_library(const std::string& type) {
  return std::count(std::begin(library_layers), std::end(library_layers), type) > 0;
}

/// The same of a layer.
template <class T, class Device>
bool is_of_the_library(const Layer<T, Device>& layer) {
  return is_of_the_library(layer.type());
}

}  // namespace brindle::detail
