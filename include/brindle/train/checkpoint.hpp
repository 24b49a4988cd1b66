// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "brindle/train/checkpoint_store.hpp"

namespace brindle {

struct CheckpointOptions {
  double every_seconds = 0;  ///< 0: after each epoch; else after the step at which so many have passed since the last
  bool resume = false;       ///< go on from the checkpoint that is there; without one begin anew
  /// Takes lines for the user: what a run goes on from, that an older checkpoint will be replaced, that one is damaged.
  std::function<void(const std::string&)> tell = {};
};

namespace detail {

inline constexpr const char* checkpoint_version = "2";

}  // namespace detail

/// Keeps a file from which a run can go on wherever it stopped, with the same bits as if it had not.
///
///     trainer.fit(photos, {.batch = 30, .epochs = 30,
///                          .checkpoint = checkpoint("out/run.checkpoint", {.every_seconds = 60, .resume = true})});
///
/// A safetensors file with weights, optimizer state, counters of random numbers, epoch, step and place in the data,
/// history, and what callbacks remember. It is written whole or not at all; the one before stays as name.previous and
/// is used where the newest is damaged. The last one is written when fit() ends, so that a fit() with more .epochs can
/// go on from it; a run that a callback has stopped (FitState::stop) stays stopped. A run that goes on has the learning
/// rate of the checkpoint, not the optimizer's.
///
/// Throws ValueError for every_seconds below 0. fit() throws FileError if the file cannot be read or written, before
/// the first step where that can be seen, and ValueError with all differences if it belongs to another run: another
/// model, optimizer, loss, seed, batch, other samples, labels, classes, augmentation or settings of callbacks.
std::shared_ptr<CheckpointStore> checkpoint(const std::filesystem::path& path, const CheckpointOptions& options = {});

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/checkpoint_inl.hpp"
#endif
