// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/core/shape.hpp"
#include "brindle/nn/model.hpp"
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
/// hand values on (Flatten, Dropout, a linear Activation) or choose and average among them (pools). Which do so a layer
/// says by Layer::output_numbers(): of Dense and Conv2D no activation means that outputs are any numbers; of one that
/// says nothing it means nothing, since it may give probabilities.
template <class T, class Device>
LastActivation last_activation(const Model<T, Device>& model);

}  // namespace detail

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/last_activation_inl.hpp"
#endif
