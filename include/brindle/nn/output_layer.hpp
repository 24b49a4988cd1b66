#pragma once

#include <cstddef>
#include <string>

#include "brindle/nn/library_layers.hpp"
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

}  // namespace brindle::detail
