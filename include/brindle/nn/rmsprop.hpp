// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "brindle/nn/optimizer.hpp"

namespace brindle {

/// Divides each gradient by the root of a running mean of its square; the formula stands at ops::rmsprop.
/// Defaults are Keras's (optimizers/rmsprop.py).
struct RMSprop {
  double learning_rate = 1e-3;  ///< >= 0
  double rho = 0.9;             ///< how much of the mean of the square stays each step, in [0, 1)
  double momentum = 0;          ///< how much of the last move is made again, in [0, 1)
  double epsilon = 1e-7;        ///< added to the mean of the square, under the root
  bool centered = false;        ///< divide by the deviation of the gradient instead
  bool keras2 = false;          ///< sqrt(v) + epsilon, as Keras 2 had it
  /// Share of each weight, times the learning rate, that a step takes off it before its move (decoupled, as in AdamW);
  /// >= 0.
  double weight_decay = 0;
  /// Parameters whose "layer/parameter" has one of these in it do not decay: {"bias", "gamma", "beta"}.
  std::vector<std::string> exclude_from_weight_decay = {};

  template <class T, class Device>
  std::unique_ptr<Optimizer<T, Device>> make() const;  ///< for Trainer
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/rmsprop_inl.hpp"
#endif
