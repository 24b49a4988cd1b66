// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what resized.hpp declares.
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/resized.hpp"

namespace brindle {

template <class T, class Device>
Model<T, Device> resized(const Model<T, Device>& model, const Shape& input, const LayerRegistry<T, Device>& registry) {
  Model<T, Device> made(model.device(), input);
  made.set_name(model.name());
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const Layer<T, Device>& layer = *model.layers()[i];
    std::unique_ptr<Layer<T, Device>> copy = registry.make(layer.type(), layer.config());
    copy->name = layer.name;
    copy->trainable = layer.trainable;
    const std::vector<std::size_t>& inputs = model.inputs(i);
    const std::vector<ParameterSpec> specs = copy->parameter_specs(made.graph().value_shape(inputs.front()));
    for (std::size_t p = 0; p < specs.size(); ++p)
      if (const Shape& had = layer.parameters()[p].value.shape(); !(specs[p].shape == had))
        detail::raise<ShapeError>("resized: " + layer.who() + " has a " + specs[p].name + " of " + to_string(had) +
                                  ", for samples of " + to_string(input) + " it needs " + to_string(specs[p].shape) +
                                  ": put GlobalAveragePooling2D in the place of Flatten in front of it");
    made.add_uninitialized(std::move(copy), layer.name, inputs);
    for (std::size_t p = 0; p < specs.size(); ++p) made.layers().back()->set_l2(p, layer.parameters()[p].l2);
  }
  for (const auto& group : model.groups()) made.add_group(group);
  for (std::size_t i = 0; i < model.layers().size(); ++i) made.layers()[i]->inference = model.layers()[i]->inference;
  detail::copy_weights(model, made);
  return made;
}

namespace detail {

template <class T, class Device>
void copy_weights(const Model<T, Device>& from, Model<T, Device>& to) {
  for (std::size_t i = 0; i < from.layers().size(); ++i) {
    const Layer<T, Device>& layer = *from.layers()[i];
    if (layer.parameters().empty()) continue;
    auto& into = to.layers()[i]->parameters();
    for (std::size_t p = 0; p < into.size(); ++p) {
      const Tensor<T, Device>& value = layer.parameters()[p].value;
      Memory<Device>::copy(into[p].value.data(), value.data(), value.bytes());
    }
  }
}

}  // namespace detail
}  // namespace brindle
