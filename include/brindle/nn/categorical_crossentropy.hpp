// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "brindle/nn/loss.hpp"

namespace brindle {

/// For one of K classes whose labels are rows of K numbers with the sum 1: one-hot, or soft as mixup, cutmix and
/// distillation make them. For class numbers: SparseCategoricalCrossentropy.
///
/// Behind a softmax it is computed from the logits; the formulas stand at ops::categorical_crossentropy_logits. Keras:
/// losses/losses.py, CategoricalCrossentropy.
struct CategoricalCrossentropy {
  bool from_logits = false;    ///< the model ends without a softmax
  double label_smoothing = 0;  ///< 0 to 1: labels t become t (1 - label_smoothing) + label_smoothing / K

  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const;  ///< for Trainer; throws ValueError for settings out of range
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/categorical_crossentropy_inl.hpp"
#endif
