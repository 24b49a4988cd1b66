// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <exception>

#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/plan.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/leaf_update.hpp"
#include "brindle/train/leaves.hpp"
#include "brindle/train/shared_weights.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/training_step.hpp"
#include "brindle/train/weight_penalty.hpp"

namespace brindle::detail {

/// A training step of a batch that is cut into leaves, here on the Cpu; a GPU has its own: cuda_leaf_step.hpp.
///
///     step.begin(n);
///     while (step.leaf_size() > 0) step.run(parts, ...);   // the leaf's samples are in parts.batch
///     totals = step.finish(parts, ...);
///
/// A leaf's passes are those of a batch of its size. The gradient of its mean loss counts by the leaf's share of the
/// batch, so that the sum over the leaves is the gradient of the batch's mean loss. Moving averages follow the mean of
/// what the leaves have seen, by the same shares and the same tree: those of the leaf's own batch normalization.
template <class T, class Device>
class LeafStep {
 public:
  using Parts = StepParts<T, Device>;  ///< what a step reads and changes

  /// Takes no memory yet.
  LeafStep(const Device& on, const Leaves& leaves) : on_(on), walk_(leaves), update_(on) {}

  /// The context in which the plan of the step must work.
  const Device& device() const { return on_; }

  /// Makes itself ready for the leaves of this plan, but for the memory of sums().
  void prepare(const Model<T, Device>& model, const Plan<T, Device>& plan) {
    weights_.release();
    gradients_.prepare(model, plan, walk_.leaves());
  }

  /// A step on a batch of n samples begins.
  void begin(std::int64_t n);

  /// Samples of the next leaf of this process; 0: all are done.
  std::int64_t leaf_size() const { return walk_.size(); }
  /// The first of them, of the batch.
  std::int64_t leaf_begin() const { return walk_.first_sample(); }

  /// The passes of the next leaf; behind the last one's the sums over processes begin. Throws as TrainingStep::run().
  void run(const Parts& p, bool with_weights, std::int64_t step, const StepNames& names, bool& outputs_seen,
           Team& team);

  /// What a process has caught on the way to finish(), which throws it in all of them.
  void fail(const std::exception_ptr& error) { error_ = error; }

  /// Adds up what the leaves of all processes gave, and changes the weights by it. Throws in all processes, before a
  /// weight has changed, what one has caught, and NumericsError for a loss that is not finite; then as LeafUpdate.
  StepTotals finish(const Parts& p, std::int64_t step, const StepNames& names, Team& team);

  /// What the leaves' gradients are added up in, and which part of them is this process's.
  LeafGradients<T, Device>& sums() { return gradients_; }

  /// The large weights, which are in memory of the group's between share() and separate(): see SharedWeights.
  SharedWeights<T>& weights() { return weights_; }

  /// Bytes of sums.
  std::int64_t bytes() const { return gradients_.bytes(); }

 private:
  // Leaves that have no samples.
  void skip_empty();

  Device on_;
  LeafWalk walk_;
  LeafGradients<T, Device> gradients_;
  LeafUpdate<T, Device> update_;
  SharedWeights<T> weights_;
  WeightPenalty<T, Device> penalty_;
  bool loss_seen_ = false;  // to write all of what it gives
  std::exception_ptr error_;
  // Loss and right answers of the leaves that are done: sums that wait, as those of LeafGradients.
  struct Sums {
    double loss = 0, correct = 0;
    bool failed = false;  // somebody has caught something
  };
  static Sums add(const Sums& left, const Sums& right) {
    return {left.loss + right.loss, left.correct + right.correct, left.failed || right.failed};
  }
  void add_up(Sums sums);
  std::array<Sums, 17> waiting_;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/leaf_step_inl.hpp"
#endif
