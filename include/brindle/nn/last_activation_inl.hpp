// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what last_activation.hpp declares.
#include <cstddef>

#include "brindle/core/inline.hpp"
#include "brindle/core/shape.hpp"
#include "brindle/nn/last_activation.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/ops/activation_function.hpp"

namespace brindle::detail {

template <class T, class Device>
LastActivation last_activation(const Model<T, Device>& model) {
  const Pass<T, Device> predicting{.on = model.device()};
  const Pass<T, Device> training{.on = model.device(), .training = true, .backward = true};
  LastActivation last;
  last.output = model.output_shape();
  for (std::size_t i = model.layers().size(); i-- > 0;) {
    const Layer<T, Device>& layer = *model.layers()[i];
    const OutputNumbers numbers = layer.output_numbers();
    last.layer = layer.who();
    last.function = layer.activation();
    if (last.function != ActivationFunction::linear) {
      // A Flatten behind a softmax of several rows would make one row of them.
      if (last.function == ActivationFunction::softmax && model.output_shape(i).back() != last.output.back())
        last.may_be_left = false;
      return last;
    }
    if (numbers == OutputNumbers::any) return last;
    if (numbers != OutputNumbers::of_input && !layer.is_identity(predicting)) break;
    last.may_be_left = last.may_be_left && layer.is_identity(training);
  }
  last.known = false;
  return last;
}

}  // namespace brindle::detail
