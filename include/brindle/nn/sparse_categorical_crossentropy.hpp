// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "brindle/nn/loss.hpp"

namespace brindle {

/// For one of K classes: each label is the number of the class, 0 to K - 1, and the model has K outputs.
///
/// Behind a softmax it is computed from the logits; the formulas stand at ops::sparse_categorical_crossentropy_logits.
/// Keras: losses/losses.py, SparseCategoricalCrossentropy.
struct SparseCategoricalCrossentropy {
  bool from_logits = false;  ///< the model ends without a softmax
  /// 0 to 1: a sample is label_smoothing / K of each class and the rest of its own, as in PyTorch's CrossEntropyLoss;
  /// Keras has it in CategoricalCrossentropy only.
  double label_smoothing = 0;

  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const;  ///< for Trainer; throws ValueError for settings out of range
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/sparse_categorical_crossentropy_inl.hpp"
#endif
