#pragma once

#include <memory>

#include "brindle/nn/optimizer.hpp"

namespace brindle {

/// Gradient descent, with momentum if asked for; the formula stands at ops::sgd.
/// Defaults are Keras's (optimizers/sgd.py).
struct SGD {
  double learning_rate = 0.01;  ///< >= 0
  double momentum = 0;          ///< how much of the last move is made again, in [0, 1)
  bool nesterov = false;        ///< look ahead by the new move; with momentum only

  template <class T, class Device>
  std::unique_ptr<Optimizer<T, Device>> make() const;  ///< for Trainer
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/sgd_inl.hpp"
#endif
