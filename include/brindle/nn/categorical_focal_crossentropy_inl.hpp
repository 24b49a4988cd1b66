// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what categorical_focal_crossentropy.hpp declares.
#include <memory>

#include "brindle/core/inline.hpp"
#include "brindle/nn/categorical_focal_crossentropy.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/crossentropy_loss.hpp"
#include "brindle/nn/loss_checks.hpp"
#include "brindle/ops/categorical_crossentropy/categorical_crossentropy.hpp"

namespace brindle {

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> CategoricalFocalCrossentropy::make() const {
  detail::check_loss_setting("CategoricalFocalCrossentropy", "alpha", alpha, 1e-6, 1e6);
  detail::check_loss_setting("CategoricalFocalCrossentropy", "gamma", gamma, 0, 100);
  detail::check_loss_setting("CategoricalFocalCrossentropy", "label_smoothing", label_smoothing, 0, 1);
  return std::make_unique<detail::CategoricalCrossentropyLoss<T, Device>>(
      "CategoricalFocalCrossentropy",
      Config{{"alpha", alpha}, {"gamma", gamma}, {"from_logits", from_logits}, {"label_smoothing", label_smoothing}},
      from_logits,
      ops::CategoricalCrossentropyOptions{.label_smoothing = label_smoothing, .gamma = gamma, .alpha = alpha});
}

}  // namespace brindle
