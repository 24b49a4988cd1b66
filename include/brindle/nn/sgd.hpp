// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "brindle/nn/optimizer.hpp"

namespace brindle {

/// Gradient descent, with momentum if asked for; the formula stands at ops::sgd.
/// Defaults are Keras's (optimizers/sgd.py).
struct SGD {
  double learning_rate = 0.01;  ///< >= 0
  double momentum = 0;          ///< how much of the last move is made again, in [0, 1)
  bool nesterov = false;        ///< look ahead by the new move; with momentum only
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
#include "brindle/nn/sgd_inl.hpp"
#endif
