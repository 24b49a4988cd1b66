#pragma once

#include <brindle/nn/model.hpp>
#include <cstddef>

namespace example {

/// Gives the layers of a model the weights of those with their names in another one: of a head that learned alone.
template <class Device>
void copy_weights(const brindle::Model<float, Device>& from, brindle::Model<float, Device>& to) {
  for (const auto& layer : from.layers())
    for (std::size_t p = 0; p < layer->parameters().size(); ++p)
      to.layer(layer->name).parameters()[p].value = layer->parameters()[p].value.clone();
}

}  // namespace example
