// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what categorical_crossentropy.hpp declares.
#include <memory>

#include "brindle/core/inline.hpp"
#include "brindle/nn/categorical_crossentropy.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/crossentropy_loss.hpp"
#include "brindle/nn/loss_checks.hpp"
#include "brindle/ops/categorical_crossentropy/categorical_crossentropy.hpp"

namespace brindle {

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> CategoricalCrossentropy::make() const {
  detail::check_loss_setting("CategoricalCrossentropy", "label_smoothing", label_smoothing, 0, 1);
  return std::make_unique<detail::CategoricalCrossentropyLoss<T, Device>>(
      "CategoricalCrossentropy", Config{{"from_logits", from_logits}, {"label_smoothing", label_smoothing}},
      from_logits, ops::CategoricalCrossentropyOptions{.label_smoothing = label_smoothing});
}

}  // namespace brindle
