// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what mean_squared_error.hpp declares.
#include <memory>

#include "brindle/core/inline.hpp"
#include "brindle/nn/mean_squared_error.hpp"
#include "brindle/nn/regression_loss.hpp"
#include "brindle/ops/regression_error/regression_error.hpp"

namespace brindle {

template <class T, class Device>
std::unique_ptr<Loss<T, Device>> MeanSquaredError::make() const {
  return std::make_unique<detail::RegressionLoss<T, Device>>(
      "MeanSquaredError", Config{}, ops::RegressionErrorOptions{ops::RegressionError::squared});
}

}  // namespace brindle
