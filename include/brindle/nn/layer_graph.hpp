// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/prepared_filters.hpp"

namespace brindle {

/// The layers of a model that is not to be changed, in the order of computing: layers() of a const Model.
template <class T, class Device>
class ConstLayers {
 public:
  using LayerPointer = std::unique_ptr<Layer<T, Device>>;  ///< never null

  /// Goes over the layers; what it points to is a const Layer*.
  class Iterator {
   public:
    /// What the standard library wants to know of an iterator.
    /// @{
    using iterator_category = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = const Layer<T, Device>*;
    using pointer = const value_type*;
    using reference = value_type;
    /// @}

    explicit Iterator(const LayerPointer* at) : at_(at) {}            ///< stands at this layer
    const Layer<T, Device>* operator*() const { return at_->get(); }  ///< the layer
    Iterator& operator++() { return ++at_, *this; }                   ///< to the next one
    Iterator operator++(int) { return Iterator(at_++); }              ///< the same; gives where it stood
    bool operator==(const Iterator&) const = default;                 ///< whether both stand at one layer

   private:
    const LayerPointer* at_;
  };

  /// Of the layers of a model, which has to stay.
  explicit ConstLayers(const std::vector<LayerPointer>& layers) : layers_(&layers) {}

  std::size_t size() const { return layers_->size(); }                                     ///< how many there are
  bool empty() const { return layers_->empty(); }                                          ///< whether there is none
  const Layer<T, Device>* operator[](std::size_t i) const { return (*layers_)[i].get(); }  ///< layer i, from 0
  const Layer<T, Device>* front() const { return layers_->front().get(); }                 ///< the first one
  const Layer<T, Device>* back() const { return layers_->back().get(); }                   ///< the last one
  Iterator begin() const { return Iterator(layers_->data()); }                             ///< at the first one
  Iterator end() const { return Iterator(layers_->data() + layers_->size()); }             ///< behind the last one

 private:
  const std::vector<LayerPointer>* layers_;
};

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
