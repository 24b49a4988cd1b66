// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/ops/activation.hpp"

// What the layers with an activation behind their sums have in common.
namespace brindle::detail {

/// Whether a layer in training keeps the sums in front of its activation, which is then a pass of its own: the
/// activation's gradient needs them.
template <class T, class Device>
bool keeps_sums(const Pass<T, Device>& pass, ActivationFunction activation) {
  return pass.backward && !pass.logits && ops::gradient_from_input(activation);
}

/// dy, the gradient by y, becomes that by the sums. saved: begins with the sums where they are kept; y where they are
/// not.
template <class T, class Device>
void gradient_by_sums(const Pass<T, Device>& pass, ActivationFunction activation,
                      const TensorView<std::byte, Device>& saved, In<T, Device> y, Out<T, Device> dy) {
  if (keeps_sums(pass, activation))
    ops::activation_backward<T>(pass.on, activation, view_bytes<T>(saved, dy.shape), dy, dy);
  else if (!pass.logits && activation != ActivationFunction::linear)
    ops::activation_backward<T>(pass.on, activation, y, dy, dy);
}

}  // namespace brindle::detail
