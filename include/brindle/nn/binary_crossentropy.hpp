// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "brindle/nn/loss.hpp"

namespace brindle {

/// For yes-or-no outputs: labels 0 and 1 (or in between), one per output.
///
/// Behind a sigmoid it is computed from the logit, so that it is exact and never NaN; the formulas stand at
/// ops::binary_crossentropy_logits. Keras: losses/losses.py, BinaryCrossentropy.
struct BinaryCrossentropy {
  bool from_logits = false;    ///< the model ends without a sigmoid
  bool keras2 = false;         ///< clip probabilities first, as Keras 2 did
  double label_smoothing = 0;  ///< 0 to 1: labels t become t (1 - label_smoothing) + label_smoothing / 2

  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const;  ///< for Trainer; throws ValueError for settings out of range
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/binary_crossentropy_inl.hpp"
#endif
