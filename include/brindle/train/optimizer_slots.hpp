// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/optimizer_state.hpp"
#include "brindle/ops/parameter_update.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/team_row.hpp"
#include "brindle/train/update_rules.hpp"

// What an optimizer remembers of each parameter.
namespace brindle::detail {

/// What an optimizer remembers of one parameter.
template <class T, class Device>
struct ParameterState {
  /// The optimizer's own, then what UpdateRules keep. None where the parameter is not learned, or has always been
  /// frozen. Of the parameter's shape, or (n) with the n elements that this process owns.
  std::vector<Tensor<T, Device>> slots;
  /// Those elements, in their order. None: the slots are whole.
  std::vector<Shard> owned;

  /// Where element `first`, one of them, is in a slot.
  std::int64_t position(std::int64_t first) const {
    std::int64_t before = 0;
    for (const Shard& s : owned) {
      if (first >= s.begin && first < s.end) return before + first - s.begin;
      before += s.size();
    }
    return owned.empty() ? first : before;
  }

  /// A slot becomes what it is to have of a whole one.
  void take(const T* whole, Tensor<T, Device>& slot) const {
    if (owned.empty()) return Memory<Device>::copy(slot.data(), whole, slot.bytes());
    for (const Shard& s : owned)
      Memory<Device>::copy(slot.data() + position(s.begin), whole + s.begin,
                           static_cast<std::size_t>(s.size()) * sizeof(T));
  }
};

/// By layer and parameter.
template <class T, class Device>
using OptimizerSlots = std::vector<std::vector<ParameterState<T, Device>>>;

/// Room for what each parameter will have. Throws ValueError for an optimizer with more slots than SlotViews has, and
/// as Optimizer::check_parameters().
template <class T, class Device>
void prepare_slots(const Model<T, Device>& model, const Optimizer<T, Device>& optimizer,
                   OptimizerSlots<T, Device>& slots);

/// What this process has of the slots of a parameter, by layer and number within it.
using ShardsOf = FunctionRef<const std::vector<Shard>&(std::size_t layer, std::size_t which)>;

/// Makes those that are missing: zero, an average of a weight as the weight is. The sum of gradients of a layer that is
/// frozen now is 0 again. shards_of: what is made; null: all of it.
template <class T, class Device>
void make_slots(const Model<T, Device>& model, const Optimizer<T, Device>& optimizer, const UpdateRules& rules,
                OptimizerSlots<T, Device>& slots, const ShardsOf* shards_of = nullptr);

/// Which layers were trainable, which ran for inference, and the penalties of weights, when a plan was made.
class TrainableFlags {
 public:
  template <class T, class Device>
  void note(const Model<T, Device>& model);
  /// Whether they are the same now; before note(), nothing has changed.
  template <class T, class Device>
  bool same(const Model<T, Device>& model) const;

 private:
  struct Flags {
    bool trainable, inference;
    friend bool operator==(const Flags&, const Flags&) = default;
  };
  std::vector<Flags> flags_;
  std::vector<double> l2_;  // penalties of all parameters
};

/// Throws ValueError in all processes unless the same layers are frozen, and penalized, in all of them.
template <class T, class Device>
void expect_same_trainable(Team& team, const Model<T, Device>& model);

/// Which layers are frozen now, which callbacks may have changed, for checkpoints.
template <class T, class Device>
void visit_trainable(RunState& run, Model<T, Device>& model);

/// All weights, and the slots that there are, for checkpoints.
template <class T, class Device>
void visit_parameters(RunState& run, Model<T, Device>& model, OptimizerSlots<T, Device>& slots);

/// The optimizer's slots of one parameter, or of a part of it.
template <class T, class Device>
struct SlotViews {
  static constexpr std::size_t most = std::tuple_size_v<decltype(ops::ParameterUpdate<T, Device>::slot)>;
  std::array<TensorView<T, Device>, most> view;
  std::size_t count = 0;

  /// Elements [first, first + shape.size()) of the parameter, of each of the first `own` slots.
  SlotViews(ParameterState<T, Device>& state, std::size_t own, std::int64_t first, const Shape& shape);
  std::span<const TensorView<T, Device>> all() const { return {view.data(), count}; }
};

/// Of the bits of all slots.
template <class T, class Device>
std::string slots_checksum(const OptimizerSlots<T, Device>& slots);

/// Copies of them, for files.
template <class T, class Device>
void read_slots(const Model<T, Device>& model, const OptimizerSlots<T, Device>& slots, OptimizerState<T>& state);

/// Throws ValueError, changing nothing, if the state has not these slots.
template <class T, class Device>
void write_slots(const Model<T, Device>& model, OptimizerSlots<T, Device>& slots, const OptimizerState<T>& state);

}  // namespace brindle::detail

#ifndef BRINDLE_COMPILED
#include "brindle/train/optimizer_slots_inl.hpp"
#endif
