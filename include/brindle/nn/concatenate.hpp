// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// Several values one behind the other along an axis, written concatenate(x, y) in a Model's graph.
///
///     x_0 (N, ..., A), x_1 (N, ..., B), ...  ->  (N, ..., A + B + ...)
///
/// Meaning: keras.layers.Concatenate.
struct Concatenate {
  int axis = -1;          ///< counted with the batch in front, which is axis 0 and cannot be it; -1 is the last
  std::string name = {};  ///< "concatenate" by default

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Model
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/concatenate_inl.hpp"
#endif
