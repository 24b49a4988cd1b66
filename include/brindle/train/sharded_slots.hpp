// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/train/attempts.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/update_rules.hpp"

// Slots of which each process has the elements that it steps, put together where somebody needs them whole: for files,
// and for averages of weights. All processes call these functions at once, between two steps.
namespace brindle::detail {

/// use(layer, which, slot) for slot number k of each parameter that has so many, whole: in the order of the row, then
/// those of frozen layers, which are whole in every process. The view is overwritten by the next step.
template <class T, class Device>
void gather_slot(const OptimizerSlots<T, Device>& slots, std::size_t k, LeafGradients<T, Device>& sums, Team& team,
                 FunctionRef<void(std::size_t layer, std::size_t which, TensorView<const T, Device>)> use);

/// A trainer's slots: whole where it is alone; with several processes each has those of what it steps, once it has a
/// plan.
template <class T, class Device>
class ShardedSlots {
 public:
  /// As they are in this process.
  OptimizerSlots<T, Device>& here() { return here_; }
  const OptimizerSlots<T, Device>& here() const { return here_; }
  /// Whether others have some that this process has not.
  bool sharded() const { return sharded_; }

  /// make_slots(), whole; they must not be sharded.
  void make(const Model<T, Device>& model, const Optimizer<T, Device>& optimizer, const UpdateRules& rules) {
    make_slots(model, optimizer, rules, here_);
  }
  /// make_slots() of what this process steps. Slots are whole, or sharded in the same way, and stay what they are in
  /// all processes where one has no memory.
  void shard(const Model<T, Device>& model, const Optimizer<T, Device>& optimizer, const UpdateRules& rules,
             const LeafGradients<T, Device>& sums, Team& team);

  /// All of them, whole. keeps: false for a process that only gives its part; it gets none. Throws in all processes,
  /// with nothing changed, where one has no memory for them.
  OptimizerSlots<T, Device> whole(LeafGradients<T, Device>& sums, Team& team, bool keeps = true) const;
  /// They become whole in every process.
  void make_whole(LeafGradients<T, Device>& sums, Team& team);
  /// work() while they are whole in the first process.
  template <class Work>
  void while_first_has_all(LeafGradients<T, Device>& sums, Team& team, const Work& work) {
    if (!sharded_) return work();
    OptimizerSlots<T, Device> other = whole(sums, team, team.first());
    const auto exchange = [&] {
      if (team.first()) std::swap(here_, other);
    };
    Attempts attempt(team);
    exchange();
    attempt(work);
    exchange();
    attempt.throw_together();
  }

  /// Exchanges weights and their averages, where there are some. Called twice it changes nothing, and what is changed
  /// of the weights in between is then of the averages. Between processes it takes no memory.
  void swap_averages(const UpdateRules& rules, const Optimizer<T, Device>& optimizer, Model<T, Device>& model,
                     LeafGradients<T, Device>& sums, Team& team) {
    each_average(rules, optimizer, model, sums, team, true);
  }
  /// The averages become the weights, and stay as they are.
  void take_averages(const UpdateRules& rules, const Optimizer<T, Device>& optimizer, Model<T, Device>& model,
                     LeafGradients<T, Device>& sums, Team& team) {
    each_average(rules, optimizer, model, sums, team, false);
  }

 private:
  void each_average(const UpdateRules& rules, const Optimizer<T, Device>& optimizer, Model<T, Device>& model,
                    LeafGradients<T, Device>& sums, Team& team, bool swaps);

  OptimizerSlots<T, Device> here_;
  bool sharded_ = false;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/sharded_slots_inl.hpp"
#endif
