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
  const auto each_summed = [&](const auto& work) {
    for (const std::vector<SummedPart>& piece : sums.pieces())
      for (const SummedPart& s : piece)
        if (k < slots[s.layer][s.which].slots.size()) work(s);
  };
  each_summed([&](const SummedPart& s) {
    const ParameterState<T, Device>& state = slots[s.layer][s.which];
    // Of a layer that was frozen behind the plan they may be whole already.
    Memory<Device>::copy(sums.own(s).data, state.slots[k].data() + state.position(s.own.begin),
                         static_cast<std::size_t>(s.own.size()) * sizeof(T));
  });
  sums.gather();
  sums.finish_gathering(team);
  each_summed([&](const SummedPart& s) {
    if (s.elements.begin == 0) use(s.layer, s.which, sums.whole(s));
  });
  for (std::size_t i = 0; i < slots.size(); ++i)
    for (std::size_t p = 0; p < slots[i].size(); ++p)
      if (k < slots[i][p].slots.size() && !sums.summed(i, p)) use(i, p, slots[i][p].slots[k].view());
}

template <class T, class Device>
void ShardedSlots<T, Device>::shard(const Model<T, Device>& model, const Optimizer<T, Device>& optimizer,
                                    const UpdateRules& rules, const LeafGradients<T, Device>& sums, Team& team) {
  const auto own = [&](std::size_t layer, std::size_t which) -> const std::vector<Shard>& {
    return sums.shards(layer, which);
  };
  const ShardsOf shards_of(own);
  OptimizerSlots<T, Device> parts(here_.size());
  team.together([&] {
    for (std::size_t i = 0; i < here_.size(); ++i)
      for (const ParameterState<T, Device>& state : here_[i]) {
        ParameterState<T, Device>& part = parts[i].emplace_back();
        const std::vector<Shard>& shards = sums.shards(i, parts[i].size() - 1);
        part.owned = state.owned;
        for (const Tensor<T, Device>& slot : state.slots) {
          if (slot.size() == elements_of(shards) || !model.layers()[i]->trainable) {
            part.slots.push_back(slot.clone());
            continue;
          }
          part.owned = shards;
          part.slots.push_back(Tensor<T, Device>::uninitialized({elements_of(shards)}));
          part.take(slot.data(), part.slots.back());
        }
      }
    make_slots(model, optimizer, rules, parts, &shards_of);
  });
  here_ = std::move(parts);
  sharded_ = true;
}

template <class T, class Device>
OptimizerSlots<T, Device> ShardedSlots<T, Device>::whole(LeafGradients<T, Device>& sums, Team& team, bool keeps) const {
  OptimizerSlots<T, Device> whole;
  std::size_t most = 0;
  for (const auto& layer : here_)
    for (const ParameterState<T, Device>& state : layer) most = std::max(most, state.slots.size());
  team.together([&] {  // all memory is taken before anything is exchanged
    const auto room = [&](std::size_t layer, std::size_t which, const Shape& shape) {
      auto& slots = whole[layer][which].slots;
      while (keeps && slots.size() < here_[layer][which].slots.size())
        slots.push_back(Tensor<T, Device>::uninitialized(shape));
    };
    for (const auto& layer : here_) whole.emplace_back(layer.size());
    for (const std::vector<SummedPart>& piece : sums.pieces())
      for (const SummedPart& s : piece) room(s.layer, s.which, sums.whole(s).shape);
    for (std::size_t i = 0; i < here_.size(); ++i)
      for (std::size_t p = 0; p < here_[i].size(); ++p)
        if (!here_[i][p].slots.empty()) room(i, p, here_[i][p].slots[0].shape());
  });
  for (std::size_t k = 0; k < most; ++k)
    gather_slot<T, Device>(here_, k, sums, team,
                           [&](std::size_t layer, std::size_t which, TensorView<const T, Device> slot) {
                             if (!keeps) return;
                             Tensor<T, Device>& copy = whole[layer][which].slots[k];
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
void swap_elements(Tensor<T, Device>& a, Tensor<T, Device>& b) {
  if constexpr (std::is_same_v<Device, Cpu>) {
    std::swap_ranges(a.data(), a.data() + a.size(), b.data());
  } else {
    auto kept = Tensor<T, Device>::uninitialized(a.shape());
    Memory<Device>::copy(kept.data(), a.data(), a.bytes());
    Memory<Device>::copy(a.data(), b.data(), a.bytes());
    Memory<Device>::copy(b.data(), kept.data(), a.bytes());
  }
}

template <class T, class Device>
void ShardedSlots<T, Device>::each_average(const UpdateRules& rules, const Optimizer<T, Device>& optimizer,
                                           Model<T, Device>& model, LeafGradients<T, Device>& sums, Team& team,
                                           bool swaps) {
  if (!rules.averages()) return;
  const auto last = static_cast<std::size_t>(optimizer.slots() + rules.kept()) - 1;
  const auto use = [&](std::size_t layer, std::size_t which, TensorView<const T, Device> average) {
    Tensor<T, Device>& weight = model.layers()[layer]->parameters()[which].value;
    ParameterState<T, Device>& state = here_[layer][which];
    Tensor<T, Device>& slot = state.slots[last];  // of the elements that are owned
    if (swaps && average.data == slot.data()) return swap_elements(weight, slot);
    if (swaps) state.take(weight.data(), slot);
    Memory<Device>::copy(weight.data(), average.data, weight.bytes());
  };
  if (sharded_) return gather_slot<T, Device>(here_, last, sums, team, use);
  for (std::size_t i = 0; i < here_.size(); ++i)
    for (std::size_t p = 0; p < here_[i].size(); ++p)
      if (here_[i][p].slots.size() > last) use(i, p, here_[i][p].slots[last].view());
}

}  // namespace brindle::detail
