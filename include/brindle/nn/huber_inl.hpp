// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what huber.hpp declares.
#include <memory>

#include "brindle/core/inline.hpp"
#include "brindle/nn/huber.hpp"
#include "brindle/nn/loss_checks.hpp"
#include "brindle/nn/regression_loss.hpp"
#include "brindle/ops/regression_error/regression_error.hpp"

namespace brindle {

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> Huber::make() const {
  detail::check_loss_setting("Huber", "delta", delta, 1e-6, 1e30);
  return std::make_unique<detail::RegressionLoss<T, Device>>(
      "Huber", Config{{"delta", delta}}, ops::RegressionErrorOptions{ops::RegressionError::huber, delta});
}

}  // namespace brindle
