#pragma once

#include <cstddef>
#include <string>

#include "brindle/nn/sequential.hpp"

namespace brindle::detail {

/// The layer whose activation the model's outputs show: the last one that does more than pass values on, as Flatten
/// does, and Dropout outside of training. The model must have a layer.
template <class T, class Device>
const Layer<T, Device>& output_layer(const Sequential<T, Device>& model) {
  const auto& layers = model.layers();
  for (std::size_t i = layers.size(); i-- > 0;)
    if (const std::string type = layers[i]->type(); type != "Flatten" && type != "Dropout") return *layers[i];
  return *layers.back();
}

/// Whether the library knows what the layer does last; a user's own one need not tell.
template <class T, class Device>
bool is_of_the_library(const Layer<T, Device>& layer) {
  for (const char* known : {"Dense", "Conv2D", "Activation", "MaxPooling2D", "Flatten", "Dropout"})
    if (layer.type() == known) return true;
  return false;
}

}  // namespace brindle::detail
