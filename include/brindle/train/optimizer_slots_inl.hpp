// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what optimizer_slots.hpp declares.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/checksum.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/nn/optimizer.hpp"
#include "brindle/nn/optimizer_state.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/run_state.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/update_rules.hpp"

namespace brindle::detail {

template <class T, class Device>
void prepare_slots(const Model<T, Device>& model, const Optimizer<T, Device>& optimizer,
                   OptimizerSlots<T, Device>& slots) {
  constexpr std::size_t most = SlotViews<T, Device>::most;
  if (optimizer.slots() < 0 || static_cast<std::size_t>(optimizer.slots()) > most)
    raise<ValueError>("Trainer: expected an optimizer that keeps 0 to " + std::to_string(most) +
                      " slots for a parameter, got " + optimizer.type() + " with " + std::to_string(optimizer.slots()) +
                      "; keep fewer");
  std::vector<ParameterName> names;
  for (const auto& layer : model.layers())
    for (const auto& parameter : std::as_const(*layer).parameters())
      if (parameter.learned) names.push_back({layer->name, parameter.name});
  optimizer.check_parameters("Trainer", names);
  slots.resize(model.layers().size());
  for (std::size_t i = 0; i < slots.size(); ++i) slots[i].resize(model.layers()[i]->parameters().size());
}

template <class T, class Device>
void make_slots(const Model<T, Device>& model, const Optimizer<T, Device>& optimizer, const UpdateRules& rules,
                OptimizerSlots<T, Device>& slots, const ShardsOf* shards_of) {
  prepare_slots(model, optimizer, slots);
  const auto own = static_cast<std::size_t>(optimizer.slots()), all = own + static_cast<std::size_t>(rules.kept());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const auto& layer = *model.layers()[i];
    for (std::size_t p = 0; p < slots[i].size(); ++p) {
      const Tensor<T, Device>& value = layer.parameters()[p].value;
      std::vector<Tensor<T, Device>>& of = slots[i][p].slots;
      if (!layer.trainable) {
        if (rules.accumulates() && of.size() == all) Memory<Device>::clear(of[own].data(), of[own].bytes());
        continue;
      }
      if (!layer.parameters()[p].learned) continue;
      if (shards_of) slots[i][p].owned = (*shards_of)(i, p);
      const std::int64_t size = shards_of ? elements_of(slots[i][p].owned) : value.size();
      while (of.size() < all) {
        of.emplace_back(size == value.size() ? value.shape() : Shape{size});
        if (rules.averages() && of.size() == all) slots[i][p].take(value.data(), of.back());
      }
    }
  }
}

template <class T, class Device>
void TrainableFlags::note(const Model<T, Device>& model) {
  flags_.clear();
  l2_.clear();
  for (const auto& layer : model.layers()) {
    flags_.push_back({layer->trainable, layer->inference});
    for (const auto& parameter : layer->parameters()) l2_.push_back(parameter.l2);
  }
}

template <class T, class Device>
bool TrainableFlags::same(const Model<T, Device>& model) const {
  std::size_t number = 0;  // of a parameter
  for (std::size_t i = 0; i < flags_.size(); ++i) {
    const Layer<T, Device>& layer = *model.layers()[i];
    if (flags_[i] != Flags{layer.trainable, layer.inference}) return false;
    for (const auto& parameter : layer.parameters())
      if (l2_[number++] != parameter.l2) return false;
  }
  return true;
}

template <class T, class Device>
void expect_same_trainable(Team& team, const Model<T, Device>& model) {
  std::string text;  // of each layer
  for (const auto& layer : model.layers()) {
    text += layer->name + (layer->trainable ? "" : " frozen") + (layer->inference ? " for inference" : "");
    for (const auto& parameter : layer->parameters())
      if (parameter.l2 > 0) text += " l2 " + number_text(parameter.l2);
    text += "\n";
  }
  const std::vector<std::string> all = team.gather(text);
  team.together([&] {
    if (all[0] != text)
      raise<ValueError>(
          "fit: other layers are frozen or penalized than in rank 0; let callbacks change that in all processes, and "
          "not with once");
  });
}

