// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what sharded_slots.hpp declares.
#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "brindle/core/function_ref.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/sharded_slots.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/update_rules.hpp"

namespace brindle::detail {

template <class T>
void gather_slot(const OptimizerSlots<T, Cpu>& slots, std::size_t k, LeafGradients<T>& sums, Team& team,
                 FunctionRef<void(std::size_t layer, std::size_t which, TensorView<const T, Cpu>)> use) {
  const auto each_summed = [&](const auto& work) {
    for (const std::vector<SummedParameter>& piece : sums.pieces())
      for (const SummedParameter& s : piece)
        if (k < slots[s.layer][s.which].slots.size()) work(s);
  };
  each_summed([&](const SummedParameter& s) {
    const ParameterState<T, Cpu>& state = slots[s.layer][s.which];
    // Of a layer that was frozen behind the plan they may be whole already.
    std::copy_n(state.slots[k].data() + (s.own.begin - state.first), s.own.size(), sums.own(s).data);
  });
  sums.gather();
  sums.finish_gathering(team);
  each_summed([&](const SummedParameter& s) { use(s.layer, s.which, sums.view(s)); });
  for (std::size_t i = 0; i < slots.size(); ++i)
    for (std::size_t p = 0; p < slots[i].size(); ++p)
      if (k < slots[i][p].slots.size() && !sums.summed(i, p)) use(i, p, slots[i][p].slots[k].view());
}

template <class T, class Device>
void ShardedSlots<T, Device>::shard(const Model<T, Device>& model, const Optimizer<T, Device>& optimizer,
                                    const UpdateRules& rules, const LeafGradients<T>& sums) {
  const auto own = [&](std::size_t layer, std::size_t which) { return sums.shard(layer, which); };
  const ShardOf shard_of(own);
  make_slots(model, optimizer, rules, here_, &shard_of);
  sharded_ = true;
}

template <class T, class Device>
OptimizerSlots<T, Device> ShardedSlots<T, Device>::whole([[maybe_unused]] LeafGradients<T>& sums,
                                                         [[maybe_unused]] Team& team,
                                                         [[maybe_unused]] bool keeps) const {
  OptimizerSlots<T, Device> whole;
  if constexpr (std::is_same_v<Device, Cpu>) {
    std::size_t most = 0;
    for (const auto& layer : here_)
      for (const ParameterState<T, Cpu>& state : layer) most = std::max(most, state.slots.size());
    team.together([&] {  // all memory is taken before anything is exchanged
      const auto room = [&](std::size_t layer, std::size_t which, const Shape& shape) {
        auto& slots = whole[layer][which].slots;
        while (keeps && slots.size() < here_[layer][which].slots.size())
          slots.push_back(Tensor<T>::uninitialized(shape));
      };
      for (const auto& layer : here_) whole.emplace_back(layer.size());
      for (const std::vector<SummedParameter>& piece : sums.pieces())
        for (const SummedParameter& s : piece) room(s.layer, s.which, sums.view(s).shape);
      for (std::size_t i = 0; i < here_.size(); ++i)
        for (std::size_t p = 0; p < here_[i].size(); ++p)
          if (!here_[i][p].slots.empty()) room(i, p, here_[i][p].slots[0].shape());
    });
    for (std::size_t k = 0; k < most; ++k)
      gather_slot<T>(here_, k, sums, team, [&](std::size_t layer, std::size_t which, TensorView<const T, Cpu> slot) {
        if (keeps) std::copy_n(slot.data, slot.size(), whole[layer][which].slots[k].data());
      });
  }
  return whole;
}

template <class T, class Device>
void ShardedSlots<T, Device>::make_whole(LeafGradients<T>& sums, Team& team) {
  if (sharded_) here_ = whole(sums, team);
  sharded_ = false;
}

template <class T>
GatheredAverages<T>::GatheredAverages(Model<T, Cpu>& model, OptimizerSlots<T, Cpu>& slots, int all,
                                      LeafGradients<T>& sums, Team& team, bool swaps)
    : model_(model), slots_(slots) {
  team.together([&] {  // all memory is taken before the first weight is changed
    for (std::size_t i = 0; swaps && i < slots.size(); ++i)
      for (std::size_t p = 0; p < slots[i].size(); ++p)
        if (slots[i][p].slots.size() == static_cast<std::size_t>(all))
          kept_.push_back({i, p, std::as_const(*model.layers()[i]).parameters()[p].value.clone()});
  });
  gather_slot<T>(slots, static_cast<std::size_t>(all) - 1, sums, team,
                 [&](std::size_t layer, std::size_t which, TensorView<const T, Cpu> average) {
                   std::copy_n(average.data, average.size(), model.layers()[layer]->parameters()[which].value.data());
                 });
  for (const Kept& k : kept_) put_into_slot(k, k.value);
}

template <class T>
GatheredAverages<T>::~GatheredAverages() {
  for (const Kept& k : kept_) {
    Tensor<T>& value = model_.layers()[k.layer]->parameters()[k.which].value;
    put_into_slot(k, value);
    std::copy_n(k.value.data(), k.value.size(), value.data());
  }
}

template <class T>
void GatheredAverages<T>::put_into_slot(const Kept& k, const Tensor<T>& value) {
  ParameterState<T, Cpu>& state = slots_[k.layer][k.which];
  Tensor<T>& slot = state.slots.back();
  std::copy_n(value.data() + state.first, slot.size(), slot.data());
}

}  // namespace brindle::detail
