// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// y = x scale + offset: pictures of 0..255 to 0..1 or -1..1, by a layer of the model.
///
///     x (N, ..., C)  ->  y (N, ..., C)
///
///     Rescaling{1.0 / 255}, Rescaling{.scale = {1 / 127.5}, .offset = {-1}}
///
/// Keras: layers/preprocessing/rescaling.py.
struct Rescaling {
  std::vector<double> scale = {1};   ///< one number, or one for each channel
  std::vector<double> offset = {0};  ///< one number, or one for each channel; added last
  std::string name = {};             ///< empty: rescaling, rescaling_1, ...

  /// The same with a name: Rescaling{...}.named("rescale").
  Rescaling named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/rescaling_inl.hpp"
#endif
