// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/core/function_ref.hpp"
#include "brindle/train/run_state.hpp"

namespace brindle {

/// Where fit() leaves its checkpoints and finds them again; checkpoint() in train/checkpoint.hpp makes the usual one.
class CheckpointStore {
 public:
  using Visit = FunctionRef<void(RunState&)>;  ///< saves or restores a run, by what it is given

  virtual ~CheckpointStore() = default;

  /// A fit() begins. Whether there is a checkpoint to go on from, which restore() then gives.
  virtual bool begin() = 0;
  /// Only after a begin() that returned true. Throws FileError where no checkpoint can be read.
  virtual void restore(Visit run) = 0;

  /// Whether it is time for a checkpoint, after a step or after an epoch.
  virtual bool due(bool epoch_ended) const = 0;
  /// where: "epoch 3, step 17 of 100", for messages.
  virtual void save(const std::string& where, Visit run) = 0;
};

}  // namespace brindle
