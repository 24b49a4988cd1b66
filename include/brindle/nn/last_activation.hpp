#pragma once

#include <cstddef>
#include <string>

#include "brindle/core/shape.hpp"
#include "brindle/nn/sequential.hpp"
#include "brindle/ops/activation_function.hpp"

namespace brindle {

/// What a model does to its outputs last, as last_activation() finds it.
struct LastActivation {
  std::string layer;                                         ///< how messages call the layer: Dense "dense_1"
  ActivationFunction function = ActivationFunction::linear;  ///< of that layer
  bool known = true;        ///< false: a layer whose outputs say more of them than its activation()
  bool may_be_left = true;  ///< nothing behind it computes, so that a loss may take over its logits
  Shape output;             ///< of the model, one sample
};

namespace detail {

/// The last activation of a model: that of its last layer, or of one further in front where the layers behind it only
/// hand values on (Flatten, Dropout, a linear Activation) or choose and average among them (pools). Of Dense and Conv2D
/// no activation means that outputs are any numbers; of other layers it says nothing, since one of a program's own may
/// give probabilities without saying so.
template <class T, class Device>
LastActivation last_activation(const Sequential<T, Device>& model) {
  const Pass<T, Device> predicting{.on = model.device()};
  const Pass<T, Device> training{.on = model.device(), .training = true, .backward = true};
  LastActivation last;
  last.output = model.output_shape();
  for (std::size_t i = model.layers().size(); i-- > 0;) {
    const Layer<T, Device>& layer = *model.layers()[i];
    const std::string type = layer.type();
    last.layer = layer.who();
    last.function = layer.activation();
    if (last.function != ActivationFunction::linear) {
      // A Flatten behind a softmax of several rows would make one row of them.
      if (last.function == ActivationFunction::softmax && model.output_shape(i).back() != last.output.back())
        last.may_be_left = false;
      return last;
    }
    if (type == "Dense" || type == "Conv2D") return last;
    const bool pools = type == "MaxPooling2D" || type == "AveragePooling2D" || type == "GlobalMaxPooling2D" ||
                       type == "GlobalAveragePooling2D";
    if (!pools && !layer.is_identity(predicting)) break;
    last.may_be_left = last.may_be_left && layer.is_identity(training);
  }
  last.known = false;
  return last;
}

}  // namespace detail

}  // namespace brindle
