#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/prepared_filters.hpp"

namespace brindle {

/// The layers of a model, and which reads what. Value 0 is the model's input, value i + 1 what layer i gives; a layer
/// reads earlier values only, so that the order of the layers is one in which they can be computed. The last value is
/// the model's output.
template <class T, class Device>
struct LayerGraph {
  using LayerPointer = std::unique_ptr<Layer<T, Device>>;  ///< never null

  Shape input;                                   ///< of one sample
  std::vector<LayerPointer> layers;              ///< in the order of computing
  std::vector<Shape> shapes;                     ///< of one sample behind each layer
  std::vector<std::vector<std::size_t>> inputs;  ///< the values that each layer reads
  /// Of the layers whose parameters are fixed, for all plans of the graph.
  std::shared_ptr<detail::PreparedFilters<T, Device>> prepared = std::make_shared<detail::PreparedFilters<T, Device>>();

  /// Shape of one sample of value v.
  const Shape& value_shape(std::size_t v) const { return v == 0 ? input : shapes[v - 1]; }

  /// The value that the model gives.
  std::size_t output() const { return layers.size(); }

  /// For each value, whether it is this one or leads to it.
  std::vector<bool> leading_to(std::size_t value) const {
    std::vector<bool> leads(layers.size() + 1, false);
    leads[value] = true;
    for (std::size_t i = value; i-- > 0;)
      if (leads[i + 1])
        for (const std::size_t read : inputs[i]) leads[read] = true;
    return leads;
  }

  /// Each layer reads what the one before it gives.
  bool is_row() const {
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i] != std::vector<std::size_t>{i}) return false;
    return true;
  }
};

}  // namespace brindle
