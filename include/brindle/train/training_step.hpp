// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "brindle/core/function_ref.hpp"
#include "brindle/nn/loss.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/batch.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/output_rules.hpp"
#include "brindle/train/update_rules.hpp"
#include "brindle/train/weight_penalty.hpp"
#include "brindle/train/weight_update.hpp"

namespace brindle::detail {

/// What a training step reads and changes.
template <class T, class Device>
struct StepParts {
  Model<T, Device>& model;                ///< whose weights the step changes
  Plan<T, Device>& plan;                  ///< for training
  Loss<T, Device>& loss;                  ///< prepared for the batch
  const Optimizer<T, Device>& optimizer;  ///< how weights change
  Batch<T, Device>& batch;                ///< samples and labels
  OptimizerSlots<T, Device>& slots;       ///< by layer and parameter
  const OutputRules& rules;               ///< of the model's outputs
  const UpdateRules& updates;             ///< from gradients to the optimizer
};

/// What messages of a step tell.
struct StepNames {
  const char* who;     ///< begins them: "fit"
  std::uint64_t seed;  ///< of dropout
  SampleNames sample;  ///< of the batch
};

/// Loss and accuracy over training samples.
struct StepTotals {
  double loss = 0;           ///< sum, weighted
  double correct = 0;        ///< sum
  std::int64_t samples = 0;  ///< how many

  void add(const StepTotals& more) {
    loss += more.loss;
    correct += more.correct;
    samples += more.samples;
  }
};

/// Runs training steps, here on the Cpu; a device that works by itself has its own: cuda_training_step.hpp.
template <class T, class Device>
class TrainingStep {
 public:
  explicit TrainingStep(const Device& on) : on_(on) {}  ///< nothing to prepare

  /// The context in which the plan of the step must work.
  const Device& device() const { return on_; }
  /// A plan is new. Nothing is kept of the old one.
  void reset(std::int64_t) {}

  /// Step number `step`, 0 for the first, on n samples of the batch; what it adds to the totals. outputs_seen: the
  /// outputs need not be looked at (any more). Throws NumericsError, and what the loss says of outputs that it cannot
  /// mean, before a weight has changed.
  StepTotals run(const StepParts<T, Device>& p, std::int64_t n, bool with_weights, std::int64_t step,
                 const StepNames& names, bool& outputs_seen);

  /// Gives gradients as Plan::backward() does.
  using Backward = FunctionRef<void(typename Plan<T, Device>::OnGradients, const typename Plan<T, Device>::OnStream*,
                                    const typename Plan<T, Device>::StreamState*)>;

  /// The backward pass and what follows, of step number `step`, 0 for the first. Every gradient goes to the optimizer
  /// as soon as it is there, if it may.
  void update(const StepParts<T, Device>& p, std::int64_t step, Backward backward);

 private:
  using Slots = SlotViews<T, Device>;

  Device on_;
  WeightUpdate<T, Device> whole_;
  WeightPenalty<T, Device> penalty_;
  bool loss_seen_ = false;  // to write all of what it gives
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/training_step_inl.hpp"
#endif
