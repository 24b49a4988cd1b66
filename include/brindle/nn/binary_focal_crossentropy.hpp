// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "brindle/nn/loss.hpp"

namespace brindle {

/// For yes-or-no outputs of which one answer is rare: BinaryCrossentropy that counts what is already answered well for
/// less (Lin et al., 2017). Labels 0 and 1 (or in between), one per output.
///
/// Behind a sigmoid it is computed from the logit; the formulas stand at ops::binary_crossentropy_logits. Keras:
/// losses/losses.py, BinaryFocalCrossentropy.
struct BinaryFocalCrossentropy {
  bool apply_class_balancing = false;  ///< weigh labels of 1 by alpha and those of 0 by 1 - alpha
  double alpha = 0.25;                 ///< 0 to 1, used with apply_class_balancing
  double gamma = 2;                    ///< 0 to 100; the larger, the less what is answered well counts
  bool from_logits = false;            ///< the model ends without a sigmoid
  double label_smoothing = 0;          ///< 0 to 1: labels t become t (1 - label_smoothing) + label_smoothing / 2

  template <class T, class Device>
  std::unique_ptr<Loss<T, Device>> make() const;  ///< for Trainer; throws ValueError for settings out of range
};

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/nn/binary_focal_crossentropy_inl.hpp"
#endif
