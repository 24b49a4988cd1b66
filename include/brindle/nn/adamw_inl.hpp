// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what adamw.hpp declares.
#include <memory>

#include "brindle/nn/adam_inl.hpp"
#include "brindle/nn/adamw.hpp"
#include "brindle/nn/optimizer.hpp"

namespace brindle {

template <class T, class Device>
std::unique_ptr<Optimizer<T, Device>> AdamW::AdamW::make() const {
  return std::make_unique<AdamOptimizer<T, Device>>("AdamW",
                                                    Adam{.learning_rate = learning_rate,
                                                         .beta_1 = beta_1,
                                                         .beta_2 = beta_2,
                                                         .epsilon = epsilon,
                                                         .amsgrad = amsgrad,
                                                         .weight_decay = weight_decay,
                                                         .exclude_from_weight_decay = exclude_from_weight_decay});
}

}  // namespace brindle
