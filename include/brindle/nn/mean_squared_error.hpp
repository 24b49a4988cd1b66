// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "brindle/nn/loss.hpp"

namespace brindle {

/// For outputs that are numbers: the mean of the square of what they are off by. A label for each output.
///
/// The formula stands at ops::regression_error. Such labels are no classes, so there is no accuracy. Keras:
/// losses/losses.py, MeanSquaredError.
struct MeanSquaredError {
  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const;  ///< for Trainer
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/mean_squared_error_inl.hpp"
#endif
