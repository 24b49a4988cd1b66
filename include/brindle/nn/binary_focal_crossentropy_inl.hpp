// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what binary_focal_crossentropy.hpp declares.
#include <memory>

#include "brindle/core/inline.hpp"
#include "brindle/nn/binary_focal_crossentropy.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/crossentropy_loss.hpp"
#include "brindle/nn/loss_checks.hpp"
#include "brindle/ops/binary_crossentropy/binary_crossentropy.hpp"

namespace brindle {

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> BinaryFocalCrossentropy::make() const {
  detail::check_loss_setting("BinaryFocalCrossentropy", "alpha", alpha, 0, 1);
  detail::check_loss_setting("BinaryFocalCrossentropy", "gamma", gamma, 0, 100);
  detail::check_loss_setting("BinaryFocalCrossentropy", "label_smoothing", label_smoothing, 0, 1);
  return std::make_unique<detail::BinaryCrossentropyLoss<T, Device>>(
      "BinaryFocalCrossentropy",
      Config{{"apply_class_balancing", apply_class_balancing},
             {"alpha", alpha},
             {"gamma", gamma},
             {"from_logits", from_logits},
             {"label_smoothing", label_smoothing}},
      from_logits,
      ops::BinaryCrossentropyOptions{
          .label_smoothing = label_smoothing, .gamma = gamma, .alpha = apply_class_balancing ? alpha : -1});
}

}  // namespace brindle
