#pragma once

#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle::detail {

/// Keras's class names of the layers that the library has: a new one adds its name here.
inline constexpr const char* library_layers[] = {"Activation",
                                                 "AveragePooling2D",
                                                 "Conv2D",
                                                 "Dense",
                                                 "DepthwiseConv2D",
                                                 "Dropout",
                                                 "Flatten",
                                                 "GlobalAveragePooling2D",
                                                 "GlobalMaxPooling2D",
                                                 "LayerNormalization",
                                                 "MaxPooling2D",
                                                 "Normalization",
                                                 "Rescaling",
                                                 "Reshape",
                                                 "SeparableConv2D",
                                                 "ZeroPadding2D"};

/// Whether a layer is one of the library's, whose passes are known; else it is a user's own.
template <class T, class Device>
bool is_of_the_library(const Layer<T, Device>& layer) {
  const std::string type = layer.type();
  for (const char* known : library_layers)
    if (type == known) return true;
  return false;
}

}  // namespace brindle::detail
