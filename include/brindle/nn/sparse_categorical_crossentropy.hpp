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

  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const;  ///< for Trainer
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/sparse_categorical_crossentropy_inl.hpp"
#endif
