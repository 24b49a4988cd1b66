// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what weight_update.hpp declares.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/ops/add/add.hpp"
#include "brindle/ops/batch_normalization/batch_normalization.hpp"
#include "brindle/ops/clip/clip.hpp"
#include "brindle/ops/rescale/rescale.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/update_rules.hpp"
#include "brindle/train/weight_update.hpp"

namespace brindle::detail {

template <class T, class Device>
void follow_weights(const Device& on, const UpdateRules& rules, const StepKind& kind, TensorView<T, Device> w,
                    TensorView<T, Device> average) {
  const std::size_t bytes = static_cast<std::size_t>(w.size()) * sizeof(T);
  if (kind.first)
    Memory<Device>::copy(on, average.data, w.data, bytes);
  else
    ops::follow<T>(on, average, w, rules.options().ema_momentum);
  if (kind.overwrites) Memory<Device>::copy(on, w.data, average.data, bytes);
}

template <class T, class Device>
void WeightUpdate<T, Device>::clear() {
  updates_.clear();
  parts_.clear();
  sums_.clear();
  averages_.clear();
  slots_.clear();
  gradients_.clear();
}

template <class T, class Device>
void WeightUpdate<T, Device>::add(const UpdateRules& rules, const Optimizer<T, Device>& optimizer,
                                  Layer<T, Device>& layer, std::size_t which, ParameterState<T, Device>& state,
                                  std::int64_t first, TensorView<T, Device> gradient) {
  const auto own = static_cast<std::size_t>(optimizer.slots());
  const auto kept = [&](std::size_t slot) {
    return TensorView<T, Device>{state.slots[slot].data() + state.position(first), gradient.shape};
  };
  auto& update = updates_.emplace_back();
  update.w = {layer.parameters()[which].value.data() + first, gradient.shape};
  update.g = gradient;
  update.layer = layer.name;
  update.parameter = layer.parameters()[which].name;
  update.rate = optimizer.rate_factor({update.layer, update.parameter});
  update.decays = optimizer.decays({update.layer, update.parameter});
  if constexpr (std::is_same_v<Device, Cpu>)
    slots_.emplace_back(state, own, first, gradient.shape);
  else
    for (std::size_t slot = 0; slot < own; ++slot) update.slot[slot] = kept(slot);
  parts_.push_back(gradient);
  if (rules.accumulates()) sums_.push_back(kept(own));
  if (rules.averages()) averages_.push_back(kept(state.slots.size() - 1));
}

template <class T, class Device>
void WeightUpdate<T, Device>::update(const Device& on, const UpdateRules& rules, const Optimizer<T, Device>& optimizer,
                                     std::int64_t step, const StepKind& kind) {
  if (kind.updates) {
    clip(on, rules);
    const std::int64_t number = rules.updates(step) + 1;
    if constexpr (std::is_same_v<Device, Cpu>)
      for (std::size_t i = 0; i < updates_.size(); ++i)
        optimizer.update_named(on, number, {updates_[i].layer, updates_[i].parameter}, updates_[i].w, updates_[i].g,
                               slots_[i].all());
    else
      optimizer.update_all(on, number, updates_);
  }
  for (std::size_t i = 0; i < averages_.size(); ++i) follow_weights<T>(on, rules, kind, updates_[i].w, averages_[i]);
}

template <class T, class Device>
void WeightUpdate<T, Device>::add_up(const Device& on, const UpdateRules& rules, const StepKind& kind) {
  if (rules.clips_by_norm()) {  // also by a step that does not clip yet: later ones take no memory
    const std::int64_t needed = ops::clip_workspace<T>(on, gradients_);
    if (workspace_.size() < needed) workspace_ = Tensor<double, Device>({needed});
  }
  if (!rules.accumulates()) return;
  if (share_.size() == 0) {
    Tensor<T, Cpu> share({1});
    share[0] = static_cast<T>(1.0 / static_cast<double>(rules.options().gradient_accumulation_steps));
    share_ = share.template to<Device>();
  }
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const TensorView<T, Device> g = parts_[i], sum = sums_[i];
    if (kind.begins)
      Memory<Device>::copy(on, sum.data, g.data, static_cast<std::size_t>(g.size()) * sizeof(T));
    else
      ops::add<T>(on, sum, g, sum);
    if (kind.updates) ops::rescale_backward<T>(on, sum, share_.view(), g);
  }
}

template <class T, class Device>
void WeightUpdate<T, Device>::clip(const Device& on, const UpdateRules& rules) {
  const TrainerOptions& o = rules.options();
  if (o.clipvalue > 0)
    for (const TensorView<T, Device>& g : gradients_) ops::clip_by_value<T>(on, g, o.clipvalue);
  if (!rules.clips_by_norm()) return;
  if (o.clipnorm > 0)
    ops::clip_by_norm<T>(on, gradients_, o.clipnorm, workspace_.view());
  else
    ops::clip_by_global_norm<T>(on, gradients_, o.global_clipnorm, workspace_.view());
}

}  // namespace brindle::detail
