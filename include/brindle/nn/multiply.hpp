// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// The product of two values, written x * gate in a Model's graph: the gate of squeeze-and-excitation has one number a
/// channel, that of spatial attention one a position.
///
///     x (N, ..., C), gate (N, ..., C), (N, 1, ..., C), (N, ..., 1) or (N, 1, ..., 1), in either order  ->  (N, ..., C)
///
/// Meaning: keras.layers.Multiply.
struct Multiply {
  std::string name = {};  ///< "multiply" by default

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Model
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/multiply_inl.hpp"
#endif