template <class T, class Device>
void visit_trainable(RunState& run, Model<T, Device>& model) {
  for (const auto& layer : model.layers()) run.value("trainable/" + layer->name, layer->trainable);
}

template <class T, class Device>
void visit_parameters(RunState& run, Model<T, Device>& model, OptimizerSlots<T, Device>& slots) {
  for (std::size_t i = 0; i < slots.size(); ++i)
    for (std::size_t p = 0; p < slots[i].size(); ++p) {
      auto& parameter = model.layers()[i]->parameters()[p];
      const std::string name = model.layers()[i]->name + "/" + parameter.name;
      run.tensor(name, parameter.value);
      for (std::size_t k = 0; k < slots[i][p].slots.size(); ++k)
        run.tensor(name + "/slot " + std::to_string(k), slots[i][p].slots[k]);
    }
}

template <class T, class Device>
SlotViews<T, Device>::SlotViews(ParameterState<T, Device>& state, std::size_t own, std::int64_t first,
                                const Shape& shape) {
  for (; count < own; ++count) view[count] = {state.slots[count].data() + state.position(first), shape};
}

template <class T, class Device>
std::string slots_checksum(const OptimizerSlots<T, Device>& slots) {
  Checksum sum;
  for (const auto& layer : slots)
    for (const ParameterState<T, Device>& state : layer)
      for (const Tensor<T, Device>& slot : state.slots) {
        const Tensor<T, Cpu> copy = slot.template to<Cpu>();
        sum.add_numbers(copy.data(), static_cast<std::size_t>(copy.size()));
      }
  return sum.text();
}

template <class T, class Device>
void read_slots(const Model<T, Device>& model, const OptimizerSlots<T, Device>& slots, OptimizerState<T>& state) {
  for (std::size_t i = 0; i < slots.size(); ++i)
    for (std::size_t p = 0; p < slots[i].size(); ++p)
      for (std::size_t k = 0; k < slots[i][p].slots.size(); ++k)
        state.slots.push_back({model.layers()[i]->name, model.layers()[i]->parameters()[p].name,
                               static_cast<std::int64_t>(k), slots[i][p].slots[k].template to<Cpu>()});
}

template <class T, class Device>
void write_slots(const Model<T, Device>& model, OptimizerSlots<T, Device>& slots, const OptimizerState<T>& state) {
  const auto fail = [](const std::string& what) { raise<ValueError>("set_optimizer_state: " + what); };
  std::size_t next = 0;
  const auto each_slot = [&](auto&& use) {
    next = 0;
    for (std::size_t i = 0; i < slots.size(); ++i)
      for (std::size_t p = 0; p < slots[i].size(); ++p)
        for (std::size_t k = 0; k < slots[i][p].slots.size(); ++k, ++next) use(i, p, k);
  };
  each_slot([&](std::size_t i, std::size_t p, std::size_t k) {
    const auto& layer = *model.layers()[i];
    const std::string name = layer.parameters()[p].name;
    if (next >= state.slots.size() || state.slots[next].layer != layer.name || state.slots[next].parameter != name ||
        state.slots[next].number != static_cast<std::int64_t>(k) ||
        !(state.slots[next].value.shape() == slots[i][p].slots[k].shape()))
      fail("slot " + std::to_string(k) + " of \"" + name + "\" of " + layer.who() + ", " +
           to_string(slots[i][p].slots[k].shape()) + ", is not in the state in its place; is the same part trainable?");
  });
  if (next != state.slots.size())
    fail("the state has " + std::to_string(state.slots.size()) + " slots, the trainable parameters have " +
         std::to_string(next));
  each_slot([&](std::size_t i, std::size_t p, std::size_t k) {
    Memory<Device>::copy_from_host(slots[i][p].slots[k].data(), state.slots[next].value.data(),
                                   slots[i][p].slots[k].bytes());
  });
}

}  // namespace brindle::detail
