// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/value.hpp"

namespace brindle {

/// A model of layers in a row, each reading what the one before it gives.
///
///     Sequential<float> model{{150, 150, 3}, Conv2D{16, 3, relu}, MaxPool2D{2}, Flatten{}, Dense{1, sigmoid}};
///
/// A model can stand in front of further layers; it is then one group of them, under its name:
///
///     Sequential<float> model{std::move(base), Flatten{}, Dense{1, sigmoid}};
///
/// It adds constructors to Model and nothing else: what takes a Model takes it.
template <class T, class Device = Cpu>
class Sequential : public Model<T, Device> {
 public:
  /// input: shape of one sample, (H, W, C) for pictures. Throws ShapeError or ValueError naming the layer that does not
  /// fit.
  template <detail::PossibleDescription... Descriptions>
  explicit Sequential(const Shape& input, const Descriptions&... layers) : Sequential(Device{}, input, layers...) {}

  /// on: the device, with its threads; without it the model has its own.
  template <detail::PossibleDescription... Descriptions>
  Sequential(const Device& on, const Shape& input, const Descriptions&... layers) : Model<T, Device>(on, input) {
    (this->add(layers), ...);
  }

  /// base, which must have layers, becomes a group of this model's first layers, under its name; the new model is
  /// called "sequential". Throws as add().
  template <detail::PossibleDescription First, detail::PossibleDescription... Others>
  explicit Sequential(Model<T, Device>&& base, const First& first, const Others&... others)
      : Model<T, Device>(Model<T, Device>::as_group(std::move(base))) {
    this->add(first);
    (this->add(others), ...);
  }

  /// What a loader or a base network gives.
  Sequential(Model<T, Device>&& model) : Model<T, Device>(std::move(model)) {}
};

/// Sequential{on, {150, 150, 3}, Conv2D{16, 3, relu}, ...} is a model of floats on that device.
template <class Device, detail::PossibleDescription... Descriptions>
Sequential(const Device&, const Shape&, const Descriptions&...) -> Sequential<float, Device>;

}  // namespace brindle
