// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brindle/nn/config.hpp"

namespace brindle::io::detail {

/// What Keras needs, beside the model, to train on: what compile() was told, and what the optimizer remembers.
struct TrainingToWrite {
  std::string optimizer, loss;  ///< types
  Config optimizer_config, loss_config;
  std::string not_written = {};  ///< an option of the trainer whose state has no place here; empty: none
  bool accuracy = false;         ///< the outputs are classes
  std::int64_t steps = 0;        ///< of the optimizer
  std::int64_t slots = 0;        ///< of a parameter
  float learning_rate = 0;       ///< of the next step, as a model of float has it
  double double_rate = 0;        ///< as one of double has it
  std::vector<char> zeros = {};  ///< for slots of parameters that the trainer has not seen learning
};

}  // namespace brindle::io::detail
