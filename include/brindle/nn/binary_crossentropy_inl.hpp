// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what binary_crossentropy.hpp declares.
#include <memory>

#include "brindle/core/inline.hpp"
#include "brindle/nn/binary_crossentropy.hpp"
#include "brindle/nn/config.hpp"
#include "brindle/nn/crossentropy_loss.hpp"
#include "brindle/nn/loss_checks.hpp"
#include "brindle/ops/binary_crossentropy/binary_crossentropy.hpp"

namespace brindle {

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> BinaryCrossentropy::make() const {
  detail::check_loss_setting("BinaryCrossentropy", "label_smoothing", label_smoothing, 0, 1);
  Config config{{"from_logits", from_logits}, {"keras2", keras2}};
  detail::set_label_smoothing(config, label_smoothing);
  return std::make_unique<detail::BinaryCrossentropyLoss<T, Device>>(
      "BinaryCrossentropy", config, from_logits,
      ops::BinaryCrossentropyOptions{.keras2 = keras2, .label_smoothing = label_smoothing});
}

}  // namespace brindle
