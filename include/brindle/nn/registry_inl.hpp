#pragma once

// Definitions of what registry.hpp declares.
#include <memory>
#include <string>

#include "brindle/core/inline.hpp"
#include "brindle/nn/activation_inl.hpp"
#include "brindle/nn/average_pooling2d_inl.hpp"
#include "brindle/nn/conv2d_inl.hpp"
#include "brindle/nn/dense_inl.hpp"
#include "brindle/nn/depthwise_conv2d_inl.hpp"
#include "brindle/nn/dropout_inl.hpp"
#include "brindle/nn/flatten_inl.hpp"
#include "brindle/nn/global_average_pooling2d_inl.hpp"
#include "brindle/nn/global_max_pooling2d_inl.hpp"
#include "brindle/nn/layer_normalization_inl.hpp"
#include "brindle/nn/max_pooling2d_inl.hpp"
#include "brindle/nn/normalization_inl.hpp"
#include "brindle/nn/registry.hpp"
#include "brindle/nn/rescaling_inl.hpp"
#include "brindle/nn/reshape_inl.hpp"
#include "brindle/nn/separable_conv2d_inl.hpp"
#include "brindle/nn/zero_padding2d_inl.hpp"

namespace brindle {

template <class T, class Device>
LayerRegistry<T, Device>::LayerRegistry()
    : makers_{{"Activation", ActivationLayer<T, Device>::from},
              {"AveragePooling2D", AveragePooling2DLayer<T, Device>::from},
              {"Conv2D", Conv2DLayer<T, Device>::from},
              {"Dense", DenseLayer<T, Device>::from},
              {"DepthwiseConv2D", DepthwiseConv2DLayer<T, Device>::from},
              {"Dropout", DropoutLayer<T, Device>::from},
              {"Flatten", FlattenLayer<T, Device>::from},
              {"GlobalAveragePooling2D", GlobalAveragePooling2DLayer<T, Device>::from},
              {"GlobalMaxPooling2D", GlobalMaxPooling2DLayer<T, Device>::from},
              {"LayerNormalization", LayerNormalizationLayer<T, Device>::from},
              {"MaxPooling2D", MaxPooling2DLayer<T, Device>::from},
              {"Normalization", NormalizationLayer<T, Device>::from},
              {"Rescaling", RescalingLayer<T, Device>::from},
              {"Reshape", ReshapeLayer<T, Device>::from},
              {"SeparableConv2D", SeparableConv2DLayer<T, Device>::from},
              {"ZeroPadding2D", ZeroPadding2DLayer<T, Device>::from}} {}

template <class T, class Device>
std::unique_ptr<Layer<T, Device>> LayerRegistry<T, Device>::make(const std::string& type, const Config& config) const {
  std::string types;
  for (const auto& [known, function] : makers_) {
    if (known == type) return function(config);
    types += (types.empty() ? "" : ", ") + known;
  }
  detail::raise<ValueError>("layer type \"" + type + "\" is not known; there are: " + types +
                            "; a layer of your own is made known by LayerRegistry::add");
}

}  // namespace brindle
