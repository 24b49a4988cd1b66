#pragma once

#include <array>
#include <string_view>

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
};

}  // namespace brindle::ops
