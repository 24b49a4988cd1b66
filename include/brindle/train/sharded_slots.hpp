// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/update_rules.hpp"

// Slots of which each process has the elements that it steps, put together where somebody needs them whole: for files,
// and for averages of weights. All processes call these functions at once, between two steps.
namespace brindle::detail {

/// use(layer, which, slot) for slot number k of each parameter that has so many, whole: in the order of the row, then
/// those of frozen layers, which are whole in every process. The view is overwritten by the next step.
template <class T>
void gather_slot(const OptimizerSlots<T, Cpu>& slots, std::size_t k, LeafGradients<T>& sums, Team& team,
                 FunctionRef<void(std::size_t layer, std::size_t which, TensorView<const T, Cpu>)> use);

/// The last slot of each parameter that has `all` of them is the average of its weights, and the weights become that.
/// If it swaps, the slots are the weights while it lives, as with SwappedAverages: what is changed of the weights
/// meanwhile is then of their averages.
template <class T>
class GatheredAverages {
 public:
  GatheredAverages(Model<T, Cpu>& model, OptimizerSlots<T, Cpu>& slots, int all, LeafGradients<T>& sums, Team& team,
                   bool swaps);
  ~GatheredAverages();
  GatheredAverages(const GatheredAverages&) = delete;
  GatheredAverages& operator=(const GatheredAverages&) = delete;

 private:
  struct Kept {
    std::size_t layer, which;
    Tensor<T> value;
  };
  // The elements of the slot, which may be other ones than at the beginning if a callback has frozen layers.
  void put_into_slot(const Kept& k, const Tensor<T>& value);

  Model<T, Cpu>& model_;
  OptimizerSlots<T, Cpu>& slots_;
  std::vector<Kept> kept_;  // weights
};

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
  /// make_slots() of what this process steps. Slots are whole, or sharded in the same way.
  void shard(const Model<T, Device>& model, const Optimizer<T, Device>& optimizer, const UpdateRules& rules,
             const LeafGradients<T>& sums);

  /// All of them, whole. keeps: false for a process that only gives its part; it gets none. Throws in all processes,
  /// with nothing changed, where one has no memory for them.
  OptimizerSlots<T, Device> whole(LeafGradients<T>& sums, Team& team, bool keeps = true) const;
  /// They become whole in every process.
  void make_whole(LeafGradients<T>& sums, Team& team);
  /// work() while they are whole in the first process.
  template <class Work>
  void while_first_has_all(LeafGradients<T>& sums, Team& team, const Work& work) {
    if (!sharded_) return work();
    OptimizerSlots<T, Device> other = whole(sums, team, team.first());
    const auto exchange = [&] {
      if (team.first()) std::swap(here_, other);
    };
    exchange();
    try {
      work();
    } catch (...) {
      exchange();
      throw;
    }
    exchange();
  }

 private:
  OptimizerSlots<T, Device> here_;
  bool sharded_ = false;
};

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/sharded_slots_inl.hpp"
#endif
