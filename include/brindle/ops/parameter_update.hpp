// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>
#include <type_traits>

#include "brindle/core/tensor.hpp"

namespace brindle::ops {

/// One parameter of several that an optimizer steps at once.
///
///     w, g, each slot that the optimizer keeps: any shape, the same
template <class T, class Device>
struct ParameterUpdate {
  TensorView<T, Device> w;                         ///< weights, changed
  TensorView<const T, Device> g;                   ///< their gradient
  std::array<TensorView<T, Device>, 3> slot = {};  ///< in the order of the op's arguments
  std::string_view layer = {};                     ///< name of its layer
  std::string_view parameter = {};                 ///< its name within the layer
  bool decays = true;                              ///< where the optimizer has weight decay
  double rate = 1;                                 ///< times the learning rate, and what weight decay takes
};

/// The options of an optimizer's step for a parameter that does not decay.
template <class Options>
Options without_decay(Options o) {
  o.decay = 0;
  return o;
}

namespace kernel {

/// f(std::true_type) with decay, else f(std::false_type): without it a step does not touch w for its sake.
template <class F>
void with_decay(double decay, const F& f) {
  if (decay != 0)
    f(std::true_type{});
  else
    f(std::false_type{});
}

}  // namespace kernel
}  // namespace brindle::ops
