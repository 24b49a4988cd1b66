// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "brindle/nn/optimizer.hpp"

namespace brindle {

/// Running means of the gradient and of its square; the formula stands at ops::adam.
/// Defaults are Keras's (optimizers/adam.py).
struct Adam {
  double learning_rate = 1e-3;  ///< >= 0
  double beta_1 = 0.9;          ///< of the mean of the gradient: how much of it stays each step, in [0, 1)
  double beta_2 = 0.999;        ///< the same of the mean of its square
  double epsilon = 1e-7;        ///< added to the root
  bool amsgrad = false;         ///< divide by the root of the largest mean of the square so far
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
#include "brindle/nn/adam_inl.hpp"
#endif
