// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what leaf_update.hpp declares.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "brindle/core/inline.hpp"
#include "brindle/core/memory.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/nn/layer.hpp"
#include "brindle/nn/model.hpp"
#include "brindle/train/attempts.hpp"
#include "brindle/train/leaf_gradients.hpp"
#include "brindle/train/leaf_update.hpp"
#include "brindle/train/optimizer_slots.hpp"
#include "brindle/train/row_arithmetic.hpp"
#include "brindle/train/team.hpp"
#include "brindle/train/training_step.hpp"
#include "brindle/train/update_rules.hpp"
#include "brindle/train/weight_penalty.hpp"
#include "brindle/train/weight_update.hpp"

namespace brindle::detail {

template <class T, class Device>
void LeafUpdate<T, Device>::run(const StepParts<T, Device>& p, std::int64_t step, LeafGradients<T, Device>& sums,
                                Team& team) {
  const StepKind kind = p.updates.kind(step);
  const bool norms = p.updates.clips_by_norm();
  Attempts attempt(team);
  update_.clear();
  if (norms) {
    attempt([&] {
      for (const std::vector<SummedParameter>& piece : sums.pieces())
        for (const SummedParameter& s : piece) add(p, s, sums);
      update_.add_up(on_, p.updates, kind);
    });
    if (kind.updates) {
      sums.gather();
      sums.finish_gathering(team);
    }
    if (!attempt.failed()) attempt([&] { update_.update(on_, p.updates, p.optimizer, step, kind); });
  }
  sums.gather();
  for (std::size_t i = 0; i < sums.pieces().size(); ++i) {
    const std::vector<SummedParameter>& piece = sums.pieces()[i];
    if (!norms && !attempt.failed())
      attempt([&] {
        for (const SummedParameter& s : piece) add(p, s, sums);
        update_.run(on_, p.updates, p.optimizer, step, kind);
        update_.clear();
      });
    if (team.alone()) continue;
    hand_over(p, piece, sums);
    sums.gather_piece(team, i);
  }
  sums.finish_gathering(team);
  // Also where somebody has failed: all have the same weights then.
  for (const std::vector<SummedParameter>& piece : sums.pieces())
    for (const SummedParameter& s : piece) {
      Parameter<T, Device>& parameter = p.model.layers()[s.layer]->parameters()[s.which];
      const TensorView<T, Device> now = sums.view(s);
      if (!parameter.learned)
        attempt([&] { std::as_const(*p.model.layers()[s.layer]).follow(on_, s.which, parameter.value.view(), now); });
      else if (!team.alone())
        RowArithmetic<T, Device>::copy(on_, now.data, parameter.value.data(), now.size());
    }
  attempt.throw_together();
}

template <class T, class Device>
void LeafUpdate<T, Device>::add(const StepParts<T, Device>& p, const SummedParameter& s,
                                const LeafGradients<T, Device>& sums) {
  Layer<T, Device>& layer = *p.model.layers()[s.layer];
  const Parameter<T, Device>& parameter = std::as_const(layer).parameters()[s.which];
  if (!parameter.learned) return;
  update_.add_to_clip(p.updates.clips_by_norm() ? sums.view(s) : sums.own(s));
  if (sums.shard(s).size() == 0) return;
  add_penalty_gradient<T>(on_, parameter, sums.shard(s).begin, sums.own(s));
  update_.add(p.updates, p.optimizer, layer, s.which, p.slots[s.layer][s.which], sums.shard(s).begin, sums.own(s));
}

template <class T, class Device>
void LeafUpdate<T, Device>::hand_over(const StepParts<T, Device>& p, const std::vector<SummedParameter>& piece,
                                      const LeafGradients<T, Device>& sums) const {
  for (const SummedParameter& s : piece) {
    const Parameter<T, Device>& parameter = std::as_const(*p.model.layers()[s.layer]).parameters()[s.which];
    const TensorView<T, Device> to = sums.own(s);
    if (parameter.learned)
      Memory<Device>::copy(on_, to.data, parameter.value.data() + sums.shard(s).begin,
                           static_cast<std::size_t>(to.size()) * sizeof(T));
  }
}

}  // namespace brindle::detail
