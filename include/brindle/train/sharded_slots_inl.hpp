// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what sharded_slots.hpp declares.
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/sharded_slots.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/update_rules.hpp"

namespace brindle::detail {

template <class T, class Device>
void gather_slot(const OptimizerSlots<T, Device>& slots, std::size_t k, LeafGradients<T, Device>& sums, Team& team,
                 FunctionRef<void(std::size_t layer, std::size_t which, TensorView<const T, Device>)> use) {
  std::vector<std::vector<bool>> summed;
  for (const auto& layer : slots) summed.emplace_back(layer.size(), false);
  const auto each_summed = [&](const auto& work) {
    for (const std::vector<SummedParameter>& piece : sums.pieces())
      for (const SummedParameter& s : piece)
        if (k < slots[s.layer][s.which].slots.size()) work(s);
  };
  each_summed([&](const SummedParameter& s) {
    const ParameterState<T, Device>& state = slots[s.layer][s.which];
    // Of a layer that was frozen behind the plan they may be whole already.
    Memory<Device>::copy(sums.own(s).data, state.slots[k].data() + (s.own.begin - state.first),
                         static_cast<std::size_t>(s.own.size()) * sizeof(T));
    summed[s.layer][s.which] = true;
  });
  sums.gather();
  sums.finish_gathering(team);
  each_summed([&](const SummedParameter& s) { use(s.layer, s.which, sums.view(s)); });
  for (std::size_t i = 0; i < slots.size(); ++i)
    for (std::size_t p = 0; p < slots[i].size(); ++p)
      if (k < slots[i][p].slots.size() && !summed[i][p]) use(i, p, slots[i][p].slots[k].view());
}

template <class T, class Device>
void ShardedSlots<T, Device>::shard(const Model<T, Device>& model, const Optimizer<T, Device>& optimizer,
                                    const UpdateRules& rules, const LeafGradients<T, Device>& sums) {
  const auto own = [&](std::size_t layer, std::size_t which) { return sums.shard(layer, which); };
  const ShardOf shard_of(own);
  make_slots(model, optimizer, rules, here_, &shard_of);
  sharded_ = true;
}

template <class T, class Device>
OptimizerSlots<T, Device> ShardedSlots<T, Device>::whole(LeafGradients<T, Device>& sums, Team& team, bool keeps) const {
  OptimizerSlots<T, Device> whole;
  std::size_t most = 0;
  for (const auto& layer : here_) {
    whole.emplace_back(layer.size());
    for (const ParameterState<T, Device>& state : layer) most = std::max(most, state.slots.size());
  }
  for (std::size_t k = 0; k < most; ++k)
    gather_slot<T, Device>(
        here_, k, sums, team, [&](std::size_t layer, std::size_t which, TensorView<const T, Device> slot) {
          if (!keeps) return;
          auto& copy = whole[layer][which].slots.emplace_back(Tensor<T, Device>::uninitialized(slot.shape));
          Memory<Device>::copy(copy.data(), slot.data, copy.bytes());
        });
  return whole;
}

template <class T, class Device>
void ShardedSlots<T, Device>::make_whole(LeafGradients<T, Device>& sums, Team& team) {
  if (sharded_) here_ = whole(sums, team);
  sharded_ = false;
}

template <class T, class Device>
GatheredAverages<T, Device>::GatheredAverages(Model<T, Device>& model, OptimizerSlots<T, Device>& slots, int all,
                                              LeafGradients<T, Device>& sums, Team& team, bool swaps)
    : model_(model), slots_(slots) {
  // All memory is taken before the first weight is changed.
  for (std::size_t i = 0; swaps && i < slots.size(); ++i)
    for (std::size_t p = 0; p < slots[i].size(); ++p)
      if (slots[i][p].slots.size() == static_cast<std::size_t>(all))
        kept_.push_back({i, p, std::as_const(*model.layers()[i]).parameters()[p].value.clone()});
  gather_slot<T, Device>(slots, static_cast<std::size_t>(all) - 1, sums, team,
                         [&](std::size_t layer, std::size_t which, TensorView<const T, Device> average) {
                           Tensor<T, Device>& weight = model.layers()[layer]->parameters()[which].value;
                           Memory<Device>::copy(weight.data(), average.data, weight.bytes());
                         });
  for (const Kept& k : kept_) put_into_slot(k, k.value);
}

template <class T, class Device>
GatheredAverages<T, Device>::~GatheredAverages() {
  for (const Kept& k : kept_) {
    Tensor<T, Device>& value = model_.layers()[k.layer]->parameters()[k.which].value;
    put_into_slot(k, value);
    Memory<Device>::copy(value.data(), k.value.data(), value.bytes());
  }
}

template <class T, class Device>
void GatheredAverages<T, Device>::put_into_slot(const Kept& k, const Tensor<T, Device>& value) {
  ParameterState<T, Device>& state = slots_[k.layer][k.which];
  Tensor<T, Device>& slot = state.slots.back();
  Memory<Device>::copy(slot.data(), value.data() + state.first, slot.bytes());
}

}  // namespace brindle::detail
