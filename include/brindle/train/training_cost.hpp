// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "brindle/data/source.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/train/fit_options.hpp"
#include "brindle/train/learning_rate_range.hpp"
#include "brindle/train/process_group.hpp"
#include "brindle/train/trainer.hpp"

namespace brindle {

/// How a training is measured before it begins.
struct TrainingCostOptions {
  std::int64_t batch = 32;          ///< samples a step, >= 1, as the run will have
  double seconds = 1;               ///< of steps that are measured, at least two of them, > 0
  std::int64_t most_steps = 50;     ///< measured, >= 2
  data::SourceRef validation = {};  ///< that the run evaluates after each epoch, or none
  std::int64_t kept_weights = 1;    ///< copies of the weights that callbacks hold: keep_best() has one
  std::int64_t leaves = 1;          ///< as TrainerOptions::leaves
  /// As TrainerOptions::group: steps are those of all processes, which call this together, and bytes those of each.
  std::shared_ptr<ProcessGroup> group = {};
};

/// What an epoch takes.
struct TrainingCost {
  double step_seconds = 0;        ///< of a step with reading its samples; mean of those that were measured
  std::int64_t steps = 0;         ///< in an epoch
  std::int64_t measured = 0;      ///< steps that were measured
  double validation_seconds = 0;  ///< of evaluating the validation data
  std::int64_t bytes = 0;         ///< of memory beside the model and the data, see training_bytes()

  /// Of an epoch with its validation.
  double epoch_seconds() const { return static_cast<double>(steps) * step_seconds + validation_seconds; }
};

/// Measures a few training steps, and a batch of validation samples, to say what a run will take.
///
///     const TrainingCost cost = training_cost(model, Adam{}, SparseCategoricalCrossentropy{}, photos, {.batch = 30});
///     std::printf("about %.0f s\n", 30 * cost.epoch_seconds());
///
/// A trial as learning_rate_range(): the weights have the same bits afterwards. Seconds differ from run to run and with
/// what else the machine does: print them, decide nothing by them, or the run cannot be repeated. The first step, which
/// takes memory, is left out. Throws ValueError for options out of range, and what Trainer::fit() throws.
template <class T, class Device, class OptimizerValue, class LossValue>
TrainingCost training_cost(Model<T, Device>& model, const OptimizerValue& optimizer, const LossValue& loss,
                           const data::Source& source, const TrainingCostOptions& options = {});

/// Bytes that fit() takes beside the model and the data: activations, gradients and workspaces of the plan for a batch,
/// those of the plan for validation, what the optimizer remembers, batches that are read ahead, copies of the weights
/// that are kept. Nothing is run or taken: for choosing a batch. The same numbers on every machine with the same
/// instruction set and number of threads.
///
///     slots: arrays of its size that the optimizer keeps for each parameter; Adam has 2
///     leaves: of a batch, as TrainerOptions::leaves; of the processes that share them each keeps its part of the slots
///
/// Throws ValueError for a batch below 1, for a model without layers, and unless processes <= leaves are powers of two.
template <class T, class Device>
std::int64_t training_bytes(const Model<T, Device>& model, std::int64_t batch, int slots = 2,
                            std::int64_t kept_weights = 1, std::int64_t leaves = 1, int processes = 1);

/// Seconds that a model will take to read and predict all samples of a source, by two batches that are measured; what
/// io::extract() and Trainer::predict() do.
///
/// Throws ShapeError for samples that the model does not take, ValueError for a batch below 1.
template <class T, class Device>
double prediction_seconds(const Model<T, Device>& model, const data::Source& source, std::int64_t batch = 32);

/// Bytes that predicting `batch` samples at a time takes beside the model and the data: the plan's, and the batch.
/// Throws as training_bytes().
template <class T, class Device>
std::int64_t prediction_bytes(const Model<T, Device>& model, std::int64_t batch = 32);

namespace detail {

/// Throws ValueError for options that have no meaning.
void check_cost_options(const TrainingCostOptions& options);

/// The steps of the trial.
template <class T, class Device>
TrainingCost try_steps(Trainer<T, Device>& trainer, const data::Source& source, const TrainingCostOptions& options);

}  // namespace detail

template <class T, class Device, class OptimizerValue, class LossValue>
TrainingCost training_cost(Model<T, Device>& model, const OptimizerValue& optimizer, const LossValue& loss,
                           const data::Source& source, const TrainingCostOptions& options) {
  detail::check_cost_options(options);
  const detail::KeptWeights<T, Device> kept(model);
  Trainer<T, Device> trainer(model, optimizer, loss, {.leaves = options.leaves, .group = options.group});
  return detail::try_steps(trainer, source, options);
}

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/training_cost_inl.hpp"
#endif
