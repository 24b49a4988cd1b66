// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// The sum of several values of the same shape, written x + y in a Model's graph.
///
///     x_0, x_1, ... (N, ...)  ->  (N, ...)
///
/// The order of summing is that of the inputs. Meaning: keras.layers.Add.
struct Add {
  std::string name = {};  ///< "add" by default

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Model
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/add_inl.hpp"
#endif
