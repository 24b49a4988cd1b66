// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brindle/core/cpu.hpp"
#include "brindle/core/tensor.hpp"

namespace brindle {

/// What an optimizer remembers between two steps, to train on where a saved model ended.
template <class T>
struct OptimizerState {
  struct Slot {
    std::string layer;        ///< name
    std::string parameter;    ///< name within the layer
    std::int64_t number = 0;  ///< among the slots of its parameter
    Tensor<T, Cpu> value;     ///< of the parameter's shape
  };

  std::string type = {};         ///< "RMSprop"
  std::int64_t steps = 0;        ///< done so far
  double learning_rate = 0;      ///< of the next step
  std::uint32_t passes = 0;      ///< over the data, so far: names the order of the next one
  std::uint64_t samples = 0;     ///< used so far: names the random changes of the next one
  std::vector<Slot> slots = {};  ///< by layer, parameter and number
};

}  // namespace brindle
