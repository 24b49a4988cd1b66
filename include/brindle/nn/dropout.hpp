// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// In training each element is zero with probability `rate`, and the others are divided by 1 - rate; else y = x.
///
///     x (N, ...)  ->  y (N, ...)
///
/// The draws are counter-based (core/random.hpp): backward draws the same ones again, so no mask is kept. A frozen
/// dropout still drops. Keras: layers/regularization/dropout.py.
struct Dropout {
  double rate = 0.5;      ///< in [0, 1)
  std::string name = {};  ///< empty: dropout, dropout_1, ...
  /// Elements that are dropped together: 1 for an axis of a sample that shares a draw, -1 or the axis' size for one
  /// that does not. {1, 1, 1} drops whole pictures, {1, 1, -1} whole channels; empty: each element by itself. Keras's
  /// has the batch in front, (None, 1, 1, 1).
  std::vector<std::int64_t> noise_shape = {};

  /// The same with a name: Dropout{...}.named("dropout").
  Dropout named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/dropout_inl.hpp"
#endif
