// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "brindle/core/tensor.hpp"
#include "brindle/train/attempts.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/training_step.hpp"
#include "brindle/train/update_rules.hpp"
#include "brindle/train/weight_update.hpp"

namespace brindle::detail {

/// What follows behind the sums of the leaves' gradients. Each process steps the elements whose sums it
/// owns and keeps slots of these alone, so that the optimizer's memory and work are divided; then all get all weights.
///
/// A gradient's norm needs all of it: where gradients are clipped by one, they go to all first.
template <class T, class Device>
class LeafUpdate {
 public:
  explicit LeafUpdate(const Device& on) : on_(on) {}

  /// Step number `step`, 0 for the first, of all parameters that have sums. To be called by all processes at once. What
  /// the optimizer throws in one of them all throw: with the same weights then, of which those that were stepped before
  /// are new and the others old, as in one process alone. in_common: parameters that are cut have the same memory in
  /// all processes, who have done their passes by then.
  void run(const StepParts<T, Device>& p, std::int64_t step, LeafGradients<T, Device>& sums, Team& team,
           bool in_common = false);

 private:
  void add(const StepParts<T, Device>& p, const SummedPart& s, const LeafGradients<T, Device>& sums);
  // Where the weights of each piece are that is a part of one parameter: it needs no room in the row. Else null; and
  // where some are in common, for all others.
  void find_weights(const StepParts<T, Device>& p, const LeafGradients<T, Device>& sums);
  // The new weights of its own shards, for all others.
  void hand_over(const StepParts<T, Device>& p, const std::vector<SummedPart>& piece,
                 const LeafGradients<T, Device>& sums) const;
  // Those of the others; and what moving averages are to follow.
  void take_over(const StepParts<T, Device>& p, const std::vector<SummedPart>& piece,
                 const LeafGradients<T, Device>& sums, Attempts& attempt) const;

  Device on_;
  WeightUpdate<T, Device> update_;
  std::vector<T*> weights_;  // by piece
  bool in_common_ = false;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/leaf_update_inl.hpp"
#endif
