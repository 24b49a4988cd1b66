// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "brindle/nn/loss.hpp"

namespace brindle {

/// CategoricalCrossentropy that counts what is already answered well for less (Lin et al., 2017), for classes of which
/// some are rare. Labels are rows of K numbers with the sum 1.
///
/// Behind a softmax it is computed from the logits; the formulas stand at ops::categorical_crossentropy_logits. Keras:
/// losses/losses.py, CategoricalFocalCrossentropy.
struct CategoricalFocalCrossentropy {
  double alpha = 0.25;         ///< more than 0; the loss is as many times as large
  double gamma = 2;            ///< 0 to 100; the larger, the less what is answered well counts
  bool from_logits = false;    ///< the model ends without a softmax
  double label_smoothing = 0;  ///< 0 to 1: labels t become t (1 - label_smoothing) + label_smoothing / K

  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const;  ///< for Trainer; throws ValueError for settings out of range
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/categorical_focal_crossentropy_inl.hpp"
#endif
