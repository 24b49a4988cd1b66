// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "brindle/nn/layer.hpp"

namespace brindle {

/// y = (x - mean) / max(sqrt(variance), 1e-7), with a mean and a variance of the data that are given, not learned.
///
///     x (N, ..., C)  ->  y (N, ..., C)
///
/// Keras: layers/preprocessing/normalization.py, with axis -1 and mean and variance as arguments; Keras 3 has the
/// limit, its epsilon(), below.
struct Normalization {
  std::vector<double> mean = {0};      ///< one number, or one for each channel
  std::vector<double> variance = {1};  ///< one number, or one for each channel; >= 0
  std::string name = {};               ///< empty: normalization, normalization_1, ...

  /// The same with a name: Normalization{...}.named("normalize").
  Normalization named(const std::string& layer_name) const { return detail::with_name(*this, layer_name); }

  template <class T, class Device>
  std::unique_ptr<Layer<T, Device>> make() const;  ///< for Sequential
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/normalization_inl.hpp"
#endif
