#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/merge_layer.hpp"
#include "brindle/nn/model.hpp"

// For what reads models from files, whose sizes are checked before a layer takes memory for them.
namespace brindle::io::detail {

/// The shapes of what a layer learns that reads these values of the model. Throws ShapeError or ValueError where it
/// does not take them.
template <class T, class Device>
std::vector<ParameterSpec> checked_specs(const Model<T, Device>& model, const Layer<T, Device>& layer,
                                         const std::vector<std::size_t>& inputs) {
  std::vector<Shape> x;
  std::int64_t elements = 0;  // of all, so that their sum in a damaged file's Concatenate is a number
  for (const std::size_t value : inputs) {
    x.push_back(model.graph().value_shape(value));
    constexpr std::int64_t most = std::int64_t{1} << 48;
    if (x.back().size() > most - elements)
      brindle::detail::raise<ValueError>(layer.who() + ": reads more than 2^48 numbers a sample");
    elements += x.back().size();
  }
  if (const MergeLayer<T, Device>* merge = layer.merge()) {
    merge->output_shape(std::span<const Shape>(x));
    return {};
  }
  if (x.size() != 1)
    brindle::detail::raise<ValueError>(layer.who() + ": reads one value, got " + std::to_string(x.size()));
  layer.output_shape(x.front());
  return layer.parameter_specs(x.front());
}

/// Adds a layer whose weights are read next.
template <class T, class Device>
void add_layer(Model<T, Device>& model, std::unique_ptr<Layer<T, Device>> layer, const std::string& name,
               const std::vector<std::size_t>& inputs) {
  if (inputs == std::vector<std::size_t>{model.graph().output()})
    model.add_uninitialized(std::move(layer), name);
  else
    model.add(std::move(layer), name, inputs);
}

}  // namespace brindle::io::detail
